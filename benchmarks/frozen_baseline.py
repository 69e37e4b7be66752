"""Do trained networks beat a frozen one? Both on the same split, with paired intervals by lesion.

The baseline: pooled features of an ImageNet EfficientNet-Lite0 that never saw a lesion, at its native 224 pixels, and
a balanced logistic regression on them. Its strength of regularisation is chosen on validation, as the networks' best
epochs are. The trained networks are runs of one recipe with several seeds; what is compared is the mean of their AUCs
against the baseline's, on the same resampled lesions.

    python benchmarks/frozen_baseline.py runs/skin_suspicion_accurate/* [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from features import lite0, measured
from linear_probe import probe
from sklearn.metrics import roc_auc_score

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.experiments.run import Run
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import auc, mean_of
from tejido.recipe import resolve_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    runs = [Run.open(folder) for folder in arguments.runs]
    recipe = runs[0].recipe
    assert all(run.recipe.model_copy(update={"seed": 0}) == recipe.model_copy(update={"seed": 0}) for run in runs)
    task = taxonomy.task(recipe.task)
    assert task.positive is not None

    manifest_path = resolve_path(recipe.data.manifest)
    table = manifests.read(manifest_path)
    split = splits.load(resolve_path(recipe.data.split), table).to_numpy()
    features = measured(table, lite0(), manifest_path.with_suffix(".frozen.npz"))
    positive = (table["diagnosis"].map(task.label_of) == task.positive).to_numpy(bool)
    train, val, test = (split == name for name in splits.SPLITS)

    answers, best = probe(features, positive.astype(int), train, val)
    baseline = answers[test, 1]

    order = table["image_id"][test]
    seeds = []
    for run in runs:
        predictions = pd.read_parquet(run.folder / "predictions.parquet").set_index("image_id")
        seeds.append(predictions.loc[order, f"p_{task.positive}"].to_numpy(float))

    results = {}
    confirmed = (table["confirmation"][test] == "histology").to_numpy(bool)
    for name, kept in (("all", np.ones(test.sum(), bool)), ("histology", confirmed)):
        truth = positive[test][kept]
        bootstrap = GroupBootstrap(table["group_id"][test][kept].reset_index(drop=True))
        ours = mean_of([auc(truth, scores[kept]) for scores in seeds])
        theirs = auc(truth, baseline[kept])
        results[name] = {
            "images": int(kept.sum()),
            "seeds": [float(roc_auc_score(truth, scores[kept])) for scores in seeds],
            "mean_of_seeds": asdict(bootstrap.estimate(ours)),
            "frozen_baseline": asdict(bootstrap.estimate(theirs)),
            "difference": asdict(bootstrap.difference(ours, theirs)),
        }
        print(f"\n{name}: {kept.sum():,} test images of {table['group_id'][test][kept].nunique():,} lesions")
        print(f"  networks, {len(seeds)} seeds   {bootstrap.estimate(ours)}")
        print(f"  frozen baseline     {bootstrap.estimate(theirs)}")
        print(f"  paired difference   {bootstrap.difference(ours, theirs)}")
    results["baseline_strength"] = best
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
