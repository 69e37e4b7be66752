"""Mixing pairs of training images: mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def mix(
    images: Tensor, labels: Tensor, generator: torch.Generator, *, mixup: float = 0.0, cutmix: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Mix every image with another one of the batch.

    mixup blends the two; CutMix pastes a rectangle of the other one, of any place and of the aspect of the image. The
    share is drawn for every image from Beta(a, a); CutMix then takes what really was pasted. With both, the batch takes
    one of the two, by the toss of a coin; without any, nothing is drawn or changed.

    Args:
        images: ``uint8[B, C, S, S]``; a mask as fourth channel is pasted along, but must not be blended.
        labels: ``float32[B, K]``, one-hot.
        generator: on the CPU; everything is drawn from it.
        mixup: a of mixup, 0 for none; the authors take 0.1 to 0.4.
        cutmix: a of CutMix, 0 for none; the authors take 1.

    Returns:
        Images of the same shape and type, and ``float32[B, K]`` labels whose rows still sum to 1.
    """
    if not mixup and not cutmix:
        return images, labels
    count = len(images)
    chance = torch.rand((), generator=generator) < 0.5
    other = torch.randperm(count, generator=generator).to(images.device)
    # Beta draws of torch know no generator
    numbers = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    if mixup and (not cutmix or chance):
        own = torch.from_numpy(numbers.beta(mixup, mixup, count)).float().to(images.device)
        share = own.reshape(-1, 1, 1, 1)
        mixed = (share * images.float() + (1 - share) * images[other].float()).round().to(images.dtype)
    else:
        inside = _rectangles(count, images.shape[-2:], numbers.beta(cutmix, cutmix, count), numbers).to(images.device)
        own = 1 - inside.float().mean((1, 2))
        mixed = torch.where(inside[:, None], images[other], images)
    weight = own[:, None].to(labels.dtype)
    return mixed, weight * labels + (1 - weight) * labels[other]


def _rectangles(count: int, shape: torch.Size, own: np.ndarray, numbers: np.random.Generator) -> Tensor:
    """``bool[B, H, W]``, true in a rectangle that covers 1 - ``own`` of the image, cut off at the borders."""
    inside = []
    for length in shape:
        half = np.sqrt(1 - own) * length / 2
        centre = numbers.uniform(0, length, count)
        cells = np.arange(length) + 0.5
        inside.append(np.abs(cells[None, :] - centre[:, None]) < half[:, None])
    rows, columns = inside
    return torch.from_numpy(rows[:, :, None] & columns[:, None, :])
