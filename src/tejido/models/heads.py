"""What stands behind a network's body: from its vector of image features to logits.

Everything trained from nothing in a pretrained network lies in its head, also the layers that read age, sex and site.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.models.context import WIDTH, ContextEncoder


class LinearHead(nn.Linear):
    """Linear logits, ``float32[B, F]`` to ``float32[B, C]``.

    It starts at zero: the first answers are uniform, and in a two-class net the two rows stay each other's opposite,
    which makes their activation maps opposites too.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    @property
    def image_weight(self) -> Tensor:
        """Weights of the image features, ``float32[C, F]``."""
        return self.weight

    def forward(self, input: Tensor, context: Tensor | None = None) -> Tensor:
        """Logits of image features; there is no place for context."""
        _refuse(context)
        return super().forward(input)


class SigmoidHead(nn.Linear):
    """One sigmoid output z for two labels, as the logits [0, z]: their softmax is [1 - sigmoid(z), sigmoid(z)].

    Starts as Keras does: Glorot uniform weights, zero bias.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features, 1)
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, input: Tensor, context: Tensor | None = None) -> Tensor:
        """``float32[B, F]`` to logits ``float32[B, 2]``."""
        _refuse(context)
        score = super().forward(input)
        return torch.cat([torch.zeros_like(score), score], dim=1)


class FusedHead(nn.Linear):
    """Late fusion: image features and encoded context side by side, read by one linear layer that starts at zero.

    The logits are a sum of a part that the image gives and a part that the context gives, so class activation maps keep
    their meaning for the first: a heatmap shows the image's part alone.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features + WIDTH, classes)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)
        self.context = ContextEncoder()

    @property
    def image_weight(self) -> Tensor:
        """Weights of the image features, ``float32[C, F]``."""
        return self.weight[:, : self.in_features - WIDTH]

    def forward(self, input: Tensor, context: Tensor | None = None) -> Tensor:
        """Logits of ``float32[B, F]`` and context ``float32[B, 3]`` (see ``ContextEncoder``); None: all unknown."""
        if context is None:
            context = self.context.unknown.expand(len(input), -1)
        return super().forward(torch.cat([input, self.context(context)], dim=1))


Head = LinearHead | SigmoidHead | FusedHead


def _refuse(context: Tensor | None) -> None:
    if context is not None:
        raise ValueError("this network takes no age, sex and site; build it with metadata=True")
