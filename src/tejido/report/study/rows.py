"""The figures of a study's finished runs, and the rows of its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tejido.errors import DataError
from tejido.experiments.run import Run
from tejido.experiments.study.folder import DONE, StudyFolder
from tejido.experiments.study.plan import Plan, Trial
from tejido.metrics.compare import corrected_resampled_t, holm
from tejido.report.study.pairs import Pairs

HISTOLOGY = "_histology"
DEFAULT = ("auc", "auc_histology", "balanced_accuracy", "accuracy", "sensitivity", "specificity")


@dataclass(frozen=True)
class Result:
    """What a finished trial has reached on the images that the study looks at.

    Attributes:
        trial: which.
        folder: its run directory.
        figures: by name; ``auc`` is of all images, ``auc_histology`` of the histology-confirmed ones.
        threshold: of the positive label, or None.
        images: number of images in train, val and test; empty where the run does not say.
        disagreement: why there is no model file, where it disagrees with the network.
    """

    trial: Trial
    folder: Path
    figures: dict[str, float]
    threshold: float | None
    images: dict[str, int]
    disagreement: str | None = None


@dataclass(frozen=True)
class Row:
    """One figure of one combination of levels. What cannot be computed is None.

    Attributes:
        metric: name of the figure.
        levels: one of each axis.
        runs: finished runs that have the figure.
        mean: over runs, as are the following; ``std`` divides by runs - 1, quartiles interpolate linearly.
        pairs: of runs of the same seed and fold, at these levels and at the baseline's.
        difference: mean over pairs of figure - figure of the baseline.
        low: lower end of its 95 % interval by bootstrap over groups of test images, with these networks.
        high: upper end.
        t: of the corrected resampled t-test over pairs, as is ``p``.
        p_holm: ``p`` adjusted for the number of levels compared.
    """

    metric: str
    levels: tuple[str, ...]
    runs: int
    mean: float | None = None
    std: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    max: float | None = None
    pairs: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    t: float | None = None
    p: float | None = None
    p_holm: float | None = None


def results(plan: Plan, folder: StudyFolder) -> list[Result]:
    """Of the finished trials, in the order of the plan.

    Raises:
        DataError: a run's ``metrics.json`` is damaged.
    """
    on = plan.study.figures
    return [_result(trial, folder.of(trial), on) for trial in plan.trials if folder.state(trial) == "finished"]


def metrics_of(plan: Plan, found: Sequence[Result]) -> list[str]:
    """The figures of the table: those that the study names, else those of ``DEFAULT`` that a run has.

    Raises:
        DataError: no run has a figure that the study names.
    """
    known = list(dict.fromkeys(name for result in found for name in result.figures))
    if not plan.study.metrics:
        return [name for name in DEFAULT if name in known]
    for name in plan.study.metrics:
        if found and name not in known:
            raise DataError(f"no run has the figure {name!r}; they have: {', '.join(known)}")
    return list(plan.study.metrics)


def rows(plan: Plan, found: Sequence[Result]) -> list[Row]:
    """The table: for each figure a row for each combination of levels."""
    pairs = Pairs()
    table: list[Row] = []
    for metric in metrics_of(plan, found):
        part = [_row(plan, found, metric, levels, pairs) for levels in plan.cells]
        adjusted = holm([row.p for row in part])
        table += [replace(row, p_holm=p) for row, p in zip(part, adjusted, strict=True)]
    return table


def values(found: Sequence[Result], metric: str, levels: tuple[str, ...]) -> list[float]:
    """A figure of all runs with these levels."""
    alike = (result for result in found if result.trial.levels == levels)
    return [result.figures[metric] for result in alike if metric in result.figures]


def size_ratio(found: Sequence[Result], on: str) -> float | None:
    """Mean over runs of the images looked at (``test`` or ``val``) / training images, or None where they do not say."""
    ratios = [result.images[on] / result.images["train"] for result in found if result.images]
    return float(np.mean(ratios)) if ratios and len(ratios) == len(found) else None


def _row(plan: Plan, found: Sequence[Result], metric: str, levels: tuple[str, ...], pairs: Pairs) -> Row:
    reached = values(found, metric, levels)
    if not reached:
        return Row(metric, levels, 0)
    q25, median, q75 = (float(value) for value in np.quantile(reached, [0.25, 0.5, 0.75]))
    std = float(np.std(reached, ddof=1)) if len(reached) > 1 else None
    row = Row(metric, levels, len(reached), float(np.mean(reached)), std, q25, median, q75, max(reached))
    baseline = plan.baseline_of(levels)
    return row if baseline is None else _compared(row, found, baseline, pairs, plan.study.figures)


def _compared(row: Row, found: Sequence[Result], baseline: tuple[str, ...], pairs: Pairs, on: str) -> Row:
    """The row with what pairs of runs of the same seed and fold tell; only if they answered the same test images."""
    having = [result for result in found if row.metric in result.figures]
    other = {(r.trial.seed, r.trial.fold): r for r in having if r.trial.levels == baseline}
    mine = [r for r in having if r.trial.levels == row.levels and (r.trial.seed, r.trial.fold) in other]
    both = [(result, other[result.trial.seed, result.trial.fold]) for result in mine]
    if not both:
        return row
    name = row.metric.removesuffix(HISTOLOGY)
    tables = [tuple(pairs.read(r.folder, r.trial.recipe, r.threshold, on) for r in pair) for pair in both]
    estimate = pairs.difference(tables, name, histology=row.metric != name)
    if estimate is None:
        return row
    differences = [a.figures[row.metric] - b.figures[row.metric] for a, b in both]
    compared = replace(row, pairs=len(both), difference=estimate.value, low=estimate.low, high=estimate.high)
    ratio = size_ratio([result for pair in both for result in pair], on)
    if len(both) < 2 or ratio is None:
        return compared
    test = corrected_resampled_t(differences, ratio)
    return replace(compared, t=test.t, p=test.p)


def _result(trial: Trial, folder: Path, on: str) -> Result:
    try:
        metrics = Run(folder, trial.recipe).read_json(DONE)
        figures = {
            name + ("" if part == "all" else f"_{part}"): float(figure["value"])
            for part, group in metrics["validation" if on == "val" else on].items()
            for name, figure in group.items()
            if isinstance(figure, dict)
        }
        return Result(
            trial, folder, figures, metrics["threshold"], metrics.get("images", {}), metrics.get("disagreement")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / DONE}: damaged ({error!r}); remove it, and the run is finished anew") from None
