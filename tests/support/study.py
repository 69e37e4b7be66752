"""Studies for tests: a recipe of no real data, and trials that take a moment."""

from __future__ import annotations

import os
import random
import time
from math import exp
from pathlib import Path
from typing import Any

from tejido.experiments.run import Run
from tejido.experiments.study.plan import Plan, load
from tejido.files import replacing
from tejido.recipe import Recipe

FAKE = "tests.support.study:fake"
EPOCHS = 3
ROOT = Path(__file__).parents[2]
TEXT = """
name: tiny
recipe:
  name: base
  model: base
  task: skin-suspicion
  data: {manifest: m.parquet, split: s.parquet}
  network: {name: mobilenetv1_025}
  evaluation: {bootstrap: 200}
axes:
  training.balance: [none, weights, oversample]
seeds: [0, 1]
baseline: none
"""


def plan(folder: Path, text: str = TEXT) -> Plan:
    """The plan of a study written into ``folder``."""
    path = folder / "study.yaml"
    path.write_text(text)
    return load(path)


def fake(run: Run) -> None:
    """A trial of a few tenths of a second in three "epochs", which goes on where it was stopped.

    ``TEJIDO_TEST_SECONDS`` makes it longer. The files ``fail`` and ``die`` beside the study say which seeds fail. Each
    start and each epoch is noted in ``calls.txt`` there, or in the folder ``TEJIDO_TEST_NOTES``. Answers are noise
    around the truth, and depend on the recipe alone.
    """
    study = Path(os.environ.get("TEJIDO_TEST_NOTES", run.folder.parent))
    node = os.environ.get("RAY_RAYLET_PID", "here")
    last = run.folder / "checkpoints" / "last.ckpt"
    begun = int(last.read_text()) if last.is_file() else 0
    name = run.recipe.sha256()[:12]
    _note(study, f"{name} start {begun} {node}")
    for epoch in range(begun, EPOCHS):
        time.sleep(float(os.environ.get("TEJIDO_TEST_SECONDS", "0.1")))
        run.write_text("checkpoints/last.ckpt", str(epoch + 1))
        _note(study, f"{name} epoch {epoch} {node}")
    seed = str(run.recipe.seed)
    if (study / "fail").is_file() and seed in (study / "fail").read_text():
        raise ValueError("seeds like this\nfail")
    if (study / "die").is_file() and seed in (study / "die").read_text():
        os.kill(os.getpid(), 9)
    finish(run, *answers(run.recipe))


def answers(recipe: Recipe, images: int = 60) -> tuple[list[bool], list[float]]:
    """Truth of the test images, and probabilities that are the better the more the recipe balances."""
    gain = {"none": 0.5, "weights": 1.0, "oversample": 1.5}[recipe.training.balance]
    draws = random.Random(f"{recipe.seed} {gain}")
    truth = [number % 3 == 0 for number in range(images)]
    return truth, [1 / (1 + exp(-gain * (2 * positive - 1) - draws.gauss(0, 1))) for positive in truth]


def finish(run: Run, truth: list[bool], probabilities: list[float]) -> None:
    """Write what a finished run leaves: two images a group, half of them confirmed by histology, threshold 0.5."""
    import pyarrow as pa
    from pyarrow import parquet

    numbers = range(len(truth))
    columns = {
        "image_id": [f"i{number:03}" for number in numbers],
        "group_id": [f"g{number // 2:03}" for number in numbers],
        "confirmation": ["histology" if number % 4 < 2 else "follow_up" for number in numbers],
        "diagnosis": ["melanoma" if positive else "nevus" for positive in truth],
        "malignancy": ["malignant" if positive else "benign" for positive in truth],
        "truth": ["suspicious" if positive else "benign" for positive in truth],
        "p_benign": [1 - p for p in probabilities],
        "p_suspicious": probabilities,
        "split": ["test"] * len(truth),
    }
    with replacing(run.folder / "predictions.parquet") as temporary:
        parquet.write_table(pa.table(columns), temporary)
    figures = {"all": _figures(truth, probabilities), "histology": _figures(*_half(truth, probabilities))}
    images = {"train": 300, "val": 60, "test": len(truth)}
    run.write_json("metrics.json", {"images": images, "threshold": 0.5, "test": figures})


def _half(truth: list[bool], probabilities: list[float]) -> tuple[list[bool], list[float]]:
    kept = [number for number in range(len(truth)) if number % 4 < 2]
    return [truth[number] for number in kept], [probabilities[number] for number in kept]


def _figures(truth: list[bool], p: list[float]) -> dict[str, Any]:
    """By definition, image by image."""
    yes = [score for score, positive in zip(p, truth, strict=True) if positive]
    no = [score for score, positive in zip(p, truth, strict=True) if not positive]
    sensitivity = sum(score >= 0.5 for score in yes) / len(yes)
    specificity = sum(score < 0.5 for score in no) / len(no)
    values = {
        "auc": sum(a > b for a in yes for b in no) / (len(yes) * len(no)),
        "accuracy": (sensitivity * len(yes) + specificity * len(no)) / len(p),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "balanced_accuracy": (sensitivity + specificity) / 2,
    }
    return {"images": len(p), "groups": len(p) // 2} | {name: {"value": value} for name, value in values.items()}


def calls(study: Path) -> list[list[str]]:
    """What trials have noted: ``[trial, "start" or "epoch", number, node]``; a node is the number of its raylet."""
    path = study / "calls.txt"
    return [line.split() for line in path.read_text().splitlines()] if path.is_file() else []


def _note(study: Path, text: str) -> None:
    with (study / "calls.txt").open("a") as file:
        file.write(text + "\n")
