"""A study's table in Markdown, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from tejido.experiments.study.plan import Plan
from tejido.report.study.rows import HISTOLOGY, Result, Row, size_ratio

_NAMES = {"auc": "AUC", "macro_f1": "Macro F1", "weighted_f1": "F1, weighted by support"}
_SIDES = {"test": "test", "val": "validation"}
_ONE_SPLIT = (
    "Only seeds differ: all runs learn from the same images and are judged by the same. The test therefore sees the "
    "chance of training (first weights, order of images, augmentation) and nothing of the choice of images. A small p "
    "says that the difference would show with other seeds on this split; it does not say so of other patients. The "
    "correction is made all the same, so p is larger than that of a plain paired t-test over seeds."
)
_OWN_SPLITS = (
    "Each seed has a split of its own, so the test sees the chance of training and of the split. Images that judge one "
    "seed are training images of another; the correction makes up for that in part."
)
_FOLDS = (
    "Folds differ, so the test sees the chance of training and of the choice of images within these data. Two folds "
    "share most of their training images; the correction makes up for that in part."
)


def name_of(metric: str) -> str:
    """A figure's name for people."""
    figure = metric.removesuffix(HISTOLOGY)
    said = _NAMES.get(figure, figure.replace("_", " ").capitalize())
    return f"{said}, histology-confirmed only" if figure != metric else said


def markdown(plan: Plan, results: Sequence[Result], rows: Sequence[Row], failures: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        plan: the study.
        results: of its finished trials.
        rows: of its table.
        failures: trials that failed, with the reason.
    """
    study = plan.study
    repeats = f"{len(study.seeds)} seeds" + (f", {len(study.folds)} folds" if study.folds else "")
    lines = [f"# Study `{study.name}`", ""]
    lines += [
        f"{len(results)} of {len(plan.trials)} runs finished ({len(plan.cells)} levels, {repeats}). "
        + _sizes(results, study.figures),
        "",
    ]
    lines += ["![Every run as a dot](study.png)", ""]
    for metric in dict.fromkeys(row.metric for row in rows):
        part = [row for row in rows if row.metric == metric]
        lines += [f"## {name_of(metric)}", "", *_table(plan, part), ""]
    if failures:
        lines += ["## Runs that failed", ""]
        lines += [f"- {trial}: {error}" for trial, error in failures.items()] + [""]
    if without := [result for result in results if result.disagreement is not None]:
        lines += ["## Runs without a model file", "", "Their figures are those of the network, as everybody's.", ""]
        lines += [f"- {result.trial}: {result.disagreement}" for result in without] + [""]
    lines += ["## How to read this", "", *_notes(plan, results, rows)]
    return "\n".join(lines) + "\n"


def number(value: float | None) -> str:
    """With three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}".replace("-", "−")


def change(row: Row) -> str:
    """The difference to the baseline with its interval, such as ``+0.012 (−0.003 to +0.027)``."""
    if row.difference is None:
        return ""
    if row.low is None or row.high is None:
        return _signed(row.difference)
    return f"{_signed(row.difference)} ({_signed(row.low)} to {_signed(row.high)})"


def _table(plan: Plan, rows: Sequence[Row]) -> list[str]:
    compared = bool(plan.baseline)
    head = [*(plan.axes or [""]), "runs", "mean", "std", "25 %", "50 %", "75 %", "max"]
    head += ["difference (95 %)", "pairs", "p", "p (Holm)"] if compared else []
    names = len(plan.axes) or 1
    rule = ["---"] * names + ["---:"] * (len(head) - names)
    lines = [_line(head), _line(rule)]
    for row in rows:
        spread = (row.mean, row.std, row.q25, row.median, row.q75, row.max)
        cells = [*(row.levels or ["recipe"]), str(row.runs), *map(number, spread)]
        if compared and plan.baseline_of(row.levels) is None:
            cells += ["baseline", "", "", ""]
        elif compared:
            cells += [change(row), str(row.pairs or ""), _p(row.p), _p(row.p_holm)]
        lines.append(_line(cells))
    return lines


def _notes(plan: Plan, results: Sequence[Result], rows: Sequence[Row]) -> list[str]:
    side = _SIDES[plan.study.figures]
    notes = [
        "Mean, standard deviation (n − 1), quartiles and maximum are over runs. The maximum is also a matter of luck; "
        "it is here because others report it."
    ]
    if plan.baseline:
        notes.append(_on_difference(plan, results))
        if any(row.runs and row.difference is None and plan.baseline_of(row.levels) for row in rows):
            notes.append(f"Where no difference stands, no pair of runs answered the same {side} images.")
    if any(row.p is not None for row in rows):
        notes += [
            "p: two-sided corrected resampled t-test (Nadeau and Bengio 2003) over pairs, with "
            f"{number(size_ratio(results, plan.study.figures))} {side} images for each training image. p (Holm) is "
            "adjusted for the number of levels compared, within one figure.",
            _FOLDS if plan.study.folds else _OWN_SPLITS if plan.study.splits else _ONE_SPLIT,
        ]
    if plan.study.figures == "val":
        notes.append(
            "These are validation images, by which each run also kept its best epoch: the figures flatter all runs. "
            "They are there to choose a level by; what the chosen one is worth, the test images must say."
        )
    else:
        notes.append("Whoever chooses a level by these figures has used the test images: measure it again on others.")
    return [fill(note, 120, initial_indent="- ", subsequent_indent="  ") for note in notes]


def _on_difference(plan: Plan, results: Sequence[Result]) -> str:
    rounds = results[0].trial.recipe.evaluation.bootstrap
    side = _SIDES[plan.study.figures]
    held = [axis for axis in plan.axes if axis not in plan.baseline]
    baseline = ", ".join(f"{axis} = {level}" for axis, level in plan.baseline.items())
    alike = f", with the same {' and '.join(held)}" if held else ""
    pair = "seed and fold" if plan.study.folds else "seed"
    return (
        f"Difference: to {baseline}{alike}; the mean over pairs of runs of the same {pair}, on the same {side} images. "
        f"Its interval comes from {rounds:,} resamples of whole groups (lesions, patients) of {side} images and takes "
        f"these networks as given: it says how far other {side} images would move the difference."
    )


def _sizes(results: Sequence[Result], on: str) -> str:
    sizes = {tuple(result.images.values()) for result in results if result.images}
    if len(sizes) != 1:
        return f"Figures are of the {_SIDES[on]} images."
    said = next(result.images for result in results if result.images)
    if on == "val":
        return f"Figures are of {said['val']:,} validation images; training had {said['train']:,}."
    return f"Figures are of {said['test']:,} test images; training had {said['train']:,}, validation {said['val']:,}."


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
