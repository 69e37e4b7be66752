"""Stain normalisation of haematoxylin and eosin (Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250)."""

from __future__ import annotations

import torch
from torch import Tensor

from tejido.imaging.steps.step import Group, Step

WHITE = 240.0
"""Light without tissue, in levels; the paper's authors use it."""
REFERENCE = ((0.5626, 0.2159), (0.7201, 0.8012), (0.4062, 0.5581))
"""Optical density of haematoxylin and eosin in red, green and blue, of the authors' reference slide."""
REFERENCE_MOST = (1.9705, 1.0308)
"""99th percentile of the two stains' amounts there."""
_FAINT = 0.15  # optical density; a pixel with less in any channel is background
_ROBUST = 0.01  # share of pixels outside each end
_FEWEST = 0.05  # share of pixels that must be tissue
_BEYOND = 1e30  # sorts behind all values
_SQUARINGS = 12  # the dominant direction of M^4096


class Macenko(Step):
    """Bring the two stains of a picture to those of a reference slide.

    Optical densities OD = -ln((I + 1) / 240) of tissue pixels span a plane, that of the two leading eigenvectors of
    their covariance. The first and last percentile of the angles in it are the two stains; the one with more red is
    haematoxylin. The amounts of each follow by least squares, are scaled so that their 99th percentile over tissue is
    that of the reference, and mixed again with the reference's stains.

    Percentiles are exact (NumPy's ``linear``). Eigenvectors are those of a power iteration by repeated squaring, which
    agree with an eigensolver's to float32 unless two eigenvalues are equal to four digits, where they mean nothing. An
    image with less than 5 % of tissue, or with a single stain, stays as it is.
    """

    name = "macenko"
    group = Group.COLOUR

    def forward(self, image: Tensor) -> Tensor:
        """Normalise."""
        density = -torch.log((image.flatten(2) + 1) / WHITE)  # [B, 3, N]
        tissue = density.amin(1) >= _FAINT
        stains = _stains(density, tissue)
        amounts = _amounts(stains, density)
        most = torch.stack([_percentile(amounts[:, k], tissue, 1 - _ROBUST) for k in (0, 1)], dim=1)
        wanted = torch.tensor(REFERENCE_MOST, device=image.device)
        scaled = amounts * (wanted / most.clamp(min=1e-3))[:, :, None]
        mixed = torch.tensor(REFERENCE, device=image.device) @ scaled
        result = (WHITE * torch.exp(-mixed) - 1).clamp(0, 255).reshape(image.shape)
        usable = (tissue.float().mean(1) >= _FEWEST) & (most.amin(1) > 1e-3) & (_spread(stains) > 1e-3)
        return torch.where(usable[:, None, None, None], result, image)


def _stains(density: Tensor, tissue: Tensor) -> Tensor:
    """Unit vectors of haematoxylin and eosin, ``float32[B, 3, 2]``."""
    plane = _plane(density, tissue)
    flat = plane.transpose(1, 2) @ density
    angle = torch.atan2(flat[:, 1], flat[:, 0])
    ends = torch.stack([_percentile(angle, tissue, share) for share in (_ROBUST, 1 - _ROBUST)], dim=1)
    directions = plane @ torch.stack([torch.cos(ends), torch.sin(ends)], dim=1)
    first, second = directions[:, :, 0], directions[:, :, 1]
    swap = first[:, :1] < second[:, :1]
    return torch.stack([torch.where(swap, second, first), torch.where(swap, first, second)], dim=2)


def _plane(density: Tensor, tissue: Tensor) -> Tensor:
    """The two leading eigenvectors of the covariance of tissue pixels, ``float32[B, 3, 2]``; the first points to dark.

    The third one is the leading eigenvector of the adjugate matrix, whose eigenvalues are the products of the others.
    """
    weight = tissue[:, None, :].float()
    count = weight.sum(2, keepdim=True).clamp(min=1)
    centred = (density - (density * weight).sum(2, keepdim=True) / count) * weight
    covariance = centred @ centred.transpose(1, 2) / count
    first = _leading(covariance)
    first = first * torch.where(first.sum(1, keepdim=True) < 0, -1.0, 1.0)
    a, b, c = covariance.unbind(2)
    adjugate = torch.stack([_cross(b, c), _cross(c, a), _cross(a, b)], dim=2)
    second = _unit(_cross(_leading(adjugate), first))
    return torch.stack([first, second], dim=2)


def _leading(matrix: Tensor) -> Tensor:
    """Eigenvector of the largest eigenvalue of symmetric ``float32[B, 3, 3]`` without negative ones, length 1."""
    for _ in range(_SQUARINGS):
        matrix = matrix / matrix.abs().amax((1, 2), keepdim=True).clamp(min=1e-30)
        matrix = matrix @ matrix
    # Nearly a multiple of v v^T, of which every column is v; the longest is the most exact.
    longest = matrix.diagonal(dim1=1, dim2=2).argmax(1)
    return _unit(matrix.gather(2, longest[:, None, None].expand(-1, 3, 1))[:, :, 0])


def _amounts(stains: Tensor, density: Tensor) -> Tensor:
    """Least squares: (S^T S)^-1 S^T OD, ``float32[B, 2, N]``."""
    projected = stains.transpose(1, 2) @ density
    cosine = (stains[:, :, 0] * stains[:, :, 1]).sum(1)[:, None]
    first, second = projected[:, 0], projected[:, 1]
    determinant = (1 - cosine**2).clamp(min=1e-6)
    return torch.stack([first - cosine * second, second - cosine * first], dim=1) / determinant[:, :, None]


def _spread(stains: Tensor) -> Tensor:
    """1 - cos^2 of the angle between the stains, ``float32[B]``."""
    return 1 - (stains[:, :, 0] * stains[:, :, 1]).sum(1) ** 2


def _percentile(values: Tensor, chosen: Tensor, share: float) -> Tensor:
    """Percentile of the chosen values of each row of ``float32[B, N]``, interpolated as NumPy does; ``float32[B]``."""
    count = chosen.sum(1, keepdim=True)
    ordered = torch.where(chosen, values, _BEYOND).sort(1).values
    position = share * (count - 1).clamp(min=0).float()
    below = position.floor()
    low = ordered.gather(1, below.long())
    high = ordered.gather(1, torch.minimum(below.long() + 1, (count - 1).clamp(min=0)))
    return (low + (position - below) * (high - low))[:, 0]


def _cross(a: Tensor, b: Tensor) -> Tensor:
    product: Tensor = torch.linalg.cross(a, b, dim=1)
    return product


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / vector.square().sum(1, keepdim=True).sqrt().clamp(min=1e-20)
    return unit
