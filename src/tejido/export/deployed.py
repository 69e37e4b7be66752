"""The whole path from pixels to answer as one torch module: what the model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.imaging.quality import Quality
from tejido.metrics.calibration import Calibration
from tejido.models.network import Network


class Deployed(nn.Module):
    """Geometry, capture quality, network, calibration and, where the network has them, activation maps.

    Args:
        geometry: from any size to the network's.
        network: trained.
        calibration: scale and bias of the logits, fitted on validation.
    """

    scale: Tensor
    bias: Tensor

    def __init__(self, geometry: CentreSquare | Stretch, network: Network, calibration: Calibration) -> None:
        super().__init__()
        self.geometry = geometry
        self.quality = Quality()
        self.network = network
        self.register_buffer("scale", torch.tensor(calibration.scale, dtype=torch.float32))
        self.register_buffer("bias", torch.tensor(calibration.bias, dtype=torch.float32))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what ``forward`` returns; a network without a heatmap leaves that one out."""
        return ("probabilities", "heatmap", "quality") if self.network.heatmap else ("probabilities", "quality")

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """``uint8[H, W, 3]`` to probabilities ``[C]``, heatmap ``[C, h, w]`` in 0..1 if any, quality ``[3]``."""
        square = self.geometry(image.permute(2, 0, 1)).unsqueeze(0)
        features = self.network.features(square)
        logits = self.network.logits(features)
        probabilities = torch.softmax(logits * self.scale + self.bias, dim=1)
        maps = [self.network.activation_maps(features)[0]] if self.network.heatmap else []
        return probabilities[0], *maps, self.quality(square)[0]
