"""Pretrained weights from a local file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from timm.models import load_state_dict
from torch import Tensor, nn

from tejido.errors import RecipeError

_AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")  # second classifiers of Inception, used in its own training alone


def load(module: nn.Module, path: Path, name: str, heads: tuple[str, ...], *, partial: bool = False) -> None:
    """Put the weights of a file into a network's body.

    Args:
        module: with the file's keys, but for the head.
        path: ``.safetensors``, or a torch file that holds nothing but weights (as ``.pth``); any float type.
        name: of the network, for messages.
        heads: names of the classification heads, which are ignored.
        partial: ``module`` is only the front of the network: whatever else the file holds is ignored too.

    Raises:
        RecipeError: the file cannot be read, or some tensors do not fit; the message names the first of them.
    """
    stored = _read(path)
    wanted = {key: value for key, value in module.state_dict().items() if not key.endswith("num_batches_tracked")}
    ignored = tuple(f"{head}." for head in heads) + _AUXILIARY
    misfits = [f"{key} is missing" for key in wanted if key not in stored]
    misfits += [
        f"{key} is {_shape(stored[key])}, not {_shape(value)}"
        for key, value in wanted.items()
        if key in stored and stored[key].shape != value.shape
    ]
    misfits += [
        f"{key} is unknown"
        for key in stored
        if not partial and key not in wanted and not key.startswith(ignored) and not key.endswith("num_batches_tracked")
    ]
    if misfits:
        shown = "; ".join(misfits[:3])
        raise RecipeError(f"{path.name}: {len(misfits)} tensors do not fit {name}: {shown}")
    module.load_state_dict({key: stored[key].to(value.dtype) for key, value in wanted.items()}, strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise RecipeError(f"{path}: no such weights file")
    try:
        state: dict[str, Any] = load_state_dict(str(path), weights_only=True)
    except Exception as error:  # the libraries report damaged files, and files that hold code, with many types
        raise RecipeError(f"{path}: not a file of weights ({str(error).splitlines()[0]})") from None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise RecipeError(f"{path}: not a file of weights (it holds more than tensors)")
    return state


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
