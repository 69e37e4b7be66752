"""The bodies that a name can stand for: our own, timm's, and torchvision's where timm has none of that name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import timm
import torch
from timm.models.efficientnet import EfficientNetFeatures, _gen_mobilenet_v1
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.models import student, torchvision_body, upc2020
from tejido.models.shapes import output_shape

_HALF = (0.5, 0.5, 0.5)
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Narrow MobileNetV1s have no public timm name; the generator that timm uses for the others takes any width.
# Width, and the size that the stored weights were trained with.
_NARROW = {"mobilenetv1_025": (0.25, 128), "mobilenetv1_050": (0.5, 160)}


@dataclass(frozen=True)
class Body:
    """A network without its classification head.

    Attributes:
        module: from normalised ``float32[B, 3, S, S]`` to a map ``float32[B, F, h, w]`` or a vector ``float32[B, F]``.
        features: F.
        heatmap: whether it ends in a map, because a linear layer on the map's mean is the whole of its original head.
        mean: per-channel mean on the 0..1 scale.
        std: per-channel standard deviation, likewise.
        size: S in pixels: the one asked for, or else the one that the network is published with.
        loadable: the part of ``module`` whose keys are those of published weights.
        heads: names of the classification heads in published weights.
        drops: whether dropout has its places inside the body; else it stands before the head.
        front: whether ``loadable`` is only the front of the network whose published weights it takes.
    """

    module: nn.Module
    features: int
    heatmap: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    loadable: nn.Module
    heads: tuple[str, ...]
    drops: bool = False
    front: bool = False


def find(name: str, size: int | None = None, dropout: float = 0.0) -> Body:
    """The body of that name, with random weights.

    Args:
        name: see ``names``.
        size: side of the images in pixels; None for the size that the network is published with.
        dropout: for the dropout layers that the architecture has inside its body.

    Raises:
        RecipeError: there is no such network, or it cannot take images of that size; the message gives the nearest
            name or the smallest size.
    """
    if name == upc2020.NAME:
        return _upc2020(size or upc2020.SIZE, dropout)
    if name == student.MOBILE:
        return _mobile(size or student.SIZE)
    if name in student.NAMES:
        return _student(name, size or student.SIZE)
    if name in _NARROW or timm.is_model(name):
        return _timm(name, size, dropout)
    if name in torchvision_body.names():
        return _torchvision(name, size, dropout)
    near = difflib.get_close_matches(name, names(), n=1)
    raise RecipeError(f"no network is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def front(name: str, depth: int) -> Any:
    """The layers of a timm network up to its ``depth``-th halving, as encoder of a U-Net.

    Returns:
        A module from normalised ``float32[B, 3, S, S]`` to ``depth`` feature maps, the first of S/2; with timm's
        ``feature_info``, and the keys of published weights.

    Raises:
        RecipeError: there is no such network, or its maps do not halve so often.
    """
    find(name)  # so that an unknown name is said with the nearest one
    unfit = f"{name} cannot be the encoder of a U-Net"
    try:
        made = _made(name, features_only=True, out_indices=tuple(range(depth)))
    except (RuntimeError, AttributeError, IndexError, TypeError, AssertionError, KeyError, ValueError) as error:
        raise RecipeError(f"{unfit} ({str(error).splitlines()[0]})") from None
    if list(made.feature_info.reduction()) != [2 ** (index + 1) for index in range(depth)]:
        raise RecipeError(f"{unfit}: its maps do not halve {depth} times")
    if isinstance(made, EfficientNetFeatures):  # alone among timm's, it keeps the blocks behind its last map
        last = int(made.feature_info.module_name(depth - 1).removeprefix("blocks."))
        made.blocks = made.blocks[: last + 1]
    return made


def names() -> list[str]:
    """Every name that ``find`` takes, sorted; timm's may also carry the tag of pretrained weights, as ``.in1k``."""
    return sorted({upc2020.NAME, *student.NAMES, *_NARROW, *timm.list_models(), *torchvision_body.names()})


