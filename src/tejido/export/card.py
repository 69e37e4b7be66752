"""A model's card: what is known of a model file, as Markdown for people, with a head for programs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tejido.export import card_figures
from tejido.export.card_figures import figure
from tejido.export.front_matter import front_matter
from tejido.metrics.calibrated import calibration_of
from tejido.runtime.metadata import Metadata
from tejido.sources.catalogue import SOURCES

_RULES = {
    "vote": "the share of patches called so from 0.5 on (a share, not a calibrated probability)",
    "mean": "the mean over the patches",
    "max": "the largest of the patches (a score, not a calibrated probability)",
    "top_k": "the mean of the {} largest patches (a score, not a calibrated probability)",
}
_PICTURES = {
    "dermoscopy": "dermoscopic pictures",
    "clinical": "clinical photographs",
    "histology": "pictures of tissue",
    "any": "pictures of any kind",
}
_STRANGERS = ("gate", "novelty")
"""Outputs by which a model knows what it should not judge."""


def card(metadata: Metadata, test: pd.DataFrame | None = None, *, rounds: int = 2000) -> str:
    """The card of a model file; what is not known is not said.

    Args:
        metadata: of the file.
        test: its answers on the test images (see ``metrics.predictions``), for how true its probabilities are.
        rounds: of the bootstrap.
    """
    lines = [
        *[front_matter(metadata), f"# {metadata.name}", "", metadata.intended_use["en"], ""],
        *_purpose(metadata),
        *_use(metadata),
        *_model(metadata),
        *_training(metadata),
        *["", "## How good it is", "", "On test images, with 95 % intervals by group.", ""],
        *card_figures.measured(metadata.metrics),
        *card_figures.operating(metadata.operating),
        *card_figures.sets(metadata.operating),
        *_calibration(metadata, test, rounds),
        *_refusal(metadata),
        *_limits(metadata),
        *_origin(metadata, test is not None),
    ]
    return "\n".join(lines) + "\n"


def refusals(figures: dict[str, Any]) -> str:
    """In words, how many pictures without a label and how many with one are refused."""
    return (
        f"{figure(figures['refused'])} of {figures['images']:,} test images that have none of the labels, "
        f"{figure(figures['refused_in_error'])} of those that have one"
    )


def _purpose(metadata: Metadata) -> list[str]:
    labels = ", ".join(label.en for label in metadata.labels)
    pictures = _PICTURES.get(metadata.modality, metadata.modality)
    others = "" if metadata.modality == "any" else "pictures of another kind, and "
    return [
        "## What it is for, and what not",
        "",
        f"- For: research and teaching with {pictures}; it tells apart: {labels}.",
        "- Not for: diagnosis, treatment, or telling anybody that they need no doctor.",
        f"- Not for: {others}whatever has none of these labels: all that it does not refuse gets one of them.",
    ]


def _use(metadata: Metadata) -> list[str]:
    told = "".join(f", {item.name}=None" for item in metadata.inputs)
    lines = [
        *["", "## How to use it", ""],
        f"`model.onnx` is the file; a bundled one, or one in `./models`, also goes by its name, `{metadata.name}`.",
        *["", "```sh", "pip install tejido", "tejido classify picture.jpg --model model.onnx", "```"],
        *["", "```python", "import tejido", ""],
        f'answer = tejido.load("model.onnx").predict("picture.jpg"{told})',
        "print(answer.refused, answer.reason, answer.label, answer.probabilities)",
        *["```", ""],
        "Any ONNX runtime can run it: `image` is the decoded picture, upright, RGB, `uint8[H, W, 3]`, at its own size. "
        "Nothing is to be cropped, resized or normalised before.",
    ]
    if metadata.inputs:
        names = ", ".join(f"`{item.name}`" for item in metadata.inputs)
        lines += ["", f"It may also be told {names}; None where it is not known."]
    return lines


def _model(metadata: Metadata) -> list[str]:
    labels = ", ".join(f"{label.name} ({label.es})" for label in metadata.labels)
    return [
        *["", "## What it is", ""],
        f"- Task: {metadata.task}; labels: {labels}",
        f"- Input: {metadata.modality}, any size; the network sees {metadata.input_size} pixels a side "
        f"({metadata.frame.replace('_', ' ')})",
        *_patches(metadata),
        f"- Decision: {_decision(metadata)}",
        *_derivation(metadata),
        f"- Licence of this file: {metadata.licence}",
    ]


def _patches(metadata: Metadata) -> list[str]:
    lines = []
    if metadata.patches is not None:
        p = metadata.patches
        lines.append(
            f"- Patches: {p.columns * p.rows} of {p.width}x{p.height} pixels ({p.columns} columns, {p.rows} rows); the "
            f"answer for the picture is {_RULES[p.aggregate].format(p.top_k)}"
        )
    if metadata.scale is not None:
        lines.append("- Scale: " + ", ".join(f"{value} {unit}" for unit, value in metadata.scale.items()))
    return lines


def _decision(metadata: Metadata) -> str:
    if metadata.positive is None:
        return "the most probable label"
    return f"“{metadata.positive}” from a probability of {metadata.thresholds[metadata.positive]:.3f}"


def _derivation(metadata: Metadata) -> list[str]:
    taught = metadata.derivation.get("teachers", [])
    names = [f"{one['name']} ({one['network']}, recipe sha256 `{one['recipe_sha256']}`)" for one in taught]
    lines = [f"- Distilled from: {', '.join(names)}"] if names else []
    if "compression" in metadata.derivation:
        compression = metadata.derivation["compression"]
        kept = compression["validation"]
        lines.append(
            f"- Compressed: {', '.join(compression['steps'])}; on {kept['images']:,} validation images "
            f"{kept['labels']:.2%} kept their label, AUC {kept['auc_before']:.4f} before and {kept['auc']:.4f} after"
        )
    if "recalibrated" in metadata.derivation:
        local = metadata.derivation["recalibrated"]
        lines.append(
            f"- Recalibrated on {local['cases']:,} confirmed cases of {local['groups']:,} lesions or patients "
            f"({local['method'].replace('_', ' ')}, {local['date']}); figures below are of the file before"
        )
    return lines


def _training(metadata: Metadata) -> list[str]:
    lines = [
        *["", "## Trained on", ""],
        "| source | images | groups | licence | credit |",
        "| --- | ---: | ---: | --- | --- |",
    ]
    return lines + [
        f"| {d.source} | {d.images:,} | {d.groups:,} | {d.licence} | {d.attribution} |" for d in metadata.training_data
    ]


def _calibration(metadata: Metadata, test: pd.DataFrame | None, rounds: int) -> list[str]:
    method = str(metadata.calibration.get("method", "not known"))
    lines = ["", "### Do its probabilities mean what they say?", "", f"Calibration, inside the file: {method}."]
    if test is None:
        return lines
    about = "the label that is given" if metadata.positive is None else f"“{metadata.positive}”"
    found = calibration_of(test, metadata.positive, rounds=rounds)
    return [
        *[*lines, f"Error and slope are of the probability of {about}; some error is chance.", ""],
        *card_figures.calibrated(found),
    ]


def _refusal(metadata: Metadata) -> list[str]:
    rules = ", ".join(f"{r.code} above {r.above:.2f}" for r in metadata.refusal) or "nothing"
    lines = ["", "## What it refuses", "", f"- Refuses: {rules}"]
    if "other" in metadata.metrics:
        lines.append(f"- Refused on test: {refusals(metadata.metrics['other'])}")
    if "gate" in metadata.derivation:
        gate = metadata.derivation["gate"]
        families = ", ".join(f"{name} ({count:,})" for name, count in gate["learned_from"].items())
        lines.append(
            f"- Gate: may refuse {gate['false_refusal']:.0%} of its own validation images; learned to tell them from "
            f"{families}".replace("%", " %")
        )
    return lines


def _limits(metadata: Metadata) -> list[str]:
    lines = [
        *["", "## Limits", ""],
        "- Test images are from the archives that it learned from. Elsewhere, with other cameras and other people, it "
        "may do worse.",
        "- Probabilities hold where labels are as frequent as in these archives; `tejido recalibrate` fits a copy to "
        "confirmed cases of a place.",
    ]
    if not any(rule.output in _STRANGERS for rule in metadata.refusal):
        lines.append("- It does not recognise a picture of something else, and answers as if it were one of its own.")
    known = [one.source for one in metadata.training_data if one.source in SOURCES]
    lines += [f"- {name}: {sentence}" for name in known for sentence in SOURCES[name].info.weak]
    return lines


def _origin(metadata: Metadata, answers: bool) -> list[str]:
    table = " Calibration was measured on the answers in `predictions.parquet`." if answers else ""
    return [
        *["", "## Where the figures are from", ""],
        f"- Split: {metadata.split['kind']}",
        "- Calibration and thresholds were chosen on validation images; test images had no part in it. Figures stand "
        f"in the file's metadata too (`tejido models --json`).{table}",
        f"- Made {metadata.created} with Tejido {metadata.tejido_version}; recipe sha256 `{metadata.recipe_sha256}`",
    ]
