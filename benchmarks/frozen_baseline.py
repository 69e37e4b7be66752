"""Do trained networks beat a frozen one? Both on the same split, with paired intervals by lesion.

The baseline: pooled features of an ImageNet EfficientNet-Lite0 that never saw a lesion, at its native 224 pixels, and
a balanced logistic regression on them. Its strength of regularisation is chosen on validation, as the networks' best
epochs are. The trained networks are runs of one recipe with several seeds; what is compared is the mean of their AUCs
against the baseline's, on the same resampled lesions.

    python benchmarks/frozen_baseline.py runs/skin_suspicion/* [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.experiments.run import Run
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import auc, mean_of
from tejido.models import zoo
from tejido.recipe import resolve_path
from tejido.training.images import decode_all

WEIGHTS = "${TEJIDO_SHARED}/weights/tf_efficientnet_lite0.safetensors"
STRENGTHS = (0.0001, 0.001, 0.01, 0.1)


def frozen_features(paths: pd.Series, cache: Path) -> np.ndarray:
    """Pooled features ``float32[N, 1280]``, kept in a file because they take minutes."""
    if cache.is_file() and len(kept := np.load(cache)) == len(paths):
        return kept
    network = zoo.build("tf_efficientnet_lite0", 2, weights=resolve_path(WEIGHTS)).eval()
    parts = []
    for start in track(range(0, len(paths), 250), description="Frozen features"):
        images = decode_all(paths.iloc[start : start + 250], CentreSquare(224))
        with torch.inference_mode():
            parts += [network.features(part).mean((2, 3)) for part in torch.split(images, 50)]
    features = torch.cat(parts).numpy()
    np.save(cache, features)
    return features


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
    features = frozen_features(table["path"], manifest_path.with_suffix(".lite0.npy"))
    positive = (table["diagnosis"].map(task.label_of) == task.positive).to_numpy(bool)
    train, val, test = (split == name for name in splits.SPLITS)

    def fitted(strength: float) -> np.ndarray:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
        pipeline = make_pipeline(StandardScaler(), model).fit(features[train], positive[train])
        return np.asarray(pipeline.decision_function(features))

    answers = {strength: fitted(strength) for strength in STRENGTHS}
    best = max(answers, key=lambda strength: float(roc_auc_score(positive[val], answers[strength][val])))
    baseline = answers[best][test]

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
