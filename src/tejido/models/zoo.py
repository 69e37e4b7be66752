"""Pretrained networks by name, built with timm; weights come from a local file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.efficientnet import _gen_mobilenet_v1
from torch import nn

from tejido.errors import RecipeError
from tejido.imaging.steps.chain import ImageSteps
from tejido.models.network import Network

_HALF = (0.5, 0.5, 0.5)
# Narrow MobileNetV1s have no public timm name; the generator that timm uses for the others takes any width.
_NARROW = {"mobilenetv1_025": 0.25, "mobilenetv1_050": 0.5}


def build(
    name: str, classes: int, *, weights: Path | None = None, dropout: float = 0.0, steps: ImageSteps | None = None
) -> Network:
    """Build a network.

    Args:
        name: ``mobilenetv1_025``, ``mobilenetv1_050``, or a timm name.
        classes: number of labels.
        weights: safetensors file to start the body from; its classification head is ignored.
        dropout: share of pooled features dropped in training.
        steps: image steps that it applies first.

    Raises:
        RecipeError: there is no such network, or the weights do not fit; the message names the nearest network or the
            first tensors that differ.
    """
    body, mean, std = _body(name)
    if weights is not None:
        _load(body, weights)
    return Network(body, int(body.num_features), classes, mean=mean, std=std, dropout=dropout, steps=steps)


def _body(name: str) -> tuple[Any, tuple[float, ...], tuple[float, ...]]:
    headless: dict[str, Any] = {"num_classes": 0, "global_pool": ""}
    if name.startswith("mobilenetv1"):
        headless["pad_type"] = "same"  # what the stored weights were trained with
    if name in _NARROW:
        body: Any = _gen_mobilenet_v1("mobilenetv1_100", _NARROW[name], **headless)  # type: ignore[no-untyped-call]
        return body, _HALF, _HALF
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, [*_NARROW, *timm.list_models()], n=1)
        raise RecipeError(f"no network is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    body = timm.create_model(name, **headless)
    config: dict[str, Any] = body.pretrained_cfg
    with torch.no_grad():
        shape = body.eval()(torch.zeros(1, *config["input_size"])).shape
    if len(shape) != 4 or shape[1] != body.num_features:
        raise RecipeError(f"{name} does not end in a feature map; choose a convolutional network")
    mean, std = (_HALF, _HALF) if name.startswith("mobilenetv1") else (config["mean"], config["std"])
    return body, mean, std


def _load(body: nn.Module, path: Path) -> None:
    try:
        stored = {key: value.float() for key, value in load_file(path).items()}
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such weights file") from None
    except (OSError, SafetensorError) as error:
        raise RecipeError(f"{path}: not a safetensors file ({error})") from None
    wanted = body.state_dict()
    counters = {key for key in wanted if key.endswith("num_batches_tracked")}
    misfits = [key for key in wanted.keys() - counters if key not in stored or stored[key].shape != wanted[key].shape]
    extra = [key for key in stored if key not in wanted and not key.startswith("classifier.")]
    if misfits or extra:
        names = ", ".join(sorted([*misfits, *extra])[:3])
        raise RecipeError(f"{path.name}: {len(misfits) + len(extra)} tensors do not fit the network, such as {names}")
    body.load_state_dict({key: stored[key] for key in wanted.keys() - counters}, strict=False)
