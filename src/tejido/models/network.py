"""The shape of every classifier here: a body that makes a feature map, global average pooling, a linear head.

With this head the class activation map equals Grad-CAM (Zhou et al. 2016), so a heatmap costs nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.imaging.steps.chain import ImageSteps

FAINT = 0.25
"""Evidence of one cell, in units of the logit, below which a heatmap is not scaled up to full brightness."""


class Network(nn.Module):
    """A classifier of square RGB images.

    The head starts at zero: the first answers are uniform, and in a two-class net the two rows of the head stay each
    other's opposite, which makes their activation maps opposites too.

    Args:
        body: module from normalised ``float32[B, 3, S, S]`` to a feature map ``float32[B, F, h, w]``.
        features: F.
        classes: number of labels.
        mean: per-channel mean on the 0..1 scale, as the body's weights expect it.
        std: per-channel standard deviation, likewise.
        dropout: share of pooled features dropped in training.
        steps: image steps; without them the picture is taken as it is.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        body: nn.Module,
        features: int,
        classes: int,
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        dropout: float = 0.0,
        steps: ImageSteps | None = None,
    ) -> None:
        super().__init__()
        self.steps = ImageSteps() if steps is None else steps
        self.body = body
        self.head = nn.Linear(features, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.dropout = dropout
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1) * 255, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]`` to logits ``float32[B, C]``.

        Where steps read a lesion mask, it is the fourth channel of the images.
        """
        return self.logits(self.features(image))

    def features(self, image: Tensor) -> Tensor:
        """Images as for ``forward`` to the last feature map ``float32[B, F, h, w]``."""
        normalised = (self.steps(image.float()) - self.mean) / self.std
        return self.body(normalised.contiguous(memory_format=torch.channels_last))  # type: ignore[no-any-return]

    def logits(self, features: Tensor) -> Tensor:
        """Pool a feature map and apply the head."""
        pooled = functional.dropout(features.mean((2, 3)), self.dropout, self.training)
        return self.head(pooled)  # type: ignore[no-any-return]

    def activation_maps(self, features: Tensor) -> Tensor:
        """Class activation maps ``float32[B, C, h, w]`` in 0..1: positive evidence over the largest value.

        Where even the largest is below ``FAINT`` the map stays faint, so that a hint of evidence is not blown up into
        a bright spot.
        """
        maps = functional.relu(functional.conv2d(features, self.head.weight[:, :, None, None]))
        return maps / maps.amax((2, 3), keepdim=True).clamp(min=FAINT)
