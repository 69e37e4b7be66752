"""How long a full report takes: 10,000 predictions of 7,000 lesions, 2,000 resamples, with all figures, plots and HTML.

``tejido evaluate FILE -o DIR`` as a whole process. Beside it what is usually written: a loop that draws groups, puts
their rows together and calls scikit-learn, for eight figures only; it is run for a few resamples and multiplied.

    .venv/bin/python benchmarks/report_time.py [--predictions 10000] [--rounds 2000] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

LIMIT = 60.0
LOOPED = 20
"""Resamples of the loop that are really drawn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--predictions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    table = predictions(options.predictions)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.csv"
        table.to_csv(path, index=False)
        command = [sys.executable, "-m", "tejido.cli.main", "evaluate", str(path), "--positive", "suspicious"]
        command += ["--threshold", "0.3", "--rounds", str(options.rounds), "-o", f"{folder}/out"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ours = time.perf_counter() - start
        written = sorted(path.name for path in (Path(folder) / "out").iterdir())
    start = time.perf_counter()
    loop(table, LOOPED)
    theirs = (time.perf_counter() - start) * options.rounds / LOOPED
    report = {
        "predictions": options.predictions,
        "rounds": options.rounds,
        "seconds": ours,
        "seconds of the loop, from its first resamples": theirs,
        "ratio": theirs / ours,
        "written": written,
        "limit": LIMIT,
        "met": ours <= LIMIT,
    }
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{options.predictions:,} predictions, {options.rounds:,} resamples of groups")
    met = "met" if report["met"] else "NOT met"
    print(f"tejido evaluate, the whole process   {ours:8.1f} s; limit {LIMIT:g} s: {met}")
    print(f"loop over scikit-learn, 8 figures    {theirs:8.1f} s (from {LOOPED}); {report['ratio']:.1f} times as long")


def predictions(count: int) -> pd.DataFrame:
    """Answers of a model with an AUC of about .9, several images of some lesions, half of them confirmed."""
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(0, 7 * count // 10, count))
    ill = rng.random(groups.max() + 1) < 0.18
    truth = ill[groups]
    score = 1 / (1 + np.exp(-(2.4 * truth - 2.2 + rng.normal(0, 1.2, count))))
    return pd.DataFrame(
        {
            "image_id": [f"i{number}" for number in range(count)],
            "group_id": [f"g{group}" for group in groups],
            "truth": np.where(truth, "suspicious", "benign"),
            "diagnosis": np.where(truth, rng.choice(["melanoma", "basal_cell_carcinoma"], count), "nevus"),
            "malignancy": np.where(truth, "malignant", "benign"),
            "confirmation": rng.choice(["histology", "follow_up"], count),
            "p_benign": 1 - score,
            "p_suspicious": score,
        }
    )


def loop(table: pd.DataFrame, rounds: int) -> list[list[float]]:
    """Resample groups as it is usually written."""
    rng = np.random.default_rng(0)
    by_group = dict(list(table.groupby("group_id")))
    names = list(by_group)
    found = []
    for _ in range(rounds):
        drawn = pd.concat([by_group[name] for name in rng.choice(names, len(names))])
        truth, score = drawn["truth"] == "suspicious", drawn["p_suspicious"]
        called = score >= 0.3
        found.append(
            [
                metrics.roc_auc_score(truth, score),
                metrics.average_precision_score(truth, score),
                metrics.accuracy_score(truth, called),
                metrics.recall_score(truth, called),
                metrics.recall_score(~truth, ~called),
                metrics.f1_score(truth, called),
                metrics.brier_score_loss(truth, score),
                metrics.log_loss(truth, score),
            ]
        )
    return found


if __name__ == "__main__":
    main()
