"""Networks by name, as a recipe describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tejido.imaging.steps.chain import ImageSteps
from tejido.models import attention as attentions
from tejido.models import bodies, upc2020
from tejido.models import weights as weight_files
from tejido.models.heads import FusedHead, Head, LinearHead, SigmoidHead
from tejido.models.network import Network
from tejido.recipe import Recipe, resolve_path


def from_recipe(recipe: Recipe, classes: int, steps: ImageSteps | None = None) -> Network:
    """Build the network that a recipe describes, for images of its size.

    Raises:
        RecipeError: see ``build``.
    """
    asked = recipe.network
    return build(
        asked.name,
        classes,
        size=recipe.image.size,
        weights=None if asked.weights is None else resolve_path(asked.weights),
        dropout=asked.dropout,
        attention=asked.attention,
        squeeze_excitation=asked.squeeze_excitation,
        metadata=asked.metadata,
        steps=steps,
    )


def build(
    name: str,
    classes: int,
    *,
    size: int | None = None,
    weights: Path | None = None,
    dropout: float = 0.0,
    attention: Literal["none", "arl"] = "none",
    squeeze_excitation: bool = True,
    metadata: bool = False,
    steps: ImageSteps | None = None,
) -> Network:
    """Build a network.

    Args:
        name: one of our own (``upc2020_cnn``, ``student_k1`` to ``student_k8``, ``student_dw``, ``student_mobile``,
            ``mobilenetv1_025``, ``mobilenetv1_050``), a timm name, or, where timm has none of that name, a torchvision
            name (``alexnet``, ``squeezenet1_0``, ``shufflenet_v2_x1_0`` ...).
        classes: number of labels.
        size: side of the images in pixels; None for the size that the network is published with.
        weights: file to start the body from (see ``models.weights``); its classification head is ignored.
        dropout: share dropped in training: before the head, or where the architecture drops inside its own dense layers
            (AlexNet, VGG, ``upc2020_cnn``) there alone.
        attention: ``arl`` puts attention residual learning into a ResNet or EfficientNet, after the weights.
        squeeze_excitation: False takes it out of an EfficientNet, after the weights.
        metadata: whether the head also reads age, sex and site.
        steps: image steps in front; see ``Network``.

    Raises:
        RecipeError: there is no such network, it cannot take images of that size, it cannot be changed as asked, or the
            weights do not fit; the message names the nearest network, the size, or the first tensors that differ.
    """
    body = bodies.find(name, size, dropout)
    if weights is not None:
        weight_files.load(body.loadable, weights, name, body.heads, partial=body.front)
    if not squeeze_excitation:
        attentions.remove_squeeze_excitation(body.module, name)
    if attention == "arl":
        attentions.insert(body.module, name)
    return Network(
        body.module,
        _head(name, body.features, classes, metadata),
        classes=classes,
        input_size=body.size,
        mean=body.mean,
        std=body.std,
        dropout=0.0 if body.drops else dropout,
        heatmap=body.heatmap,
        steps=steps,
    )


def _head(name: str, features: int, classes: int, metadata: bool) -> Head:
    if metadata:
        return FusedHead(features, classes)
    if name == upc2020.NAME and classes == 2:
        return SigmoidHead(features)
    return LinearHead(features, classes)
