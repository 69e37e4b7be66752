"""What tells pictures of a model's own kind from others: a modality, and how strange a picture is among its own.

It reads the square that the network sees and the vector that the network's head reads, and costs next to nothing. Two
ways of looking complement each other: a classifier of modalities knows what it was shown, and the distance from the
model's own training images (Mahalanobis distance in their main directions, Lee et al. 2018, and what lies beside these
directions, as ViM, Wang et al. 2022) needs to have seen nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.imaging.luma import LUMA

MODALITIES = ("dermoscopy", "clinical", "histology", "other")
NAMES = (*MODALITIES, "foreign", "strange")
"""Elements of what a gate says: a probability of each modality, that of all but the model's own, and strangeness."""
SIDE = 32
"""Cells a side, in which colours are counted."""
_LEVELS = 4
_FAR = 8.0
"""Standard deviations at which a value counts as far; farther ones would drown the others."""


def described(square: Tensor) -> Tensor:
    """Colours, textures and their arrangement, whatever the picture shows.

    Means and spreads of the channels; a soft histogram of 4 x 4 x 4 colours (its square roots); sizes of the steps of
    brightness over 1, 2 and 4 pixels (logarithms); saturation and two chroma differences; the means of 4 x 4 parts
    against the picture's.

    Args:
        square: ``uint8[B, 3, S, S]``, S at least 32.

    Returns:
        ``float32[B, 136]``.
    """
    image = square.float() / 255
    cells = functional.avg_pool2d(image, square.shape[-1] // SIDE)
    red, green, blue = cells.flatten(2).unbind(1)
    levels = torch.linspace(0, 1, _LEVELS, device=square.device).reshape(1, -1, 1)
    near = [functional.relu(1 - (_LEVELS - 1) * (one[:, None] - levels).abs()) for one in (red, green, blue)]
    pairs = (near[0][:, :, None] * near[1][:, None]).flatten(1, 2)  # [B, 16, N]
    histogram = (pairs @ near[2].transpose(1, 2) / red.shape[1]).flatten(1)
    found = [cells.mean((2, 3)), cells.flatten(2).std(2), (histogram + 1e-6).sqrt()]
    grey = (image * torch.tensor(LUMA, device=square.device).reshape(1, 3, 1, 1)).sum(1, keepdim=True)
    for pixels in (1, 2, 4):
        scaled = functional.avg_pool2d(grey, pixels)
        for steps in (scaled[:, :, 1:] - scaled[:, :, :-1], scaled[:, :, :, 1:] - scaled[:, :, :, :-1]):
            size = steps.abs().flatten(1)
            found.append(torch.stack([size.mean(1), size.std(1)], 1).add(1e-3).log())
    for one in (cells.amax(1) - cells.amin(1), cells[:, 0] - cells[:, 1], cells[:, 2] - cells[:, 1]):
        found.append(torch.stack([one.mean((1, 2)), one.flatten(1).std(1)], 1))
    parts = functional.avg_pool2d(cells, cells.shape[-1] // 4)
    found.append((parts - parts.mean((2, 3), keepdim=True)).flatten(1))
    return torch.cat(found, 1)


@dataclass(frozen=True)
class Fitted:
    """Numbers of a gate; D is the length of a description and a vector together.

    Attributes:
        own: place of the model's own modality in ``MODALITIES``.
        mean: of its training images, ``float32[D]``.
        spread: likewise, their standard deviations.
        hidden: weight of the classifier's hidden layer, ``float32[H, D]``.
        hidden_bias: ``float32[H]``.
        weight: of its modalities, ``float32[4, H]``.
        bias: ``float32[4]``.
        centre: of the training images after scaling and clipping, ``float32[D]``.
        directions: in which they differ most, ``float32[P, D]``, orthonormal.
        variances: in these directions, ``float32[P]``.
        limits: mean square in units of these variances, and sum of squares beside them, from which strangeness is 1.
    """

    own: int
    mean: Tensor
    spread: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    weight: Tensor
    bias: Tensor
    centre: Tensor
    directions: Tensor
    variances: Tensor
    limits: tuple[float, float]


class Gate(nn.Module):
    """From a square and the network's vector to the values of ``NAMES``.

    Args:
        fitted: its numbers.
    """

    mean: Tensor
    spread: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    weight: Tensor
    bias: Tensor
    centre: Tensor
    directions: Tensor
    variances: Tensor
    limits: Tensor

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.own = fitted.own
        for name in ("mean", "spread", "hidden", "hidden_bias", "weight", "bias", "centre", "directions", "variances"):
            self.register_buffer(name, getattr(fitted, name).float())
        self.register_buffer("limits", torch.tensor(fitted.limits, dtype=torch.float32))

    def forward(self, square: Tensor, vector: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]`` and ``float32[B, F]`` to ``float32[B, 6]``."""
        return self.judge(torch.cat([described(square), vector], 1))

    def judge(self, values: Tensor) -> Tensor:
        """The same from descriptions and vectors side by side, ``float32[B, D]``."""
        scaled = standardised(values, self.mean, self.spread)
        hidden = functional.relu(functional.linear(scaled, self.hidden, self.hidden_bias))
        shares = torch.softmax(functional.linear(hidden, self.weight, self.bias), 1)
        foreign = 1 - shares[:, self.own]
        strange = (distances(scaled, self.centre, self.directions, self.variances) / self.limits).amax(1)
        return torch.cat([shares, foreign[:, None], strange[:, None]], 1)


def standardised(values: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """In units of the training images' spread, at most ``_FAR`` of them."""
    return ((values - mean) / spread).clamp(-_FAR, _FAR)


def distances(scaled: Tensor, centre: Tensor, directions: Tensor, variances: Tensor) -> Tensor:
    """How far ``float32[B, D]`` lie from the training images: within their main directions, and beside them.

    Returns:
        ``float32[B, 2]``.
    """
    apart = scaled - centre
    along = functional.linear(apart, directions)
    within = (along * along / variances).mean(1)
    beside = (apart * apart).sum(1) - (along * along).sum(1)
    return torch.stack([within, beside], 1)
