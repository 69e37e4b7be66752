"""Tables of a model's card: how it does on test, what thresholds do, what scores have meant, prediction sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tejido.metrics.bootstrap import Estimate

PARTS = {"all": "all images", "histology": "histology-confirmed only", "patches": "single patches"}
"""Titles of the sets of test images that figures are given for."""


def measured(metrics: dict[str, Any]) -> list[str]:
    """The figures on test, a column a set of images."""
    parts = {key: title for key, title in PARTS.items() if key in metrics}
    lines = [
        "| | " + " | ".join(parts.values()) + " |",
        "| --- | " + " | ".join("---" for _ in parts) + " |",
        "| images (groups) | "
        + " | ".join(f"{metrics[k]['images']:,} ({metrics[k]['groups']:,})" for k in parts)
        + " |",
    ]
    for name, value in metrics["all"].items():
        if isinstance(value, dict):
            cells = [figure(metrics[key].get(name)) for key in parts]
            lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return lines


def calibrated(found: Mapping[str, Estimate]) -> list[str]:
    """The figures of ``metrics.calibrated``."""
    perfect = {"calibration_error": 0, "calibration_slope": 1, "brier_skill": 1}
    lines = ["| | on test | perfect |", "| --- | --- | ---: |"]
    for name, value in found.items():
        cell = "–" if np.isnan(value.value) else str(value)
        lines.append(f"| {name.replace('_', ' ').capitalize()} | {cell} | {perfect[name]} |")
    return lines


def operating(said: dict[str, Any]) -> list[str]:
    """Thresholds, and what scores have meant; nothing where the file does not say."""
    if "points" not in said:
        return []
    cancers = sorted({name for point in said["points"] for name in point["found"]})
    heads = ["chosen for a sensitivity of", "from a probability of", "sensitivity", "specificity", *cancers]
    lines = ["", "### Thresholds, chosen on validation, and what they do on test", ""]
    lines += ["| " + " | ".join(head.replace("_", " ") for head in heads) + " |", "|" + " ---: |" * len(heads)]
    for point in said["points"]:
        cells = [f"{point['wanted']:.2f}", f"{point['threshold']:.3f}"]
        cells += [figure(point[name]) for name in ("sensitivity", "specificity")]
        cells += [figure(point["found"].get(name)) for name in cancers]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "### What scores have meant on test",
        "",
        "| probability | images | positive |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| {band['low']:.3f} to {band['high']:.3f} | {band['images']:,} | {figure(band['positive'])} |"
        for band in said["bands"]
    ]
    return lines


def sets(said: dict[str, Any]) -> list[str]:
    """From which probability a label cannot be excluded; nothing where the file does not say."""
    if "sets" not in said:
        return []
    found = said["sets"]
    lines = [
        "",
        "### Prediction sets",
        "",
        f"All labels that cannot be excluded, so that the right one is among them for {found['coverage']:.0%} of new "
        "lesions or patients (conformal, fitted on validation for every label apart).".replace("%", " %"),
        "",
        "| label | in the set from a probability of | right label in the set, on test |",
        "| --- | ---: | ---: |",
    ]
    for label, least in found["least"].items():
        lines.append(f"| {label.replace('_', ' ')} | {least:.3f} | {figure(found['covered'].get(label))} |")
    return [*lines, f"| all | | {figure(found['covered']['all'])} |"]


def figure(value: dict[str, float | None] | None) -> str:
    """A figure of the metadata with its interval; a dash where there is none."""
    if value is None or value["value"] is None:
        return "–"
    return str(Estimate(value["value"], value["low"], value["high"]))
