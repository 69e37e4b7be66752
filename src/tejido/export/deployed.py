"""The whole path from pixels to answer as one torch module: what the model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.imaging.geometry import Geometry
from tejido.imaging.quality import Quality
from tejido.metrics.calibration import Calibration
from tejido.models.network import Network

OUTPUTS = ("probabilities", "heatmap", "quality")


class Deployed(nn.Module):
    """Geometry, capture quality, network, calibration and activation maps.

    Args:
        geometry: from any size to the network's.
        network: trained.
        calibration: scale and bias of the logits, fitted on validation.

    Raises:
        RecipeError: the network reads lesion masks, which a model file has not.
    """

    scale: Tensor
    bias: Tensor

    def __init__(self, geometry: Geometry, network: Network, calibration: Calibration) -> None:
        super().__init__()
        if network.steps.mask_readers:
            raise RecipeError(
                f"image step {network.steps.mask_readers[0]} reads a lesion mask, so a model file needs a segmenter in "
                "front; nothing was exported"
            )
        self.geometry = geometry
        self.quality = Quality()
        self.network = network
        self.register_buffer("scale", torch.tensor(calibration.scale, dtype=torch.float32))
        self.register_buffer("bias", torch.tensor(calibration.bias, dtype=torch.float32))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``uint8[H, W, 3]`` to probabilities ``[C]``, heatmap ``[C, h, w]`` in 0..1, quality ``[3]``."""
        square = self.geometry(image.permute(2, 0, 1)).unsqueeze(0)
        features = self.network.features(square)
        logits = self.network.logits(features)
        probabilities = torch.softmax(logits * self.scale + self.bias, dim=1)
        maps = self.network.steps.restore(self.network.activation_maps(features), square.float())
        return probabilities[0], self.geometry.restore(maps)[0], self.quality(square)[0]
