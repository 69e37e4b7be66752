"""A model's card: what its metadata says, as Markdown for people."""

from __future__ import annotations

from typing import Any

from tejido.runtime.metadata import Metadata

PARTS = {"all": "all images", "histology": "histology-confirmed only", "patches": "single patches"}
"""Titles of the sets of test images that figures are given for."""
_RULES = {
    "vote": "the share of patches called so from 0.5 on (a share, not a calibrated probability)",
    "mean": "the mean over the patches",
    "max": "the largest of the patches (a score, not a calibrated probability)",
    "top_k": "the mean of the {} largest patches (a score, not a calibrated probability)",
}


def card(metadata: Metadata) -> str:
    """Markdown with purpose, decision, data, figures and limits; nothing that the metadata does not hold."""
    labels = ", ".join(f"{label.name} ({label.es})" for label in metadata.labels)
    lines = [
        f"# {metadata.name}",
        "",
        f"{metadata.intended_use['en']}",
        "",
        f"- Task: {metadata.task}; labels: {labels}",
        f"- Input: {metadata.modality}, any size; the network sees {metadata.input_size} pixels a side "
        f"({metadata.frame.replace('_', ' ')})",
        *_patches(metadata),
        f"- Decision: {_decision(metadata)}",
        f"- Refuses: {', '.join(f'{r.code} above {r.above:.2f}' for r in metadata.refusal) or 'nothing'}",
        *([f"- Refused on test: {refusals(metadata.metrics['other'])}"] if "other" in metadata.metrics else []),
        f"- Split: {metadata.split['kind']}",
        *_derivation(metadata),
        f"- Licence of this file: {metadata.licence}",
        f"- Made {metadata.created} with Tejido {metadata.tejido_version}; recipe sha256 `{metadata.recipe_sha256}`",
        "",
        "## Trained on",
        "",
        "| source | images | groups | licence | credit |",
        "| --- | ---: | ---: | --- | --- |",
    ]
    lines += [
        f"| {d.source} | {d.images:,} | {d.groups:,} | {d.licence} | {d.attribution} |" for d in metadata.training_data
    ]
    lines += ["", "## On test, with 95 % intervals by group", "", *_figures(metadata.metrics)]
    lines += _operating(metadata.operating)
    return "\n".join(lines) + "\n"


def refusals(figures: dict[str, Any]) -> str:
    """In words, how many pictures without a label and how many with one are refused."""
    return (
        f"{_figure(figures['refused'])} of {figures['images']:,} test images that have none of the labels, "
        f"{_figure(figures['refused_in_error'])} of those that have one"
    )


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
    if "gate" in metadata.derivation:
        gate = metadata.derivation["gate"]
        families = ", ".join(f"{name} ({count:,})" for name, count in gate["learned_from"].items())
        lines.append(
            f"- Gate: may refuse {gate['false_refusal']:.0%} of its own validation images; learned to tell them from "
            f"{families}".replace("%", " %")
        )
    return lines


def _operating(said: dict[str, Any]) -> list[str]:
    """Thresholds, and what scores have meant; nothing where the file does not say."""
    if "points" not in said:
        return []
    cancers = sorted({name for point in said["points"] for name in point["found"]})
    heads = ["chosen for a sensitivity of", "from a probability of", "sensitivity", "specificity", *cancers]
    lines = ["", "## Thresholds, chosen on validation, and what they do on test", ""]
    lines += ["| " + " | ".join(head.replace("_", " ") for head in heads) + " |", "|" + " ---: |" * len(heads)]
    for point in said["points"]:
        cells = [f"{point['wanted']:.2f}", f"{point['threshold']:.3f}"]
        cells += [_figure(point[name]) for name in ("sensitivity", "specificity")]
        cells += [_figure(point["found"].get(name)) for name in cancers]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## What scores have meant on test",
        "",
        "| probability | images | positive |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| {band['low']:.3f} to {band['high']:.3f} | {band['images']:,} | {_figure(band['positive'])} |"
        for band in said["bands"]
    ]
    return lines


def _decision(metadata: Metadata) -> str:
    if metadata.positive is None:
        return "the most probable label"
    return f"“{metadata.positive}” from a probability of {metadata.thresholds[metadata.positive]:.3f}"


def _figures(metrics: dict[str, Any]) -> list[str]:
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
            cells = [_figure(metrics[key].get(name)) for key in parts]
            lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return lines


def _figure(figure: dict[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
