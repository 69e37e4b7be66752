"""Differences between runs on the same images, with intervals by bootstrap over groups of these images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido import taxonomy
from tejido.data.tables import read_parquet
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.named import key_of, scores_of
from tejido.metrics.scores import Score
from tejido.recipe import Recipe

_COLUMNS = dict.fromkeys(("image_id", "group_id", "split", "confirmation", "truth"), "string")


@dataclass(frozen=True)
class Answers:
    """A run's answers on some images: which, of which groups, and every score of them."""

    run: Path
    images: pd.Series
    groups: pd.Series
    scores: dict[str, Score]
    rounds: int


class Pairs:
    """Compares runs pair by pair; what was read and resampled once is kept."""

    def __init__(self) -> None:
        self._answers: dict[Path, dict[bool, Answers]] = {}
        self._bootstraps: dict[tuple[str, ...], GroupBootstrap] = {}
        self._draws: dict[tuple[Path, str, tuple[str, ...]], NDArray[np.float64]] = {}

    def read(self, folder: Path, recipe: Recipe, threshold: float | None, on: str) -> dict[bool, Answers]:
        """A run's answers on ``test`` or ``val``: ``False`` all images, ``True`` the histology-confirmed ones."""
        if folder not in self._answers:
            table = read_parquet(folder / "predictions.parquet", _COLUMNS)
            table = table[table["split"] == on].sort_values("image_id")
            parts = {False: table, True: table[table["confirmation"] == "histology"]}
            self._answers[folder] = {only: _answers(folder, part, recipe, threshold) for only, part in parts.items()}
        return self._answers[folder]

    def difference(
        self, pairs: Sequence[Sequence[dict[bool, Answers]]], name: str, *, histology: bool
    ) -> Estimate | None:
        """Mean over pairs of the first run's score - the second's, and its 95 % interval.

        Each resample draws groups from the test images of all pairs; it weighs both runs of a pair, and a group that
        several pairs tested, alike.

        Args:
            pairs: answers of two runs each, as read.
            name: of the score.
            histology: on histology-confirmed images only.

        Returns:
            None if the two runs of a pair did not answer the same images.
        """
        chosen = [[answers[histology] for answers in pair] for pair in pairs]
        if any(not a.images.equals(b.images) or not a.groups.equals(b.groups) for a, b in chosen):
            return None
        known = pd.concat([pd.DataFrame({"image": a.images, "group": a.groups}) for a, _ in chosen])
        known = known.drop_duplicates().sort_values("image", ignore_index=True)
        if known["image"].duplicated().any():
            return None
        key = tuple(known["image"])
        if key not in self._bootstraps:
            self._bootstraps[key] = GroupBootstrap(known["group"], rounds=chosen[0][0].rounds)
        index = pd.Index(known["image"])
        everything = np.ones(len(known))
        values = []
        draws = []
        for pair in chosen:
            a, b = (_within(answers, name, index) for answers in pair)
            values.append(a(everything) - b(everything))
            draws.append(self._drawn(pair[0], name, key, a) - self._drawn(pair[1], name, key, b))
        return self._bootstraps[key].interval(float(np.mean(values)), np.mean(draws, axis=0))

    def _drawn(self, answers: Answers, name: str, key: tuple[str, ...], score: Score) -> NDArray[np.float64]:
        place = (answers.run, name, key)
        if place not in self._draws:
            self._draws[place] = self._bootstraps[key].resamples(score)
        return self._draws[place]


def _answers(folder: Path, part: pd.DataFrame, recipe: Recipe, threshold: float | None) -> Answers:
    part = part.reset_index(drop=True)
    scores = {
        key_of(*key): score for key, score in scores_of(part, taxonomy.task(recipe.task).positive, threshold).items()
    }
    return Answers(folder, part["image_id"], part["group_id"], scores, recipe.evaluation.bootstrap)


def _within(answers: Answers, name: str, index: pd.Index) -> Score:
    """A run's score as a function of the weights of all images, of which it answered some."""
    own = index.get_indexer(pd.Index(answers.images))
    score = answers.scores[name]
    return lambda weights: score(weights[own])
