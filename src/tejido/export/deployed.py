"""The whole path from pixels to answer as one torch module: what the model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.export.aggregate import Aggregate
from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.imaging.patches import Patches
from tejido.imaging.quality import Quality
from tejido.metrics.calibration import Calibration
from tejido.models.network import Network
from tejido.runtime.limits import MIN_SIDE

OUTPUTS = ("probabilities", "heatmap", "quality")


class Deployed(nn.Module):
    """Geometry, capture quality, network, calibration and activation maps; with patches, what they say together.

    Args:
        geometry: from any size to the network's, in one square or in patches.
        network: trained.
        calibration: scale and bias of the logits, fitted on validation.
        aggregate: the rule for patches; None where the picture is one square.
    """

    scale: Tensor
    bias: Tensor

    def __init__(
        self,
        geometry: CentreSquare | Stretch | Patches,
        network: Network,
        calibration: Calibration,
        *,
        aggregate: Aggregate | None = None,
    ) -> None:
        super().__init__()
        assert (aggregate is None) == (not isinstance(geometry, Patches))
        self.geometry = geometry
        self.quality = Quality()
        self.network = network
        self.aggregate = aggregate
        self.register_buffer("scale", torch.tensor(calibration.scale, dtype=torch.float32))
        self.register_buffer("bias", torch.tensor(calibration.bias, dtype=torch.float32))

    @property
    def smallest(self) -> tuple[int, int]:
        """Least width and height of a picture, in pixels."""
        if isinstance(self.geometry, Patches):
            return max(MIN_SIDE, self.geometry.grid.width), max(MIN_SIDE, self.geometry.grid.height)
        return MIN_SIDE, MIN_SIDE

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``uint8[H, W, 3]`` to probabilities ``[C]``, heatmap ``[C, h, w]`` in 0..1, quality ``[3]``.

        With patches the heatmap is their grid, ``[C, rows, columns]``: the probability of every patch; and quality
        is the mean over them.
        """
        seen = self.geometry(image.permute(2, 0, 1))
        if isinstance(self.geometry, Patches):
            features = self.network.features(seen)
            patches = self._calibrated(features)
            assert self.aggregate is not None
            grid = self.geometry.grid
            heatmap = patches.transpose(0, 1).reshape(-1, grid.rows, grid.columns)
            return self.aggregate(patches), heatmap, self.quality(seen).mean(0)
        square = seen.unsqueeze(0)
        features = self.network.features(square)
        return self._calibrated(features)[0], self.network.activation_maps(features)[0], self.quality(square)[0]

    def _calibrated(self, features: Tensor) -> Tensor:
        return torch.softmax(self.network.logits(features) * self.scale + self.bias, dim=1)
