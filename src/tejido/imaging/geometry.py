"""Geometry: from a picture of any size to the square that the network sees.

The same steps take a lesion mask along: they work on any number of channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.errors import RecipeError
from tejido.imaging.steps import box


class CentreSquare(nn.Module):
    """Crop the largest centred square, then resize it to ``size`` with Pillow's bilinear filter (antialiased).

    Input ``uint8[..., C, H, W]``, output ``uint8[..., C, size, size]``.
    """

    name = "centre_square"
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
        return resize(square, self.size, self.size)

    def restore(self, maps: Tensor) -> Tensor:
        """Maps over what the network saw are maps over the frame."""
        return maps


class ShortSide(nn.Module):
    """Resize the short side to ``short_side``, keeping the aspect, then crop the centred square of ``size``.

    The long side becomes ``short_side * long // short``, rounded down as torchvision does.

    Input ``uint8[..., C, H, W]``, output ``uint8[..., C, size, size]``.

    Args:
        size: side of the crop.
        short_side: by default ``size``.

    Raises:
        RecipeError: the short side is smaller than the crop.
    """

    name = "short_side"
    frame = "centre_square"

    def __init__(self, size: int, short_side: int | None = None) -> None:
        super().__init__()
        short_side = size if short_side is None else short_side
        if short_side < size:
            raise RecipeError(f"image.short_side is at least image.size, {size}, not {short_side}")
        self.size = size
        self.short_side = short_side

    def forward(self, image: Tensor) -> Tensor:
        """Resize and crop."""
        height, width = image.shape[-2:]
        side = torch.sym_min(height, width)
        scaled = [self.short_side * length // side for length in (height, width)]
        image = resize(image, *scaled)  # type: ignore[arg-type]  # symbols while exporting
        top, left = ((length - self.size) // 2 for length in image.shape[-2:])
        crop = image.narrow(-2, top, self.size).narrow(-1, left, self.size)
        # says again to the exporter, which loses it where a crop begins at a computed place, how large this is
        return crop.reshape(*image.shape[:-2], self.size, self.size)

    def restore(self, maps: Tensor) -> Tensor:
        """Maps ``float32[B, C, h, w]`` over the crop, as maps over the largest centred square, 0 around the crop."""
        share = self.size / self.short_side
        if share == 1:
            return maps
        crop = torch.tensor([-share, -share, share, share], device=maps.device)
        return box.place(maps, crop.expand(maps.shape[0], 4))


class Stretch(nn.Module):
    """Resize the whole picture to ``size`` x ``size``, whatever its aspect.

    Input ``uint8[..., C, H, W]``, output ``uint8[..., C, size, size]``.
    """

    name = "stretch"
    frame = "whole"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Resize."""
        return resize(image, self.size, self.size)

    def restore(self, maps: Tensor) -> Tensor:
        """Maps over what the network saw are maps over the frame."""
        return maps


def resize(image: Tensor, height: int, width: int) -> Tensor:
    """Antialiased bilinear resize of ``uint8[..., C, H, W]`` to ``height`` x ``width``, as Pillow's ``BILINEAR``.

    Pillow filters rows, rounds to 8 bits, filters columns, rounds again (from version 13 on not always in this order,
    see ``data.geometry``); so do these two passes. ONNX has one operator
    that does the same on uint8. (PyTorch's own uint8 kernel is off by 1 in 0.1 to 0.5 % of the values.)
    """
    batch = image.reshape(-1, *image.shape[-3:])
    if torch.compiler.is_exporting():
        batch = functional.interpolate(batch, size=(height, width), mode="bilinear", antialias=True)
    else:
        for shape in ((batch.shape[-2], width), (height, width)):
            batch = functional.interpolate(batch.float(), size=shape, mode="bilinear", antialias=True)
            batch = (batch + 0.5).floor().clamp(0, 255)
        batch = batch.to(torch.uint8)
    return batch.reshape(*image.shape[:-2], height, width)


Geometry = CentreSquare | ShortSide | Stretch
GEOMETRIES: dict[str, type[Geometry]] = {geometry.name: geometry for geometry in (CentreSquare, ShortSide, Stretch)}


def build(name: str, size: int, short_side: int | None = None) -> Geometry:
    """The geometry of a recipe's ``image`` section.

    Args:
        name: a key of ``GEOMETRIES``.
        size: side that the network sees.
        short_side: for the geometry of that name; by default ``size``.

    Raises:
        RecipeError: ``short_side`` is too small, or given to another geometry.
    """
    if name == "short_side":
        return ShortSide(size, short_side)
    if short_side is not None:
        raise RecipeError(f"image.short_side belongs to the geometry short_side, not to {name}")
    return GEOMETRIES[name](size)
