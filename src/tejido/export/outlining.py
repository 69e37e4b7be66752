"""The whole path from pixels to outline as one torch module: what a segmenter's model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.imaging.geometry import Stretch
from tejido.imaging.quality import Quality
from tejido.models.segmenter import Segmenter
from tejido.runtime.limits import MIN_SIDE


class Outlining(nn.Module):
    """Stretch, network, and the mask at the picture's own size.

    Args:
        network: trained.
    """

    inputs = ("image",)
    outputs = ("mask", "quality", "absence")
    smallest = (MIN_SIDE, MIN_SIDE)

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.geometry = Stretch(network.input_size)
        self.quality = Quality()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """From a picture ``uint8[H, W, 3]`` to a mask ``uint8[H, W]`` of 0 and 1, quality ``[3]`` and absence ``[1]``.

        Absence is how unlikely the likeliest pixel is to be lesion: near 1 where there is none.
        """
        square = self.geometry(image.permute(2, 0, 1)).unsqueeze(0)
        shares = torch.sigmoid(self.network(square))
        return mask_of(shares, image)[0], self.quality(square)[0], absence_of(shares)


def mask_of(shares: Tensor, image: Tensor) -> Tensor:
    """Masks ``uint8[B, H, W]`` of 0 and 1, of the size of ``image``, from how likely pixels are: ``[B, 1, S, S]``."""
    height, width = image.shape[:2]
    large = functional.interpolate(shares, size=(height, width), mode="bilinear", align_corners=False)
    return (large[:, 0] >= 0.5).to(torch.uint8)


def absence_of(shares: Tensor) -> Tensor:
    """How unlikely the likeliest pixel of ``[B, 1, S, S]`` is to be lesion: ``[B]``."""
    return 1 - shares.amax((1, 2, 3))
