"""A torchvision network cut where its classification head begins, found in the network's own graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torchvision.models
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

_OPTIONS: dict[str, dict[str, Any]] = {"googlenet": {"aux_logits": False, "init_weights": True}}


class TorchvisionBody(nn.Module):
    """The part of a torchvision network up to one node of its graph.

    Args:
        model: the whole network.
        node: name of the last node.
    """

    def __init__(self, model: nn.Module, node: str) -> None:
        super().__init__()
        self.model = create_feature_extractor(model, {node: "features"})

    def forward(self, image: Tensor) -> Tensor:
        """Normalised ``float32[B, 3, S, S]`` to the node's value."""
        return self.model(image)["features"]  # type: ignore[no-any-return]


def names() -> list[str]:
    """All classification networks of torchvision."""
    return list(torchvision.models.list_models(module=torchvision.models))


def published_size(name: str) -> int:
    """Side in pixels that the network's published weights were made for."""
    return int(torchvision.models.get_model_weights(name).DEFAULT.transforms().crop_size[0])


def build(name: str) -> tuple[TorchvisionBody, bool, str]:
    """A body with random weights.

    Returns:
        The body, whether it ends in a feature map whose mean the only linear layer reads, and the name of that layer.
        SqueezeNet's last convolution (1x1, to the classes, before the mean) counts as that layer: behind the mean it
        has the same weights, and scores below zero are not cut off.
    """
    model = torchvision.models.get_model(name, weights=None, **_OPTIONS.get(name, {}))
    modules = dict(model.named_modules())

    def is_dropout(node: str) -> bool:
        return isinstance(modules.get(node), nn.Dropout)

    def is_mean(node: str) -> bool:
        function = node.rpartition(".")[2]
        return isinstance(modules.get(node), nn.AdaptiveAvgPool2d) or function in ("mean", "adaptive_avg_pool2d")

    def is_flatten(node: str) -> bool:
        return isinstance(modules.get(node), nn.Flatten) or node.rpartition(".")[2] == "flatten"

    nodes = get_graph_node_names(model)[1]
    head = [node for node in nodes if isinstance(modules.get(node), nn.Linear | nn.Conv2d)][-1]
    before = nodes[: nodes.index(head)]
    vector = _without_last(before, is_dropout)
    features = _without_last(before, lambda node: is_dropout(node) or is_flatten(node) or is_mean(node))
    pooled = isinstance(modules[head], nn.Conv2d) or any(map(is_mean, before[len(features) :]))
    return TorchvisionBody(model, (features if pooled else vector)[-1]), pooled, head


def _without_last(nodes: list[str], condition: Callable[[str], bool]) -> list[str]:
    while condition(nodes[-1]):
        nodes = nodes[:-1]
    return nodes
