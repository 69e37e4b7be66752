"""Geometry: from a picture of any size to the square that the network sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class CentreSquare(nn.Module):
    """Crop the largest centred square, then resize it to ``size`` with Pillow's bilinear filter (antialiased).

    Input ``uint8[..., 3, H, W]``, output ``uint8[..., 3, size, size]``.
    """

    frame = "centre_square"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Crop and resize."""
        height, width = image.shape[-2:]
        side = torch.sym_min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = image.narrow(-2, top, side).narrow(-1, left, side)
        return resize(square, self.size)


class Stretch(nn.Module):
    """Resize the whole picture to ``size`` x ``size``, whatever its aspect.

    Input ``uint8[..., 3, H, W]``, output ``uint8[..., 3, size, size]``.
    """

    frame = "whole"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Resize."""
        return resize(image, self.size)


def resize(image: Tensor, size: int) -> Tensor:
    """Antialiased bilinear resize of ``uint8[..., 3, H, W]`` to ``size`` x ``size``, as Pillow's ``BILINEAR``.

    Pillow filters rows, rounds to 8 bits, filters columns, rounds again; so do these two passes. ONNX has one operator
    that does the same on uint8. (PyTorch's own uint8 kernel is off by 1 in 0.1 to 0.5 % of the values.)
    """
    batch = image.reshape(-1, 3, *image.shape[-2:])
    if torch.compiler.is_exporting():
        batch = functional.interpolate(batch, size=(size, size), mode="bilinear", antialias=True)
    else:
        for shape in ((batch.shape[-2], size), (size, size)):
            batch = functional.interpolate(batch.float(), size=shape, mode="bilinear", antialias=True)
            batch = (batch + 0.5).floor().clamp(0, 255)
        batch = batch.to(torch.uint8)
    return batch.reshape(*image.shape[:-2], size, size)


GEOMETRIES: dict[str, type[CentreSquare] | type[Stretch]] = {"centre_square": CentreSquare, "stretch": Stretch}
