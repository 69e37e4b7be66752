"""Structured pruning: whole channels are taken out, so that every runtime gains."""

from __future__ import annotations

import warnings

import torch
import torch_pruning as tp
from torch import nn

from tejido.errors import RecipeError
from tejido.models.heads import LinearHead
from tejido.models.network import Network

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def prune(network: Network, share: float) -> None:
    """Take the weakest channels out of every group of layers that belong together, in place.

    A channel's strength is the L2 norm of all weights that would go with it (Fang et al. 2023, DepGraph, without its
    sparse training). Every group loses the same share, so the parameters fall to about ``(1 - share)^2``. Without
    training afterwards the network is of little use.

    Args:
        network: with a linear head.
        share: of the channels, above 0 and below 1.

    Raises:
        RecipeError: the network has another head, or a layer would be left without channels.
    """
    if not isinstance(network.head, LinearHead):
        raise RecipeError("prune: only networks whose head reads nothing but the picture can be pruned")
    for name, layer in network.body.named_modules():
        if isinstance(layer, _CONVOLUTIONS) and int(layer.out_channels * (1 - share)) < 1:
            raise RecipeError(f"prune: {share:g} would leave {name} without channels (it has {layer.out_channels})")
    training = network.training
    size = network.input_size
    example = torch.zeros(1, 3, size, size, dtype=torch.uint8, device=network.head.weight.device)
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scalars and buffers that belong to no channel
        pruner = tp.pruner.BasePruner(
            network,
            example,
            importance=tp.importance.GroupMagnitudeImportance(p=2),
            pruning_ratio=share,
            ignored_layers=[network.head],
        )
        pruner.step()
    network.train(training)
