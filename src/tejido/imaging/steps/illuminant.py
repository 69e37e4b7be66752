"""Colour constancy: estimate the colour of the light, and divide it out.

All three take the estimate e_c of channel c, scale e to length 1, and return I'_c = I_c / (√3 e_c), as uba2020 and
Barata et al. (2015) do: a white light leaves the picture as it is. Values above 255 are clipped. No gamma is undone.
"""

from __future__ import annotations

import math

from torch import Tensor

from tejido.imaging.steps.options import number
from tejido.imaging.steps.step import Group, Step

_BLACK = 1e-6  # keeps a channel without any light from dividing by zero; it stays black


class MaxRgb(Step):
    """Max-RGB, or white patch: the light is the largest value of each channel (Land & McCann 1971)."""

    name = "max_rgb"
    group = Group.COLOUR

    def forward(self, image: Tensor) -> Tensor:
        """Correct; see the module."""
        return _corrected(image, image.amax((2, 3), keepdim=True) / 255)


class ShadesOfGray(Step):
    """Shades of Gray: the light is the Minkowski mean (mean I_c^p)^(1/p) (Finlayson & Trezzi 2004).

    Args:
        p: 1 is grey-world, towards infinity it becomes Max-RGB; 6 is the authors' choice.
    """

    name = "shades_of_gray"
    group = Group.COLOUR

    def __init__(self, p: float = 6.0) -> None:
        super().__init__()
        self.p = number("shades_of_gray.p", p, 1, 100)

    def forward(self, image: Tensor) -> Tensor:
        """Correct; see the module."""
        # Only the ratios of the channels matter, and no power of a value up to 1 overflows.
        brightest = image.amax((1, 2, 3), keepdim=True).clamp(min=_BLACK)
        mean = (image / brightest).pow(self.p).mean((2, 3), keepdim=True)
        return _corrected(image, mean.pow(1 / self.p))


class GreyWorld(ShadesOfGray):
    """Grey-world: the light is the mean of each channel (Buchsbaum 1980)."""

    name = "grey_world"

    def __init__(self) -> None:
        super().__init__(p=1.0)


def _corrected(image: Tensor, light: Tensor) -> Tensor:
    """``light``: ``float32[B, 3, 1, 1]`` of any length."""
    light = light.clamp(min=_BLACK)
    length = light.square().sum(1, keepdim=True).sqrt()
    return (image * (length / (math.sqrt(3) * light))).clamp(0, 255)
