"""The dark border of dermatoscope pictures."""

from __future__ import annotations

import torch
from torch import Tensor

from tejido.imaging.luma import luma
from tejido.imaging.steps import box
from tejido.imaging.steps.options import number
from tejido.imaging.steps.step import Crop

_HALF = 0.5  # a row or column this dark is outside the picture
_CLEAN = 0.02  # share of dark pixels that an outline may have: hairs, ink, the tip of a lesion
_OUTLINES = 33
_SMALLEST = 0.6  # of the square; a round field needs 0.71, and what needs less is no border
_LEAST = 0.5  # of the image's side


class CropBorder(Crop):
    """Cut to the largest square without the black bars and corners that a dermatoscope's round field leaves.

    Dark is a luma below ``dark`` times the image's mean. First, outer rows and columns that are dark by half or more
    are left out. Then, in the largest centred square of the rest, outlines are tried from the outside inwards up to the
    first on which at most 2 % of the pixels are dark. Where none is found down to 0.6 of that square, or the square
    would be smaller than half the image, the darkness is the lesion's, and the image stays whole.

    Args:
        dark: share of the mean luma.
    """

    name = "crop_border"

    def __init__(self, dark: float = 0.4) -> None:
        super().__init__()
        self.dark = number("crop_border.dark", dark, 0.05, 0.9)

    def box(self, image: Tensor, mask: Tensor | None) -> Tensor:
        """The square in the frame."""
        grey = luma(image)[:, 0]
        dark = (grey < self.dark * grey.mean((1, 2), keepdim=True)).float()
        left, right = _lit(dark.mean(1))
        top, bottom = _lit(dark.mean(2))
        centre = torch.stack([left + right, top + bottom], dim=1) / 2
        half = (torch.minimum(right - left, bottom - top) / 2).clamp(min=1e-3)
        half = half * _clean_scale(dark, centre, half)
        found = (half >= _LEAST)[:, None]
        return torch.where(found, box.square(centre, half.clamp(min=_LEAST)), box.whole(image))


def _lit(share: Tensor) -> tuple[Tensor, Tensor]:
    """Edges, in -1..1, of what lies between the first and the last row that is not dark; ``float32[B, N]`` in."""
    count = share.shape[1]
    cells = torch.arange(count, device=share.device, dtype=torch.float32)
    first = torch.where(share < _HALF, cells, float(count)).amin(1)
    last = torch.where(share < _HALF, cells, -1.0).amax(1) + 1
    return 2 * first / count - 1, 2 * last / count - 1


def _clean_scale(dark: Tensor, centre: Tensor, half: Tensor) -> Tensor:
    """Largest scale of the square on whose outline, two pixels wide, hardly anything is dark, or 0; ``float32[B]``."""
    side = dark.shape[-1]
    scales = torch.linspace(_SMALLEST, 1.0, _OUTLINES, device=dark.device)
    outer = half[:, None] * scales
    inner = outer - 4 / side
    middles = (2 * torch.arange(side, device=dark.device, dtype=torch.float32) + 1) / side - 1
    across = (middles - centre[:, :1]).abs()[:, None, :]
    down = (middles - centre[:, 1:]).abs()[:, None, :]
    dark_pixels = torch.zeros_like(outer)
    pixels = torch.zeros_like(outer)
    for reach, sign in ((outer[:, :, None], 1), (inner[:, :, None], -1)):
        rows, columns = (down <= reach).float(), (across <= reach).float()
        dark_pixels = dark_pixels + sign * ((rows @ dark) * columns).sum(2)
        pixels = pixels + sign * rows.sum(2) * columns.sum(2)
    clean = dark_pixels <= _CLEAN * pixels
    return torch.where(clean, scales, 0.0).amax(1)
