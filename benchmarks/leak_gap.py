"""What is a leak worth? The same recipe on a leaky and on a clean split of the same pictures.

The runs of each side differ in their seed, which draws the split as well as the training, so that the interval holds
both. Clean: split by group, duplicates removed. Leaky: split at random by image, duplicates kept. The two sides have
other test images by their nature; intervals come from resampling groups within every run.

    python benchmarks/leak_gap.py --clean RUN... --leaky RUN... [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.experiments.run import Run
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import auc
from tejido.recipe import resolve_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clean", nargs="+", type=Path, required=True)
    parser.add_argument("--leaky", nargs="+", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    clean, leaky = ([test_of(Run.open(folder)) for folder in side] for side in (arguments.clean, arguments.leaky))
    result = {
        "all": compare(clean, leaky),
        "histology": compare(*([t[t["confirmation"] == "histology"] for t in side] for side in (clean, leaky))),
        "test images with a sibling in training": {
            name: float(np.mean([table["sibling"].mean() for table in side]))
            for name, side in (("clean", clean), ("leaky", leaky))
        },
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def test_of(run: Run) -> pd.DataFrame:
    """A run's test predictions: ``positive, score, group_id, confirmation``, and whether training has a sibling."""
    recipe = run.recipe
    positive = taxonomy.task(recipe.task).positive
    assert positive is not None
    manifest = manifests.read(resolve_path(recipe.data.manifest))
    split = splits.load(resolve_path(recipe.data.split), manifest, allow_leaks=recipe.data.allow_leaks)
    seen = set(manifest["group_id"][split == "train"])
    table = pd.read_parquet(run.folder / "predictions.parquet")
    table = table[table["split"] == "test"].reset_index(drop=True)
    confirmation = manifest.set_index("image_id")["confirmation"]
    return pd.DataFrame(
        {
            "positive": table["truth"] == positive,
            "score": table[f"p_{positive}"],
            "group_id": table["group_id"],
            "confirmation": table["image_id"].map(confirmation),
            "sibling": table["group_id"].isin(seen),
        }
    )


def compare(clean: list[pd.DataFrame], leaky: list[pd.DataFrame]) -> dict[str, Any]:
    """Both sides and the gap between them."""
    ours, our_draws = several(clean)
    theirs, their_draws = several(leaky)
    gap = [b - a for a, b in zip(ours, theirs, strict=True)]
    return {
        "clean": summary(ours, our_draws),
        "leaky": summary(theirs, their_draws),
        "gap": summary(gap, their_draws - our_draws),
    }


def several(tables: list[pd.DataFrame]) -> tuple[list[float], NDArray[np.float64]]:
    """AUC of every run, and the mean of the runs in every resample."""
    values, draws = [], []
    for number, table in enumerate(tables):
        score = auc(table["positive"].to_numpy(bool), table["score"].to_numpy(float))
        bootstrap = GroupBootstrap(table["group_id"].reset_index(drop=True), seed=number)
        values.append(score(np.ones(len(table))))
        draws.append(bootstrap.resamples(score))
    return values, np.mean(draws, axis=0)


def summary(values: list[float], draws: NDArray[np.float64]) -> dict[str, Any]:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return {"seeds": values, "mean": float(np.mean(values)), "low": float(low), "high": float(high)}


if __name__ == "__main__":
    main()
