"""The shape of every classifier here: image steps, a body that makes features, and a head that makes logits of them.

Where the body ends in a feature map and the head reads its mean, class activation maps equal Grad-CAM (Zhou et al.
2016), so a heatmap costs nothing. A body with fully connected layers of its own ends in a vector, and there is none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.imaging.steps.chain import ImageSteps
from tejido.models.attention import alphas
from tejido.models.heads import Head, SigmoidHead

FAINT = 0.25
"""Evidence of one cell, in units of the logit, below which a heatmap is not scaled up to full brightness."""


class Network(nn.Module):
    """A classifier of square RGB images.

    Args:
        body: module from normalised ``float32[B, 3, S, S]`` to a feature map ``float32[B, F, h, w]`` or, where
            ``heatmap`` is false, to a vector ``float32[B, F]``.
        head: from the mean of the map over its cells, or from the vector, to logits.
        classes: number of labels.
        input_size: S, in pixels.
        mean: per-channel mean on the 0..1 scale, as the body's weights expect it.
        std: per-channel standard deviation, likewise.
        dropout: share of the features dropped before the head in training.
        heatmap: whether the body ends in a map whose mean the head reads.
        steps: image steps; without them the picture is taken as it is.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        body: nn.Module,
        head: Head,
        *,
        classes: int,
        input_size: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        dropout: float = 0.0,
        heatmap: bool = True,
        steps: ImageSteps | None = None,
    ) -> None:
        super().__init__()
        self.steps = ImageSteps() if steps is None else steps
        self.body = body
        self.head = head
        self.classes = classes
        self.input_size = input_size
        self.dropout = dropout
        self.heatmap = heatmap
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1) * 255, persistent=False)

    def forward(self, image: Tensor, context: Tensor | None = None) -> Tensor:
        """``uint8[B, 3, S, S]`` to logits ``float32[B, C]``.

        Args:
            image: also with a fourth channel, a lesion mask, where the image steps read one.
            context: ``float32[B, 3]`` as in ``models.context``, for a network built with ``metadata``; None: unknown.
        """
        return self.logits(self.features(image), context)

    def features(self, image: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]`` to the last feature map ``float32[B, F, h, w]``, or to the vector ``float32[B, F]``."""
        normalised = (self.steps(image.float()) - self.mean) / self.std
        return self.body(normalised.contiguous(memory_format=torch.channels_last))  # type: ignore[no-any-return]

    def logits(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """Pool a feature map, or take a vector as it is, and apply the head."""
        vector = features.mean((2, 3)) if self.heatmap else features
        vector = functional.dropout(vector, self.dropout, self.training)
        return self.head(vector, context)  # type: ignore[no-any-return]

    def activation_maps(self, features: Tensor) -> Tensor:
        """Class activation maps ``float32[B, C, h, w]`` in 0..1: positive evidence over the largest value.

        Where even the largest is below ``FAINT`` the map stays faint, so that a hint of evidence is not blown up into
        a bright spot. Age, sex and site have no part in it.

        Raises:
            ValueError: this network has no heatmap.
        """
        if not self.heatmap or isinstance(self.head, SigmoidHead):
            raise ValueError("this network has fully connected layers of its own and gives no heatmap")
        maps = functional.relu(functional.conv2d(features, self.head.image_weight[:, :, None, None]))
        return maps / maps.amax((2, 3), keepdim=True).clamp(min=FAINT)

    def attention(self) -> dict[str, nn.Parameter]:
        """The scalar of every block with attention residual learning, by the block's name; empty without it."""
        return alphas(self.body)
