"""The rules of ``tejido.metrics.aggregate`` as a torch module, for the graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Aggregate(nn.Module):
    """From the probabilities of an image's patches ``float32[P, C]`` to those of the image ``float32[C]``.

    Args:
        rule: one of ``metrics.aggregate.RULES``, where they are defined.
        positive: index of the positive label of a binary task.
        top_k: for the rule of that name.
    """

    def __init__(self, rule: str, *, positive: int | None = None, top_k: int = 3) -> None:
        super().__init__()
        self.rule = rule
        self.positive = positive
        self.top_k = top_k

    def forward(self, patches: Tensor) -> Tensor:
        """Apply the rule."""
        if self.positive is not None:
            values = patches[:, self.positive]
            score = self._score(values, values >= 0.5)
            pair = [1 - score, score] if self.positive == 1 else [score, 1 - score]
            return torch.stack(pair)
        chosen = patches.argmax(1, keepdim=True) == torch.arange(patches.shape[1], device=patches.device)
        scores = self._score(patches, chosen)
        return scores / scores.sum()

    def _score(self, values: Tensor, chosen: Tensor) -> Tensor:
        if self.rule == "vote":
            return chosen.float().mean(0)
        if self.rule == "mean":
            return values.mean(0)
        if self.rule == "max":
            return values.amax(0)
        return values.topk(min(self.top_k, len(values)), dim=0).values.mean(0)
