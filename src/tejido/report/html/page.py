"""Facts as one HTML file, to read, to print, to attach to a paper."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Plot
from numpy.typing import NDArray
from PIL import Image

from tejido.experiments.facts import Facts
from tejido.experiments.mistakes import Error
from tejido.experiments.robustness import Corrupted
from tejido.files import replacing
from tejido.metrics.figures import confusion
from tejido.metrics.operating import predictive_values
from tejido.metrics.subgroups import Difference
from tejido.report import evaluation, robustness, subgroups
from tejido.report.against import Against
from tejido.report.html.checklist import checklist
from tejido.report.html.rendering import address, interval, render, svg
from tejido.report.html.words import TITLES, abstract, limits
from tejido.report.plots import learning_curves
from tejido.report.section import Section
from tejido.report.shortcuts import WORDS as SHORTCUT_WORDS
from tejido.report.shortcuts import Audit
from tejido.runtime.overlay import draw

PREVALENCES = (0.01, 0.05, 0.1, 0.3)
_SIDE = 150
_TILES = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "calibration_error": "calibration error",
}
"""Figures at the head of the page, as far as they are known: the first six."""
_ALT = {
    "roc": "ROC curve: sensitivity over 1 − specificity",
    "precision_recall": "Precision over recall",
    "reliability": "Share that has the label over its predicted probability, in bins of equal size",
    "net_benefit": "Net benefit of acting on the score, always and never, over the probability to act from",
    "risk_coverage": "Errors among the answered over the share that is answered, the most certain first",
    "learning_curves": "Loss and figures by epoch on training and validation",
    "subgroups": "Difference of every part of the images from all, with intervals",
    "robustness": "AUC and share refused over severity, by kind of corruption",
}


@dataclass(frozen=True)
class Tile:
    """One figure at the head of the page."""

    title: str
    value: str
    interval: str


@dataclass(frozen=True)
class Additions:
    """What a report also says where it was asked for; None where it was not.

    Attributes:
        against: another model.
        divided: parts of the images, of ``experiments.subgroups``.
        worse: worse pictures, of ``experiments.robustness``.
        shortcuts: what else the model may answer by.
    """

    against: Against | None = None
    divided: list[Difference] | None = None
    worse: list[Corrupted] | None = None
    shortcuts: Audit | None = None

    @classmethod
    def of(cls, sections: Sequence[Section]) -> Additions:
        """What was asked for, among any sections."""
        found = cls()
        for section in sections:
            if isinstance(section, Against):
                found = replace(found, against=section)
            elif isinstance(section, subgroups.Parts):
                found = replace(found, divided=section.found)
            elif isinstance(section, robustness.Corruptions):
                found = replace(found, worse=section.found)
            elif isinstance(section, Audit):
                found = replace(found, shortcuts=section)
        return found


def write(path: Path, facts: Facts, additions: Additions = Additions()) -> None:
    """Write the page, whole or not at all; arguments as ``page``."""
    with replacing(path) as temporary:
        temporary.write_text(page(facts, additions), encoding="utf-8")


def page(facts: Facts, additions: Additions = Additions()) -> str:
    """The report as HTML.

    Args:
        facts: of ``experiments.facts.gather``.
        additions: what else was asked for.
    """
    found, divided, worse = facts.found, additions.divided, additions.worse
    return render(
        "page.html.j2",
        facts=facts,
        abstract=abstract(facts),
        limits=limits(facts, divided),
        tiles=_tiles(facts),
        parts={name: TITLES.get(name, name) for name in facts.figures},
        lines=list(evaluation.lines_of(facts.figures)),
        refused=evaluation.refusal_lines(facts.refused),
        counts=confusion(found.table, positive=found.positive, threshold=found.threshold)
        if found.positive is None or found.threshold is not None
        else None,
        decision=evaluation.decision(found),
        plots=_plots(facts, divided, worse),
        alt=_ALT,
        points=[_point(point) for point in facts.points],
        prevalences=PREVALENCES,
        against=additions.against,
        divided=divided,
        groups=subgroups.parts_of(divided or []),
        names=subgroups.NAMES,
        group_words=subgroups.WORDS,
        shortcuts=additions.shortcuts,
        shortcut_words=SHORTCUT_WORDS,
        worse=None if worse is None else robustness.cells_of(worse),
        worse_images=0 if not worse else worse[0].images,
        errors=_by_truth(facts),
        missed=[] if facts.missed is None else [_drawn(one, facts) for one in facts.missed.shown],
        checklist=checklist(facts, divided=divided is not None, worse=bool(worse), elsewhere=_elsewhere(additions)),
        recipe=None if facts.recipe is None else facts.recipe.to_yaml(),
        environment=None if facts.environment is None else json.dumps(facts.environment, indent=2),
    )


def _elsewhere(additions: Additions) -> bool:
    """Whether the comparison is with other images than these."""
    return additions.against is not None and additions.against.found.other_images is not None


def _tiles(facts: Facts) -> list[Tile]:
    first = next(iter(facts.figures.values()))
    known = {one.name: one.estimate for one in first if one.label is None and not np.isnan(one.estimate.value)}
    tiles: list[Tile] = []
    for name, title in _TILES.items():
        if name in known:
            tiles.append(Tile(title, f"{known[name].value:.3f}", interval(known[name])))
    return tiles[:6]


def _point(point: Any) -> dict[str, Any]:
    values = [
        predictive_values(point.sensitivity.value, point.specificity.value, prevalence) for prevalence in PREVALENCES
    ]
    return {"point": point, "values": values}


def _plots(facts: Facts, divided: list[Difference] | None, worse: list[Corrupted] | None) -> dict[str, str]:
    made: dict[str, Plot] = evaluation.plots(facts.found)
    if facts.history is not None and facts.recipe is not None:
        training = facts.recipe.training
        made["learning_curves"] = learning_curves(facts.history, training.head_epochs, training.monitor)
    if divided:
        made["subgroups"] = subgroups.plot(divided)
    if worse:
        made["robustness"] = robustness.plot(worse)
    return {name: svg(plot) for name, plot in made.items()}


def _by_truth(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    shown: dict[str, list[dict[str, Any]]] = {}
    for one in facts.errors:
        shown.setdefault(one.truth, []).append(_drawn(one, facts))
    return shown


def _drawn(error: Error, facts: Facts) -> dict[str, Any]:
    """An error with the addresses of its picture and of its heatmap."""
    drawn = None
    if error.pixels is not None and error.heatmap is not None and facts.model is not None:
        drawn = draw(error.pixels, error.heatmap, facts.model.frame)
    return {"error": error, "uri": _jpeg(error.pixels), "map": _jpeg(drawn)}


def _jpeg(pixels: NDArray[np.uint8] | None) -> str | None:
    if pixels is None:
        return None
    picture = Image.fromarray(pixels)
    picture.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=82)
    return address("image/jpeg", buffer.getvalue())
