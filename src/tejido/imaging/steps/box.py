"""Boxes: cutting one out of every image at a fixed output size, and putting maps of the cut back into the frame.

A box is ``float32[B, 4]``: left, top, right, bottom, with the frame's edges at -1 and 1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cut(image: Tensor, box: Tensor) -> Tensor:
    """The box of every image, enlarged to the image's own size by bilinear sampling; nothing around it shines in.

    Args:
        image: ``float32[B, C, H, W]``.
        box: inside the frame, at least a pixel wide.

    Returns:
        ``float32[B, C, H, W]``.
    """
    height, width = image.shape[-2:]
    x, y = _places(box, height, width)
    x = torch.minimum(torch.maximum(x, box[:, 0:1] + 1 / width), box[:, 2:3] - 1 / width)
    y = torch.minimum(torch.maximum(y, box[:, 1:2] + 1 / height), box[:, 3:4] - 1 / height)
    return _sample(image, x, y)


def place(maps: Tensor, box: Tensor) -> Tensor:
    """The inverse of ``cut`` for maps over the box: the same maps over the whole frame, 0 outside the box.

    Args:
        maps: ``float32[B, C, h, w]``.
        box: where they lie.

    Returns:
        ``float32[B, C, h, w]``.
    """
    centre, half = _centre_and_half(box)
    back = torch.cat([(-1 - centre) / half, (1 - centre) / half], dim=1)
    return _sample(maps, *_places(back, *maps.shape[-2:]))


def whole(image: Tensor) -> Tensor:
    """The box that is the whole frame, for every image."""
    edges = torch.tensor([-1.0, -1.0, 1.0, 1.0], device=image.device)
    return edges.expand(image.shape[0], 4)


def square(centre: Tensor, half: Tensor) -> Tensor:
    """Square boxes, moved as little as needed to lie inside the frame.

    Args:
        centre: ``float32[B, 2]``, x and y.
        half: ``float32[B]``, half of the side, at most 1.
    """
    room = (1 - half)[:, None]
    middle = torch.maximum(torch.minimum(centre, room), -room)
    return torch.cat([middle - half[:, None], middle + half[:, None]], dim=1)


def _centre_and_half(box: Tensor) -> tuple[Tensor, Tensor]:
    low, high = box[:, :2], box[:, 2:]
    return (low + high) / 2, (high - low) / 2


def _places(box: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where the middles of an image's columns and rows lie in the frame when it fills the box."""
    centre, half = _centre_and_half(box)
    columns = (2 * torch.arange(width, device=box.device, dtype=torch.float32) + 1) / width - 1
    rows = (2 * torch.arange(height, device=box.device, dtype=torch.float32) + 1) / height - 1
    return centre[:, :1] + half[:, :1] * columns, centre[:, 1:] + half[:, 1:] * rows


def _sample(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Bilinear samples at every x of ``float32[B, W]`` and y of ``float32[B, H]``, 0 outside the frame."""
    columns = x[:, None, :].expand(-1, y.shape[1], -1)
    rows = y[:, :, None].expand(-1, -1, x.shape[1])
    grid = torch.stack([columns, rows], dim=3)
    return functional.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
