"""How far training and validation lie apart at the end of a study's runs.

One line a level, each figure the mean over its runs: AUC on the training images (as seen in training, augmented where
the recipe says so) and on validation in the last epoch, and the epoch that was kept.

    python benchmarks/learning_gap.py studies/upc2020_ladder
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd


def main(study: Path) -> None:
    runs = pd.read_csv(study / "runs.csv")
    level = runs.columns[1]
    found = []
    for trial, name in zip(runs["trial"], runs[level], strict=True):
        epochs = pd.read_csv(study / trial / "metrics.csv")
        last = epochs.iloc[-1]
        kept = int(epochs["val_auc"].idxmax()) + 1
        found.append(
            {level: name, "epochs": len(epochs), "kept": kept, "train": last["train_auc"], "val": last["val_auc"]}
        )
    table = pd.DataFrame(found).groupby(level, sort=False).mean()
    print(table.round({"epochs": 0, "kept": 0, "train": 3, "val": 3}).to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
