"""Grey from RGB."""

from __future__ import annotations

from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue by ITU-R BT.601."""


def luma(image: Tensor) -> Tensor:
    """``float32[B, 3, H, W]`` to ``float32[B, 1, H, W]`` on the same scale."""
    red, green, blue = LUMA
    return red * image[:, 0:1] + green * image[:, 1:2] + blue * image[:, 2:3]
