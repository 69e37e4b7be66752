"""Attention residual learning (ARL), put into a network that may be pretrained, and squeeze-and-excitation taken out.

Zhang, Xie, Xia, Shen: "Attention Residual Learning for Skin Lesion Classification", IEEE Transactions on Medical
Imaging 38(9), 2019; in EfficientNet: thesis uba2020.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from timm.models import EfficientNet, ResNet
from timm.models._efficientnet_blocks import SqueezeExcite
from timm.models.resnet import BasicBlock, Bottleneck
from torch import Tensor, nn

from tejido.errors import RecipeError

# What a block of timm's ResNet computes before it adds its input, in order.
_RESIDUAL = {
    BasicBlock: ("conv1", "bn1", "drop_block", "act1", "aa", "conv2", "bn2", "se"),
    Bottleneck: ("conv1", "bn1", "act1", "conv2", "bn2", "drop_block", "act2", "aa", "conv3", "bn3", "se"),
}
_LAST = {BasicBlock: "act2", Bottleneck: "act3"}


class AttentionResidual(nn.Module):
    """A residual block with attention: y = s + F(x) + alpha * softmax(F(x)) * s, then the block's activation if any.

    The softmax runs over the positions of each channel. s is x, or its projection where the block has one. alpha starts
    at 0, where the block is what it was.

    Args:
        residual: F.
        shortcut: from x to s.
        drop_path: applied to F(x) where it is added.
        activation: applied to the sum.
    """

    def __init__(self, residual: nn.Module, shortcut: nn.Module, drop_path: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut
        self.drop_path = drop_path
        self.activation = activation
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """``float32[B, C, H, W]`` to ``float32[B, C', H', W']``."""
        residual = self.residual(x)
        x = self.shortcut(x)
        attention = residual.flatten(2).softmax(2).view_as(residual)
        return self.activation(self.drop_path(residual) + x + self.alpha * attention * x)  # type: ignore[no-any-return]


def residual_blocks(body: nn.Module, name: str) -> list[str]:
    """Names of the blocks that can take attention: timm's ResNet's, and its EfficientNet's that have a skip."""
    if isinstance(body, ResNet):
        return [key for key, module in body.named_modules() if type(module) in _RESIDUAL]
    if isinstance(body, EfficientNet) and "efficientnet" in name:
        return [key for key, module in body.named_modules() if getattr(module, "has_skip", False)]
    return []


def insert(body: nn.Module, name: str) -> None:
    """Put attention into every residual block, in place; weights stay, and so does the output.

    Raises:
        RecipeError: the network is neither a ResNet nor an EfficientNet of timm.
    """
    found = residual_blocks(body, name)
    if not found:
        raise RecipeError(f"attention arl goes into the blocks of ResNet and EfficientNet; {name} has none")
    for key in found:
        body.set_submodule(key, _with_attention(body.get_submodule(key)))


def remove_squeeze_excitation(body: nn.Module, name: str) -> None:
    """Take every squeeze-and-excitation module out, in place; nothing else changes.

    Raises:
        RecipeError: the network has none.
    """
    found = [key for key, module in body.named_modules() if isinstance(module, SqueezeExcite)]
    if not found:
        raise RecipeError(f"{name} has no squeeze-and-excitation to leave out; remove network.squeeze_excitation")
    for key in found:
        body.set_submodule(key, nn.Identity())


def alphas(body: nn.Module) -> dict[str, nn.Parameter]:
    """Alpha of every block with attention, by the block's name in the body."""
    return {key: module.alpha for key, module in body.named_modules() if isinstance(module, AttentionResidual)}


def _with_attention(block: Any) -> AttentionResidual:
    nothing = nn.Identity()
    if type(block) in _RESIDUAL:
        parts = [(part, getattr(block, part)) for part in _RESIDUAL[type(block)]]
        residual = nn.Sequential(OrderedDict((part, module) for part, module in parts if module is not None))
        activation = getattr(block, _LAST[type(block)])
        return AttentionResidual(residual, block.downsample or nothing, block.drop_path or nothing, activation)
    block.has_skip = False  # so that timm's block returns F(x) alone
    return AttentionResidual(block, nothing, block.drop_path, nothing)
