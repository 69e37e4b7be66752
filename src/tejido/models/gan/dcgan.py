"""The DCGAN of upc2020 (section 4.3), 128 pixels a side, after Radford et al. 2016.

3,421,936 parameters in the generator, with batch-norm statistics, and 340,865 in the discriminator. The layers are
Keras': "same" padding, LeakyReLU with a slope of 0.3, batch-norm with a momentum of 0.99 and an epsilon of 1e-3.
"""

from __future__ import annotations

from torch import Tensor, nn

NAME = "upc2020_dcgan"
LATENT = 100
SIZE = 128
_SLOPE = 0.3
_EPSILON, _MOMENTUM = 1e-3, 0.01


class Generator(nn.Module):
    """From ``float32[B, 100]``, normally distributed, to images ``float32[B, 3, 128, 128]`` in -1..1."""

    latent = LATENT
    size = SIZE
    classes = 0

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT, 32 * 32 * 32, bias=False)
        self.norm = nn.BatchNorm1d(32 * 32 * 32, _EPSILON, _MOMENTUM)
        self.up = nn.Sequential(
            nn.LeakyReLU(_SLOPE),
            _Same(nn.ConvTranspose2d(32, 16, 5, stride=2, bias=False)),
            nn.BatchNorm2d(16, _EPSILON, _MOMENTUM),
            nn.LeakyReLU(_SLOPE),
            _Same(nn.ConvTranspose2d(16, 3, 5, stride=2, bias=False)),
            nn.Tanh(),
        )

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images; there are no classes, so that ``labels`` is not looked at."""
        return self.up(self.norm(self.dense(latent)).reshape(-1, 32, 32, 32))  # type: ignore[no-any-return]


class Discriminator(nn.Module):
    """From images ``float32[B, 3, 128, 128]`` in -1..1 to logits ``float32[B]``, above 0 where they seem real."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 64, 5, stride=2, padding=2),
            nn.LeakyReLU(_SLOPE),
            nn.Dropout(0.3),
            nn.Conv2d(64, 128, 5, stride=2, padding=2),
            nn.LeakyReLU(_SLOPE),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(32 * 32 * 128, 1),
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits; ``labels`` is not looked at."""
        return self.layers(images).flatten()  # type: ignore[no-any-return]


class _Same(nn.Module):
    """A transposed convolution of stride 2 that exactly doubles the size, as "same" padding does."""

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        return self.layer(images)[..., 1 : 1 + 2 * height, 1 : 1 + 2 * width]  # type: ignore[no-any-return]
