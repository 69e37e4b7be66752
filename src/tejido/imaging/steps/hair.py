"""Hair removal."""

from __future__ import annotations

import torch
from torch import Tensor

from tejido.imaging.luma import luma
from tejido.imaging.steps.filters import convolved, dilated
from tejido.imaging.steps.options import number
from tejido.imaging.steps.step import Group, Step

RAMP = 8.0
"""Levels from no hair to hair."""


class RemoveHair(Step):
    """Dark thin structures are found by a black-hat filter and filled from their neighbours.

    Black-hat is the grey closing minus the grey picture: what is darker than its surroundings and fits into the square
    structuring element. Where it exceeds ``threshold``, and one pixel around, every channel becomes the mean of the
    pixels in a window of twice the element's radius that are not hair; where there is none, it stays. Within ``RAMP``
    levels above the threshold a pixel is hair in part, and changed in part: otherwise a resize that rounds one value
    the other way would switch whole pixels. After DullRazor (Lee et al. 1997), with one square in place of its lines.

    Args:
        width: side of the structuring element as a share of the image's side; thicker hairs stay.
        threshold: in levels of 0..255, above which a pixel begins to be hair.
    """

    name = "remove_hair"
    group = Group.HAIR

    def __init__(self, width: float = 0.04, threshold: float = 15.0) -> None:
        super().__init__()
        self.width = number("remove_hair.width", width, 0.01, 0.25)
        self.threshold = number("remove_hair.threshold", threshold, 1, 255)

    def find(self, image: Tensor) -> Tensor:
        """How much each pixel of ``float32[B, 3, S, S]`` is hair, ``float32[B, 1, S, S]`` in 0..1."""
        radius = self._radius(image)
        grey = luma(image)
        closed = -dilated(-dilated(grey, radius), radius)
        return dilated(((closed - grey - self.threshold) / RAMP).clamp(0, 1), 1)

    def forward(self, image: Tensor) -> Tensor:
        """Find and fill."""
        radius = self._radius(image)
        hair = self.find(image)
        skin = 1 - hair
        window = torch.ones(4 * radius + 1, device=image.device)
        count = convolved(skin, window, mirrored=False)
        filled = convolved(image * skin, window, mirrored=False) / count.clamp(min=1e-6)
        return image + hair * count.clamp(max=1) * (filled - image)

    def _radius(self, image: Tensor) -> int:
        return max(1, int(self.width * image.shape[-1] / 2))
