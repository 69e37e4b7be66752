"""Training with the roundings of int8 in place, so that the network learns to live with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.ao.quantization import FakeQuantize, MovingAverageMinMaxObserver
from torch.nn.utils import parametrize

LEVELS = 127


class _RoundedWeight(nn.Module):
    """Weights as ``storage.rounded`` keeps them; slopes pass as if they were not rounded."""

    def forward(self, weight: Tensor) -> Tensor:
        scales = weight.detach().flatten(1).abs().amax(1).clamp(min=1e-12) / LEVELS
        zeros = torch.zeros(len(scales), dtype=torch.int32, device=weight.device)
        return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -LEVELS, LEVELS)


def _levels() -> FakeQuantize:
    """Activations on 256 levels between the moving averages of their smallest and largest value."""
    return FakeQuantize(MovingAverageMinMaxObserver, quant_min=0, quant_max=255)  # type: ignore[no-untyped-call]


def _round_input(levels: FakeQuantize) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    def hook(layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        levels.observer_enabled.fill_(layer.training)  # validation must not move the ranges
        return (levels(inputs[0]),)

    return hook


@contextmanager
def rounding(body: nn.Module) -> Iterator[None]:
    """While it lasts, convolutions and linear layers of ``body`` compute with rounded weights and inputs.

    Weights are rounded per output channel to 255 levels, inputs per layer to 256 (Jacob et al. 2018). Afterwards the
    layers are as before, with the weights that were learned, rounded.
    """
    layers = [layer for layer in body.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    observers = []
    for index, layer in enumerate(layers):
        parametrize.register_parametrization(layer, "weight", _RoundedWeight())
        levels = _levels()
        body.register_module(f"rounded_input{index}", levels)  # moves with the network, and is saved with it
        observers.append(layer.register_forward_pre_hook(_round_input(levels)))
    try:
        yield
    finally:
        for index, (layer, handle) in enumerate(zip(layers, observers, strict=True)):
            handle.remove()
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            delattr(body, f"rounded_input{index}")
