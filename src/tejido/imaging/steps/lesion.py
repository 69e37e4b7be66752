"""Steps that read the lesion mask."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tejido.imaging.luma import luma
from tejido.imaging.steps import box
from tejido.imaging.steps.options import number, one_of
from tejido.imaging.steps.step import Crop, Group, Step

INSIDE = 128.0
"""Values of a mask from here on are lesion."""
_SMALLEST = 1 / 8  # of the side: a smaller lesion would be enlarged into mush


class GreyOutside(Step):
    """Colour inside the lesion, grey outside (uba2020)."""

    name = "grey_outside"
    group = Group.OUTSIDE
    needs_mask = True

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Paint."""
        return torch.where(mask >= INSIDE, image, luma(image).expand_as(image))


class SolidOutside(Step):
    """The lesion alone on 128, so that neither skin nor rulers, hairs or ink can be read (uba2020's variant)."""

    name = "solid_outside"
    group = Group.OUTSIDE
    needs_mask = True

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Paint."""
        return torch.where(mask >= INSIDE, image, torch.full_like(image, 128.0))


class HideLesion(Step):
    """Everything but the lesion: 128 in its place and around it.

    What a network still tells apart then lies beside the lesion, or in what the cover itself betrays: with
    ``outline`` the lesion's shape and size, with ``box`` only how large it is (Bissoto et al. 2019 covered both ways).

    Args:
        margin: how far the cover reaches beyond the outline, as a share of the picture's side.
        shape: ``outline``, or ``box`` for the rectangle around it.
    """

    name = "hide_lesion"
    group = Group.OUTSIDE
    needs_mask = True

    def __init__(self, margin: float = 0.03, shape: str = "outline") -> None:
        super().__init__()
        self.margin = number("hide_lesion.margin", margin, 0, 0.5)
        self.shape = one_of("hide_lesion.shape", shape, ("outline", "box"))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Cover."""
        reach = round(self.margin * image.shape[-1])
        covered = functional.max_pool2d(mask, 2 * reach + 1, stride=1, padding=reach) >= INSIDE
        if self.shape == "box":
            covered = _reached(covered, 2) & _reached(covered, 3)
        return torch.where(covered, torch.full_like(image, 128.0), image)


def _reached(covered: Tensor, axis: int) -> Tensor:
    """Which lines across an axis lie between the first and the last that are touched: ``bool[B, 1, S, 1]``, say."""
    touched = covered.float().amax(5 - axis, keepdim=True)
    after = touched.cumsum(axis)
    return (after > 0) & (after.amax(axis, keepdim=True) - after + touched > 0)


class CropToLesion(Crop):
    """The smallest square around the lesion, with a margin, enlarged to the network's size.

    The square is at least 1/8 and at most the whole of the image's side. Without any lesion the image stays whole.

    Args:
        margin: added on each side, as a share of the lesion's longer side.
    """

    name = "crop_to_lesion"
    needs_mask = True

    def __init__(self, margin: float = 0.1) -> None:
        super().__init__()
        self.margin = number("crop_to_lesion.margin", margin, 0, 2)

    def box(self, image: Tensor, mask: Tensor | None) -> Tensor:
        """The square in the frame."""
        assert mask is not None
        lesion = (mask[:, 0] >= INSIDE).float()
        left, right = _extent(lesion.amax(1))
        top, bottom = _extent(lesion.amax(2))
        longer = torch.maximum(right - left, bottom - top)
        half = (longer / 2 * (1 + 2 * self.margin)).clamp(min=_SMALLEST).clamp(max=1.0)
        centre = torch.stack([left + right, top + bottom], dim=1) / 2
        found = (lesion.amax((1, 2)) > 0)[:, None]
        return torch.where(found, box.square(centre, half), box.whole(image))


def _extent(profile: Tensor) -> tuple[Tensor, Tensor]:
    """First and last edge of the cells of ``float32[B, N]`` that are 1, with the frame's edges at -1 and 1."""
    count = profile.shape[1]
    cells = torch.arange(count, device=profile.device, dtype=torch.float32)
    first = torch.where(profile > 0, cells, float(count)).amin(1)
    last = torch.where(profile > 0, cells, -1.0).amax(1) + 1
    return 2 * first / count - 1, 2 * last / count - 1
