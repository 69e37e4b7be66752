"""Overlapping patches of a picture, cut inside the model file."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.data.patches import PatchGrid, origin
from tejido.imaging.geometry import Geometry


class Patches(nn.Module):
    """Cut a grid of patches and bring each of them to the network's size: the patches of ``data.patches``, in order.

    Input ``uint8[3, H, W]`` with ``H`` and ``W`` at least those of a patch, output ``uint8[N, 3, size, size]``, row by
    row from the top left.

    Args:
        grid: which patches.
        geometry: applied to each of them.
    """

    frame = "whole"

    def __init__(self, grid: PatchGrid, geometry: Geometry) -> None:
        super().__init__()
        self.grid = grid
        self.geometry = geometry
        self.size = geometry.size

    def forward(self, image: Tensor) -> Tensor:
        """Cut and resize."""
        grid = self.grid
        height, width = image.shape[-2:]
        rows = _indices(height - grid.height, grid.height, grid.rows, image.device)
        columns = _indices(width - grid.width, grid.width, grid.columns, image.device)
        # Two gathers, however many patches there are: overlapping rows of pixels first, then columns.
        tiles = image.index_select(1, rows).index_select(2, columns)
        tiles = tiles.reshape(3, grid.rows, grid.height, grid.columns, grid.width).permute(1, 3, 0, 2, 4)
        return self.geometry(tiles.reshape(grid.count, 3, grid.height, grid.width))  # type: ignore[no-any-return]


def _indices(room: int, side: int, count: int, device: torch.device) -> Tensor:
    """The pixels of all patches along one side, ``int64[count * side]``.

    Without the clamp a picture one pixel too small would wrap around; with it the gather fails.
    """
    begins: Tensor = origin(torch.arange(count, device=device), room, count).clamp(min=0)
    return (begins[:, None] + torch.arange(side, device=device)).flatten()
