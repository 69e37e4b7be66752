"""A GAN for small data: residual blocks, spectral normalisation, projection of the class.

After Miyato et al. 2018 (*Spectral Normalization*), Miyato & Koyama 2018 (*cGANs with Projection Discriminator*) and
Gulrajani et al. 2017 for the blocks. Classes, where there are any, choose scale and shift of the generator's norms and
are projected onto the discriminator's features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

NAME = "residual_gan"
_FIRST = 4
_SLOPE = 0.2


class Generator(nn.Module):
    """From ``float32[B, latent]``, normally distributed, to images ``float32[B, 3, size, size]`` in -1..1.

    Args:
        size: 32, 64 or 128.
        latent: length of the latent vector.
        width: channels of the last block; each block before has twice as many, at most eight times.
        classes: number of classes; 0 for none.
    """

    def __init__(self, size: int, latent: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.size, self.latent, self.classes = size, latent, classes
        channels = _channels(size, width)[::-1]
        self.first = nn.Linear(latent, channels[0] * _FIRST**2)
        blocks = zip(channels, [*channels[1:], width], strict=True)
        self.blocks = nn.ModuleList(_Up(before, after, classes) for before, after in blocks)
        self.norm = nn.BatchNorm2d(width)
        self.last = _conv(width, 3)

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images.

        Args:
            latent: ``float32[B, latent]``.
            labels: ``int64[B]``; needed where there are classes.
        """
        maps = self.first(latent).reshape(len(latent), -1, _FIRST, _FIRST)
        for block in self.blocks:
            maps = block(maps, labels)
        return torch.tanh(self.last(functional.leaky_relu(self.norm(maps), _SLOPE)))


class Discriminator(nn.Module):
    """From images in -1..1 to logits ``float32[B]``, above 0 where they seem real; arguments as ``Generator``."""

    def __init__(self, size: int, width: int, classes: int = 0) -> None:
        super().__init__()
        channels = _channels(size, width)
        layers = zip([3, *channels], [*channels, channels[-1]], strict=False)
        self.blocks = nn.Sequential(*(_Down(before, after) for before, after in layers if after))
        features = channels[-1]
        self.last = spectral_norm(nn.Linear(features, 1))
        self.project = spectral_norm(nn.Embedding(classes, features)) if classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits; ``labels`` as for the generator."""
        # The sum, not the mean: spectral norms keep every layer's slope at most 1, and the mean of sixteen places would
        # keep logits near 0, within the margins of the hinge loss.
        features = functional.leaky_relu(self.blocks(images), _SLOPE).sum((2, 3))
        logits: Tensor = self.last(features).flatten()
        if self.project is not None:
            assert labels is not None
            logits = logits + (self.project(labels) * features).sum(1)
        return logits


class _Up(nn.Module):
    """A residual block that doubles the size."""

    def __init__(self, before: int, after: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = _conv(before, after), _conv(after, after)
        self.short = nn.Conv2d(before, after, 1)
        self.norms = nn.ModuleList([_Norm(before, classes), _Norm(after, classes)])

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        long = functional.leaky_relu(self.norms[0](maps, labels), _SLOPE)
        long = self.second(functional.leaky_relu(self.norms[1](self.first(_doubled(long)), labels), _SLOPE))
        return long + _doubled(self.short(maps))  # type: ignore[no-any-return]


class _Down(nn.Module):
    """A residual block that halves the size."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(before, after, 3, padding=1))
        self.second = spectral_norm(nn.Conv2d(after, after, 3, padding=1))
        self.short = spectral_norm(nn.Conv2d(before, after, 1))
        self.seen = before == 3  # a picture is not cut off at 0

    def forward(self, maps: Tensor) -> Tensor:
        long = maps if self.seen else functional.leaky_relu(maps, _SLOPE)
        long = self.second(functional.leaky_relu(self.first(long), _SLOPE))
        return functional.avg_pool2d(long, 2) + self.short(functional.avg_pool2d(maps, 2))  # type: ignore[no-any-return]


class _Norm(nn.Module):
    """Batch norm whose scale and shift the class chooses, where there are classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=not classes)
        self.chosen = nn.Embedding(classes, 2 * channels) if classes else None
        if self.chosen is not None:
            nn.init.zeros_(self.chosen.weight)

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        normal: Tensor = self.norm(maps)
        if self.chosen is None:
            return normal
        assert labels is not None
        scale, shift = self.chosen(labels)[:, :, None, None].chunk(2, dim=1)
        return normal * (1 + scale) + shift  # type: ignore[no-any-return]


def _conv(before: int, after: int) -> nn.Conv2d:
    """Of 3 x 3; the edge is repeated around the map, because zeros there leave a frame in the picture."""
    return nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")


def _doubled(maps: Tensor) -> Tensor:
    """Twice the size, smoothly: where pixels are repeated, a lattice stays in the picture for thousands of steps."""
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)


def _channels(size: int, width: int) -> list[int]:
    """Channels of the blocks from the picture inwards, one for each halving down to 4 pixels."""
    halvings = (size // _FIRST).bit_length() - 1
    return [width * min(2**number, 8) for number in range(halvings)]
