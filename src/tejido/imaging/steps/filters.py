"""Filters along rows and columns, fast in training and small in a model file."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def convolved(image: Tensor, kernel: Tensor, *, mirrored: bool) -> Tensor:
    """Convolve rows and columns with one symmetric kernel: two convolutions in a model file, matrix products elsewhere.

    The products are several times as fast in training, but their matrix would be a large part of a small model file.

    Args:
        image: ``float32[B, C, S, S]``.
        kernel: ``float32[2 r + 1]``, r < S.
        mirrored: beyond the border, mirror the image without repeating its edge; otherwise there is 0.

    Returns:
        ``float32[B, C, S, S]``.
    """
    side, radius = image.shape[-1], len(kernel) // 2
    if not torch.compiler.is_exporting():
        matrix = _as_matrix(kernel, side, mirrored=mirrored)
        return matrix @ image @ matrix.T
    taps = kernel.reshape(1, 1, 1, -1)
    planes = image.reshape(-1, 1, side, side)
    planes = functional.pad(planes, (radius, radius, radius, radius), mode="reflect" if mirrored else "constant")
    planes = functional.conv2d(functional.conv2d(planes, taps), taps.transpose(2, 3))
    return planes.reshape(image.shape)


def dilated(image: Tensor, radius: int) -> Tensor:
    """Largest value of ``float32[..., H, W]`` in the square of side 2 radius + 1 around each pixel, within the image.

    Windows are doubled until they are wide enough (van Herk 1992 does better, for windows wider than ours).
    """
    taps = 2 * radius + 1
    for axis in (-1, -2):
        padding = (radius, radius, 0, 0) if axis == -1 else (0, 0, radius, radius)
        image = functional.pad(image, padding, value=-math.inf)
        reach = 1
        while reach < taps:
            shift = min(reach, taps - reach)
            length = image.shape[axis] - shift
            image = torch.maximum(image.narrow(axis, 0, length), image.narrow(axis, shift, length))
            reach += shift
    return image


def _as_matrix(kernel: Tensor, side: int, *, mirrored: bool) -> Tensor:
    """``float32[S, S]`` that convolves a column of ``side`` values."""
    radius = len(kernel) // 2
    weight = functional.pad(kernel[radius:], (0, 2 * side - radius))  # by distance
    index = torch.arange(side, device=kernel.device)
    to, of, last = index[:, None], index[None, :], side - 1
    direct = weight[(to - of).abs()]
    if not mirrored:
        return direct
    return direct + weight[to + of] * (of > 0) + weight[2 * last - to - of] * (of < last)
