"""A bundled skin model on archives that it was never trained on: what it refuses, then its figures, and the drop.

Of a manifest of several sources, those images count that share no group (lesion, patient, identical or nearly identical
picture) with the source that trained the model. Phone photos are asked about too: they should be refused.

    tejido data build --source ham10000=$TEJIDO_SHARED/data/ham10000 --source isic9=$TEJIDO_SHARED/data/isic9 \
        --source isic2020=$TEJIDO_SHARED/data/isic2020 --source pad_ufes_20=$TEJIDO_SHARED/data/pad_ufes_20 \
        --metadata $TEJIDO_SHARED/data/csv/isic2019_toregore/ISIC_2019_Training_GroundTruth.csv \
        --metadata $TEJIDO_SHARED/data/csv/isic2019_toregore/ISIC_2019_Training_Metadata.csv -o data/external.parquet
    .venv/bin/python benchmarks/external.py data/external.parquet --model skin-suspicion \
        --own docs/results/skin-suspicion --seen data/pad_ufes_20.split.parquet [-o DIR]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tejido import load, taxonomy
from tejido.data import manifest as manifests
from tejido.experiments.pictures import pixels_of
from tejido.experiments.predict import of_run
from tejido.metrics import predictions
from tejido.metrics.against import compare_apart
from tejido.metrics.refusals import refusals

if TYPE_CHECKING:
    from tejido.runtime.classifier import Classifier

SHOWN = ("auc", "sensitivity", "specificity", "balanced_accuracy")
LEAST = 5
"""Answered images of each label without which there are no figures."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("manifest", type=Path, help="of several sources")
    parser.add_argument("--model", default="skin-suspicion", help="name or file")
    parser.add_argument("--own", type=Path, required=True, help="the model's run, or what of it is published")
    parser.add_argument("--trained-on", default="ham10000", help="source that trained it")
    parser.add_argument("--seen", type=Path, help="split of pictures of which its gate has seen the train side")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("-o", "--output", type=Path, help="folder for external.json and predictions")
    options = parser.parse_args()
    model = load(options.model)
    rows = manifests.read(options.manifest)
    known = set(rows["group_id"][rows["source"] == options.trained_on])
    others = rows[(rows["source"] != options.trained_on) & ~rows["group_id"].isin(known)]
    if options.seen is not None:
        seen = pd.read_parquet(options.seen)
        others = others[~others["image_id"].isin(seen["image_id"][seen["split"] == "train"])]
    report: dict[str, Any] = {"model": model.metadata.name, "manifest": len(rows), "sources": {}}
    for source, part in others.groupby("source", sort=True):
        report["sources"][source] = measure(model, part, options)
    print(table(report))
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "external.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def measure(model: Classifier, part: pd.DataFrame, options: argparse.Namespace) -> dict[str, Any]:
    """One source: refusals by label, figures of what was answered, and the difference from the model's own test."""
    metadata, task = model.metadata, taxonomy.task(model.metadata.task)
    truth = part[task.column].map(task.label_of, na_action="ignore")
    part, truth = part[truth.notna()].reset_index(drop=True), truth.dropna().reset_index(drop=True)
    answers = [model.predict(pixels) for pixels in pixels_of(part)]
    asked = part[["group_id"]].assign(truth=truth, reason=pd.Series([answer.reason for answer in answers]))
    found: dict[str, Any] = {
        "images": len(part),
        "groups": int(part["group_id"].nunique()),
        "refused": [
            {"of": one.of, "reason": one.reason, "images": one.images, **asdict(one.share)}
            for one in refusals(asked, rounds=options.rounds)
        ],
    }
    values = pd.DataFrame([answer.probabilities for answer in answers])[list(metadata.label_names)].to_numpy()
    table = predictions.make(part, truth.tolist(), metadata.label_names, values)
    own = of_run(options.own)
    thresholds = (None, None)
    if metadata.positive is not None:
        thresholds = (metadata.thresholds[metadata.positive], own.threshold)
    for name, kept in (("answered", asked["reason"].isna()), ("all, refused or not", asked["reason"].notna() | True)):
        some = table[kept.to_numpy(bool)].reset_index(drop=True)
        counts = some["truth"].value_counts()
        if len(counts) < 2 or counts.min() < LEAST:
            found[name] = {"images": len(some), "note": f"fewer than {LEAST} images of a label"}
            continue
        compared = compare_apart(
            some, own.table, positive=metadata.positive, thresholds=thresholds, rounds=options.rounds
        )
        found[name] = {"images": len(some)} | {
            one.name: {"here": asdict(one.first), "own": asdict(one.second), "drop": asdict(one.difference)}
            for one in compared.figures
            if one.name in SHOWN and one.label is None
        }
    return found


def table(report: dict[str, Any]) -> str:
    """Refusals, and figures here and there."""
    lines = [f"{report['model']}"]
    for source, found in report["sources"].items():
        lines += ["", f"{source}: {found['images']:,} images of {found['groups']:,} groups"]
        for one in found["refused"]:
            words = one["of"] if one["reason"] is None else f"for {one['reason']}"
            lines.append(f"  refused, {words:<24}{one['images']:>7,}  {_interval(one, percent=True)}")
        for name in ("answered", "all, refused or not"):
            figures = found[name]
            lines.append(f"  {name}: {figures['images']:,} images {figures.get('note', '')}")
            for key in SHOWN:
                if key in figures:
                    here, own, drop = (_interval(figures[key][part]) for part in ("here", "own", "drop"))
                    lines.append(f"    {key:<20} {here:<24} own {own:<24} difference {drop}")
    return "\n".join(lines)


def _interval(estimate: dict[str, float | None], *, percent: bool = False) -> str:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    form = "{:.1%}" if percent else "{:.3f}"
    text = form.format(value)
    return text if low is None or high is None else f"{text} ({form.format(low)} to {form.format(high)})"


if __name__ == "__main__":
    main()
