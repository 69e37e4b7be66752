"""What a report says in sentences: the abstract and the limits, from facts alone."""

from __future__ import annotations

from tejido.experiments.facts import Facts
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.figures import Figure
from tejido.metrics.subgroups import Difference

CALIBRATED = 0.03
"""Calibration error above which probabilities are said to be off; so it is for bundled models."""
TITLES = {
    "all": "all images",
    "histology": "histology-confirmed only",
    "groups": "one answer a lesion or patient",
    "patches": "single patches",
}


def abstract(facts: Facts) -> list[str]:
    """Sentences; each stands only where its figures are known."""
    found = facts.found
    table = found.table
    groups = table["group_id"].nunique()
    who = f"{found.title} was asked about {len(table):,} images of {groups:,} lesions or patients."
    if groups == len(table):
        who = f"{found.title} was asked about {len(table):,} images."
    sentences = [who]
    auc = _figure(facts, "auc")
    if auc is not None:
        hard = _figure(facts, "auc", part="histology")
        beside = f"; among the histology-confirmed ones, which are harder, {hard}" if hard is not None else ""
        sentences.append(f"The area under the ROC curve is {auc}{beside}.")
    if found.positive is not None and found.threshold is not None:
        sensitivity, specificity = _figure(facts, "sensitivity"), _figure(facts, "specificity")
        sentences.append(
            f"At its threshold, a probability of {found.threshold:.3f} for “{found.positive}”, it finds "
            f"{_share(sensitivity)} of those that are, and clears {_share(specificity)} of those that are not."
        )
        missed = _missed(facts)
        if missed:
            sentences.append(missed)
    else:
        balanced, f1 = _figure(facts, "balanced_accuracy"), _figure(facts, "macro_f1")
        if balanced is not None and f1 is not None and found.positive is None:
            sentences.append(f"Balanced accuracy is {balanced}, macro F1 {f1}.")
    error = _figure(facts, "calibration_error")
    if error is not None:
        good = "mean what they say" if error.value <= CALIBRATED else "are off"
        sentences.append(f"Its probabilities {good}: the calibration error is {error}.")
    sentences.append("Intervals are 95 %, by resampling lesions or patients. This is research, not a medical device.")
    return sentences


def limits(facts: Facts, divided: list[Difference] | None) -> list[str]:
    """What these figures do not say."""
    table = facts.found.table
    found = [f"{note[0].upper()}{note[1:]}." for note in facts.found.notes]
    if facts.split is not None and facts.split.crossing:
        found.append(f"{facts.split.crossing:,} groups stand on several sides of the split: the figures are too good.")
    known = facts.found.rows
    if known is not None and "source" in known:
        sources = sorted(known["source"].dropna().astype(str).unique())
        if len(sources) == 1:
            found.append(f"All test images are from one archive, {sources[0]}. How far this carries is not known.")
        elif len(sources) > 1:
            found.append(f"Test images are from {', '.join(sources)}, and from nowhere else.")
    if known is not None and "patient_id" in known and known["patient_id"].isna().all():
        found.append("Patients are not known: groups are lesions, so a patient can be on both sides of the split.")
    if "confirmation" in table and (table["confirmation"] == "histology").mean() < 1:
        share = (table["confirmation"] != "histology").mean()
        found.append(
            f"{share:.0%} of the test images have no histology. A model can score by recognising why a picture was "
            "taken, which the histology-confirmed ones do not allow.".replace("%", " %")
        )
    if facts.recipe is not None:
        found.append(f"One training (seed {facts.recipe.seed}); another seed gives other figures.")
    small = sorted({f"{one.attribute}: {one.value}" for one in divided or () if one.note is not None})
    if small:
        found.append(f"{len(small)} parts of the images are too small to be judged, among them {', '.join(small[:4])}.")
    if divided is None:
        found.append("Parts of the images (sex, age, skin) were not looked at: tejido evaluate --subgroups.")
    found.append("The share of positives is the archive's. Predictive values must be read at the reader's own.")
    return found


def figure(facts: Facts, name: str, part: str = "all", label: str | None = None) -> Figure | None:
    """One of the figures, or None."""
    for one in facts.figures.get(part, []):
        if one.name == name and one.label == label:
            return one
    return None


def _figure(facts: Facts, name: str, part: str = "all") -> Estimate | None:
    found = figure(facts, name, part)
    return None if found is None or found.estimate.value != found.estimate.value else found.estimate


def _share(estimate: Estimate | None) -> str:
    return "an unknown share" if estimate is None else estimate.percent


def _missed(facts: Facts) -> str | None:
    melanoma = figure(facts, "sensitivity", label="melanoma")
    if melanoma is None:
        return None
    return f"Of melanomas it finds {melanoma.estimate.percent}."
