"""How many pictures a model refuses, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import enough
from tejido.metrics.scores import share


@dataclass(frozen=True)
class Refused:
    """A share of pictures that is refused.

    Attributes:
        of: ``all``, or the label of those that are meant.
        reason: the code of the refusals that are meant; None for any.
        images: how many pictures it is a share of.
        share: refused, with its interval by group.
    """

    of: str
    reason: str | None
    images: int
    share: Estimate


def refusals(asked: pd.DataFrame, *, rounds: int = 2000, seed: int = 0) -> list[Refused]:
    """Shares of all pictures that are refused for any reason and for each, and of the pictures of each label for any.

    Args:
        asked: a row a picture, with ``group_id``, ``truth``, and ``reason``, which is null where it was answered.
        rounds: of the bootstrap.
        seed: of the bootstrap.
    """
    groups = asked["group_id"].reset_index(drop=True)
    bootstrap = GroupBootstrap(groups, rounds=rounds, seed=seed)

    def estimate(hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        return bootstrap.estimate(share(hit, among), enough=enough(groups, among))

    reason, truth = asked["reason"], asked["truth"].astype(str)
    hit = reason.notna().to_numpy(bool)
    every = np.ones(len(asked), bool)
    found = [Refused("all", None, len(asked), estimate(hit, every))]
    for label in sorted(truth.unique()):
        among = (truth == label).to_numpy(bool)
        found.append(Refused(label, None, int(among.sum()), estimate(hit, among)))
    for code in sorted(reason.dropna().unique()):
        by = (reason == code).to_numpy(bool)
        found.append(Refused("all", str(code), len(asked), estimate(by, every)))
    return found
