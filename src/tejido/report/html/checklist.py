"""What reporting guidelines ask, answered where the facts are known and left open where they are not.

Items of TRIPOD+AI (Collins et al. 2024) and CLAIM (Mongan et al. 2020), in our words and shortened; the
guidelines themselves say what each item means.
"""

from __future__ import annotations

from tejido.experiments.facts import Facts

OPEN = ""
"""The answer to an item that only the authors can give."""
Row = tuple[str, str, str]
"""Item numbers, what is asked, the answer."""


def checklist(facts: Facts, *, divided: bool, worse: bool, elsewhere: bool = False) -> list[Row]:
    """All items.

    Args:
        facts: of the report.
        divided: parts of the images were looked at.
        worse: worse pictures were looked at.
        elsewhere: these images are others than the model's own test images, with which they are compared.
    """
    model, split = facts.model, facts.split
    table = facts.found.table
    confirmed = ""
    if "confirmation" in table:
        shares = table["confirmation"].fillna("not known").value_counts(normalize=True)
        confirmed = "; confirmed by " + ", ".join(
            f"{str(k).replace('_', ' ')} {v:.0%}" for k, v in shares.items()
        ).replace("%", " %")
    labels = "" if model is None else ", ".join(label.en for label in model.labels)
    return [
        ("T1, C1", "Title says that it is a prediction model, and of what", facts.found.title),
        ("T2, C2", "Abstract", "above"),
        ("T3, C3", "Purpose, intended use and users", OPEN if model is None else model.intended_use["en"]),
        ("T4, C4–6", "Objectives and hypotheses", OPEN),
        ("T5, C7", "Sources of the data, and dates", _sources(facts)),
        ("T6, C8", "Setting, eligibility", OPEN),
        ("T7, C9–10", "Preparation of the data", _preparation(facts)),
        ("T8, C14–16", "Outcome, and how it was established", (labels or "labels of the table") + confirmed),
        ("T9", "Predictors", _predictors(facts)),
        ("T10, C19", "Sample size and why", f"{len(table):,} test images, all that there are; no prior calculation"),
        ("T11, C13", "Missing data", "figures by part show what is not known as a part" if divided else OPEN),
        ("T12a, C20–21", "Division of the data, at which level", _division(facts)),
        ("T12c, C22–26", "Model, its training, parameters, selection", _training(facts)),
        ("T12e, C28–29", "Measures of performance, uncertainty", "above, with 95 % intervals by group"),
        ("T13", "Imbalance of the classes", _balance(facts)),
        ("T14, T23b", "Fairness and differences between groups", "above" if divided else OPEN),
        ("T15", "Output: probabilities, classes, thresholds", _output(facts)),
        ("C30", "Robustness", "above" if worse else OPEN),
        ("C31", "Explanations", _explanations(facts)),
        ("T16, C32", "Evaluation on data of another origin", _elsewhere(facts) if elsewhere else OPEN),
        ("T17, C12", "Ethical approval, de-identification", OPEN),
        ("T18a–b, C42", "Funding, conflicts of interest", OPEN),
        ("T18c–d, C40–41", "Protocol, registration", OPEN),
        ("T18e", "Availability of the data", _licences(facts)),
        ("T18f", "Availability of the code", "Tejido is open source (Apache-2.0)"),
        ("T19", "Involvement of patients and public", OPEN),
        ("T20, C33–34", "Flow of images, their characteristics", "above" if split is not None or divided else OPEN),
        ("T22", "The full model", OPEN if model is None else "the model file; recipe below"),
        ("T23a, C35–37", "Performance with intervals; analysis of errors", "above"),
        ("T26, C38", "Limitations", "above"),
        ("T27, C39", "Use in practice, next steps", OPEN),
    ]


def _sources(facts: Facts) -> str:
    if facts.model is None:
        return OPEN
    named = [f"{one.source} ({one.images:,} images of {one.groups:,} groups)" for one in facts.model.training_data]
    return "trained on " + ", ".join(named) + "; dates are not known"


def _elsewhere(facts: Facts) -> str:
    rows = facts.found.rows
    sources = [] if rows is None or "source" not in rows else sorted(rows["source"].dropna().astype(str).unique())
    named = f", from {', '.join(sources)}" if sources else ""
    return f"above: {len(facts.found.table):,} images{named}, beside the test images of its own data, with the drop"


def _licences(facts: Facts) -> str:
    if facts.model is None:
        return OPEN
    return "; ".join(f"{one.source}: {one.licence}" for one in facts.model.training_data)


def _preparation(facts: Facts) -> str:
    if facts.recipe is None:
        return OPEN
    image = facts.recipe.image
    steps = ", ".join(str(step) for step in image.steps) or "no further steps"
    return f"{image.geometry.replace('_', ' ')}, {image.size} pixels, {steps}; part of the model file"


def _predictors(facts: Facts) -> str:
    if facts.model is None:
        return OPEN
    return ", ".join(["the picture", *(one.name for one in facts.model.inputs)])


def _division(facts: Facts) -> str:
    if facts.split is None:
        return OPEN if facts.model is None else facts.model.split["kind"]
    sides = ", ".join(f"{side.name} {side.images:,}" for side in facts.split.sides)
    leaks = "no group on two sides" if not facts.split.crossing else f"{facts.split.crossing:,} groups on several sides"
    return f"by group; {sides} images; {leaks}"


def _training(facts: Facts) -> str:
    if facts.recipe is None:
        return OPEN
    network, training = facts.recipe.network, facts.recipe.training
    start = "pretrained weights" if network.weights else "random weights"
    epochs = training.head_epochs + training.epochs
    return f"{network.name} from {start}, {epochs} epochs at most, the best on validation by {training.monitor}"


def _balance(facts: Facts) -> str:
    if facts.recipe is None:
        return OPEN
    words = {"oversample": "rare labels drawn more often", "weights": "rare labels weigh more", "none": "nothing done"}
    how = words.get(facts.recipe.training.balance, facts.recipe.training.balance)
    if facts.recipe.training.balance != "none" and facts.recipe.evaluation.calibration == "temperature":
        return f"{how}; temperature scaling does not undo it"
    return f"{how}; calibration on validation undoes it"


def _explanations(facts: Facts) -> str:
    drawn = any(error.heatmap is not None for error in facts.errors)
    return "heatmaps of errors, above" if drawn else OPEN


def _output(facts: Facts) -> str:
    found = facts.found
    if found.positive is None:
        return "probabilities; the most probable label"
    if found.threshold is None:
        return "probabilities"
    return f"probabilities; “{found.positive}” from {found.threshold:.3f}, chosen on validation"
