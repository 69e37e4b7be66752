"""Augmentation that gradients pass through (DiffAugment, Zhao et al. 2020): colour, translation, cutout."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SHIFT = 0.125
_CUTOUT = 0.5


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change every image of ``float32[B, 3, S, S]`` in its own way; what is shifted in is 0.

    Args:
        images: real or made up, in -1..1.
        generator: on the CPU; both kinds should be changed alike, not the same.
    """
    return _cutout(_shifted(_coloured(images, generator), generator), generator)


def _coloured(images: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness up to +-0.5, saturation 0 to 2, contrast 0.5 to 1.5, as published."""
    brightness, saturation, contrast = (_drawn(images, generator) for _ in range(3))
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def _shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    count, _, size, _ = images.shape
    most = int(size * _SHIFT + 0.5)
    moves = torch.randint(0, 2 * most + 1, (count, 2), generator=generator).tolist()
    padded = functional.pad(images, (most,) * 4)
    return torch.stack([one[:, y : y + size, x : x + size] for one, (y, x) in zip(padded, moves, strict=True)])


def _cutout(images: Tensor, generator: torch.Generator) -> Tensor:
    count, _, size, _ = images.shape
    half = int(size * _CUTOUT / 2 + 0.5)
    centres = torch.randint(0, size + 1, (count, 2), generator=generator)
    places = torch.arange(size)
    hidden = [(places[None] - centres[:, axis : axis + 1]).abs() <= half for axis in (0, 1)]
    mask = 1 - (hidden[0][:, :, None] & hidden[1][:, None, :]).to(images)
    return images * mask[:, None]


def _drawn(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(len(images), 1, 1, 1, generator=generator).to(images.device)
