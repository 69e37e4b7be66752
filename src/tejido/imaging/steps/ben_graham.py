"""Ben Graham's local contrast."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tejido.imaging.steps.filters import convolved
from tejido.imaging.steps.options import one_of
from tejido.imaging.steps.step import Group, Step

READINGS = ("variance", "sigma")
_TRUNCATE = 4.0  # standard deviations, as SciPy's gaussian_filter


class BenGraham(Step):
    """4·(I - G*I) + 128, clipped: what differs from the surroundings, on grey (Graham 2015, diabetic retinopathy).

    Args:
        reading: how wide the Gaussian G is, for images of side S. ``variance``: uba2020 says that the variance is S/10,
            so σ = √(S/10) (3.6 pixels at 128). ``sigma``: Graham's own code and most others use σ = S/10 (12.8 pixels).

    The Gaussian is cut at 4 σ, borders are mirrored without repeating the edge.
    """

    name = "ben_graham"
    group = Group.CONTRAST

    def __init__(self, reading: str = "variance") -> None:
        super().__init__()
        self.reading = one_of("ben_graham.reading", reading, READINGS)

    def forward(self, image: Tensor) -> Tensor:
        """Subtract the surroundings."""
        side = image.shape[-1]
        sigma = math.sqrt(side / 10) if self.reading == "variance" else side / 10
        return (4 * (image - _gaussian(image, sigma)) + 128).clamp(0, 255)


def _gaussian(image: Tensor, sigma: float) -> Tensor:
    radius = min(int(_TRUNCATE * sigma + 0.5), image.shape[-1] - 1)
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    return convolved(image, kernel / kernel.sum(), mirrored=True)
