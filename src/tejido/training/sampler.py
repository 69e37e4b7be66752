"""Which image is drawn when: a pure function of the seed and the epoch, so that an epoch can be redone exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import Sampler


def generator_for(seed: int, epoch: int, purpose: int = 0) -> torch.Generator:
    """A random generator that depends on the seed, the epoch and what it is for, and on nothing else."""
    mixed = (seed * 1_000_003 + epoch) * 17 + purpose
    return torch.Generator().manual_seed(mixed & (2**63 - 1))


class EpochSampler(Sampler[int]):
    """Every image once in random order, or as many draws with every class equally often.

    Args:
        labels: ``int64[N]``.
        seed: of the run.
        oversample: draw with replacement so that the classes are balanced.
        turn: called with the epoch before its first draw.
    """

    def __init__(
        self, labels: Tensor, seed: int, *, oversample: bool, turn: Callable[[int], None] = lambda _: None
    ) -> None:
        self.turn = turn
        self.labels = labels
        self.seed = seed
        self.oversample = oversample
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[int]:
        self.turn(self.epoch)
        generator = generator_for(self.seed, self.epoch, purpose=1)
        if self.oversample:
            weights = 1.0 / torch.bincount(self.labels).double()[self.labels]
            drawn = torch.multinomial(weights, len(self.labels), replacement=True, generator=generator)
        else:
            drawn = torch.randperm(len(self.labels), generator=generator)
        yield from drawn.tolist()
