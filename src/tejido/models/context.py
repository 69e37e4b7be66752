"""Age, sex and site as a vector that a head can read beside image features; any of them may be unknown."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.context import OLDEST, SEXES, SITES, UNKNOWN, UNKNOWN_AGE

WIDTH = 32
"""Length of the encoded context."""
HIDDEN = 0.1
"""In training, the share of values that are hidden, so that answering without them is learned where few are missing."""
AGE_MEAN, AGE_STD = 52.0, 17.0
"""Years; those of HAM10000. Fixed, so that a model file needs no statistics of its training data."""


class ContextEncoder(nn.Module):
    """Two fully connected layers over the standardised age, a flag for its absence, and embeddings of sex and site.

    An unknown age is the mean age with the flag set. The embedding of an unknown sex or site is zero and stays so. A
    code that the tables of ``tejido.context`` do not have is unknown too.
    """

    unknown: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.sex = nn.Embedding(len(SEXES) + 1, 4, padding_idx=UNKNOWN)
        self.site = nn.Embedding(len(SITES) + 1, 8, padding_idx=UNKNOWN)
        self.layers = nn.Sequential(nn.Linear(2 + 4 + 8, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU())
        unknown = torch.tensor([[UNKNOWN_AGE, UNKNOWN, UNKNOWN]], dtype=torch.float32)
        self.register_buffer("unknown", unknown, persistent=False)

    def forward(self, context: Tensor) -> Tensor:
        """``float32[B, 3]`` (age in years or NaN, code of the sex, code of the site) to ``float32[B, WIDTH]``, >= 0."""
        if self.training:
            context = torch.where(torch.rand_like(context) < HIDDEN, self.unknown, context)
        age = context[:, :1]
        missing = torch.isnan(age)
        years = torch.where(missing, AGE_MEAN, age).clamp(0.0, OLDEST)
        values = [
            (years - AGE_MEAN) / AGE_STD,
            missing.float(),
            self.sex(_codes(context[:, 1], len(SEXES))),
            self.site(_codes(context[:, 2], len(SITES))),
        ]
        return self.layers(torch.cat(values, dim=1))  # type: ignore[no-any-return]


def stack(age: Tensor, sex: Tensor, site: Tensor) -> Tensor:
    """The inputs of a model file, ``float32[]``, ``int64[]`` and ``int64[]``, as one row ``float32[1, 3]``."""
    return torch.stack([age, sex.float(), site.float()]).unsqueeze(0)


def _codes(column: Tensor, last: int) -> Tensor:
    return torch.where((column >= 0) & (column <= last), column, UNKNOWN).long()