def _upc2020(size: int, dropout: float) -> Body:
    if size < upc2020.SMALLEST:
        raise _too_small(upc2020.NAME, size, upc2020.SMALLEST)
    module = upc2020.body(size, dropout)
    return Body(module, upc2020.FEATURES, False, (0.0,) * 3, (1.0,) * 3, size, module, ("head",), drops=True)


def _too_small(name: str, size: int, smallest: int) -> RecipeError:
    return RecipeError(f"{name} cannot take images of {size} pixels; the smallest that it takes is {smallest}")


def _student(name: str, size: int) -> Body:
    if size < student.SMALLEST:
        raise _too_small(name, size, student.SMALLEST)
    module, features = student.body(name)
    return Body(module, features, True, _HALF, _HALF, size, module, ("head",))


def _mobile(size: int) -> Body:
    """MobileNetV1 of a quarter of the width without its last three blocks: what fits into the budget of K = 3.

    It ends in a map of a sixteenth of a side (at 128 pixels 8x8), twice as fine as the whole network's.
    """
    if size < student.SMALLEST:
        raise _too_small(student.MOBILE, size, student.SMALLEST)
    model = _made("mobilenetv1_025", num_classes=0, global_pool="")
    model.blocks[3] = model.blocks[3][:-1]
    model.blocks = model.blocks[:-1]
    features = output_shape(model.eval(), student.MOBILE, size, student.SIZE)[1]
    return Body(model.train(), features, True, _HALF, _HALF, size, model, ("classifier",), front=True)


def _timm(name: str, size: int | None, dropout: float) -> Body:
    options: dict[str, Any] = {"num_classes": 0}
    if name.startswith("vgg"):
        options["drop_rate"] = 0.5  # the published one; says which layers drop
    model = _made(name, **options)
    published = _NARROW[name][1] if name in _NARROW else model.pretrained_cfg["input_size"][-1]
    config: dict[str, Any] = model.pretrained_cfg
    size = size or published
    model.eval()
    features = output_shape(model, name, size, published)[1]
    heatmap = _reads_the_mean(model, name, size, published)
    if heatmap:
        model.reset_classifier(0, "")
    mean, std = (_HALF, _HALF) if name.startswith("mobilenetv1") else (config["mean"], config["std"])
    heads = config.get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    drops = not heatmap and _set_dropout(model, dropout)
    return Body(model.train(), features, heatmap, mean, std, size, model, heads, drops)


def _made(name: str, **options: Any) -> Any:
    if name.startswith("mobilenetv1"):
        options["pad_type"] = "same"  # what the stored weights were trained with
    if name in _NARROW:
        return _gen_mobilenet_v1("mobilenetv1_100", _NARROW[name][0], **options)  # type: ignore[no-untyped-call]
    return timm.create_model(name, **options)


def _torchvision(name: str, size: int | None, dropout: float) -> Body:
    module, heatmap, head = torchvision_body.build(name)
    published = torchvision_body.published_size(name)
    size = size or published
    features = output_shape(module.eval(), name, size, published)[1]
    drops = not heatmap and _set_dropout(module, dropout)
    return Body(module.train(), features, heatmap, *_IMAGENET, size, module.model, (head,), drops)


class _FeatureMap(nn.Module):
    """A timm network up to its last feature map."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        return self.model.forward_features(image)  # type: ignore[no-any-return]


def _reads_the_mean(model: Any, name: str, size: int, published: int) -> bool:
    """Whether all that a timm network does behind its last feature map is to take the mean of each channel."""
    shape = output_shape(_FeatureMap(model), name, size, published)
    if len(shape) != 4:
        return False
    features = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pooled = model.forward_head(features, pre_logits=True)
    return pooled.shape == shape[:2] and torch.allclose(pooled, features.mean((2, 3)), atol=1e-5)


def _set_dropout(module: nn.Module, share: float) -> bool:
    """Set the dropout layers that the architecture uses; whether there are any."""
    own = [layer for layer in module.modules() if isinstance(layer, nn.Dropout) and layer.p > 0]
    for layer in own:
        layer.p = share
    return bool(own)
