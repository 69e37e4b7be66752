"""What a module makes of images of a size, found without computing anything."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tejido.errors import RecipeError


def output_shape(module: nn.Module, name: str, size: int, published: int) -> tuple[int, ...]:
    """Shape of the output for ``float32[1, 3, size, size]``.

    Args:
        module: a body.
        name: of its network, for messages.
        size: in pixels.
        published: a size that is known to work.

    Raises:
        RecipeError: the network cannot take images of that size; the message gives the smallest that it can.
    """
    shape = _try(module, size)
    if shape is not None:
        return shape
    low, high = size, published  # low fails, high works
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _try(module, middle) else (middle, high)
    hint = f"it takes {published}" if size > published else f"the smallest that it takes is {high}"
    raise RecipeError(f"{name} cannot take images of {size} pixels; {hint}")


def on_meta(module: nn.Module) -> dict[str, Tensor]:
    """Stand-ins for the module's parameters and buffers that have shapes but no values, for ``functional_call``."""
    state = [*module.named_parameters(), *module.named_buffers()]
    return {key: torch.empty_like(value, device="meta") for key, value in state}


def _try(module: nn.Module, size: int) -> tuple[int, ...] | None:
    image = torch.zeros(1, 3, size, size, device="meta")
    try:
        with torch.no_grad():
            return tuple(functional_call(module, on_meta(module), (image,)).shape)
    except Exception:  # every network has its own way of saying so
        return None
