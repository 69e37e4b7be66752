"""How well do pictures tell where they come from, and why they were taken?

A logistic regression on frozen features answers three questions: from which source is a picture, was its lesion cut
out or only watched (``confirmation``), and, for comparison, is it suspicious. Five folds by group: one tests, one
chooses the strength, three train; every figure is of out-of-fold answers, with an interval by group. Beside it the
same without fine detail, without the middle of the picture, from seven numbers of colour and sharpness, and with the
labels of the groups shuffled. Then the probes that know no diagnosis are asked which lesion is suspicious.

    python benchmarks/shortcut_probes.py data/all.parquet data/all.folds.parquet [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from features import border, coarse, colour, lite0, measured
from linear_probe import out_of_fold, shuffled
from numpy.typing import NDArray

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import folds
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import auc, macro_auc, mean_of, share

FOLDS = 5
ROUNDS = 1000
NETWORK = Path(__file__).parents[1] / "docs/results/skin-suspicion-first/predictions.parquet"
"""Answers of the network that was bundled first, on the test images of its own split."""
LEAST_GROUPS = 10
"""A label with fewer groups than this is left out of a question."""
QUESTIONS = {
    "six sources": ("source", "synthetic == False"),
    "four skin sources": ("source", "modality != 'histology'"),
    "sources of nevi": ("source", "diagnosis == 'nevus'"),
    "sources of melanomas": ("source", "diagnosis == 'melanoma'"),
    "confirmation, all": ("confirmation", "source == 'ham10000'"),
    "confirmation, benign": ("confirmation", "source == 'ham10000' and malignancy == 'benign'"),
    "confirmation, nevi": ("confirmation", "source == 'ham10000' and diagnosis == 'nevus'"),
    "suspicion": ("skin-suspicion", "source == 'ham10000'"),
}
"""Task, and rows of the manifest that it is put to."""
LOOKS = ("frozen", "coarse", "border", "colour", "shuffled")


def labels_of(table: pd.DataFrame, task: taxonomy.Task, rows: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Label of each image by number, -1 where the question is not put to it, and the names of the labels."""
    chosen = table.query(rows)
    label = chosen[task.column].map(task.label_of, na_action="ignore").dropna()
    groups = chosen["group_id"].groupby(label).nunique()
    names = task.closed(label).label_names
    names = tuple(name for name in names if groups.get(name, 0) >= LEAST_GROUPS)
    kept = label.where(label.isin(names)).reindex(table.index)
    return pd.Categorical(kept, categories=names).codes.astype(np.int64), names


def figures(
    truth: NDArray[np.int64], answers: NDArray[np.float64], groups: pd.Series, names: tuple[str, ...]
) -> dict[str, Any]:
    """AUC (mean over labels of one against the rest) and balanced accuracy; with more than two labels, each AUC."""
    put = truth >= 0
    truth, answers = truth[put], answers[put]
    bootstrap = GroupBootstrap(groups[put], rounds=ROUNDS)
    recalls = [share(answers.argmax(1) == truth, truth == label) for label in range(len(names))]
    # with two labels both AUCs are the same
    scores = {"auc": macro_auc(truth, answers) if len(names) > 2 else auc(truth == 1, answers[:, 1])}
    scores |= {"balanced_accuracy": mean_of(recalls)}
    if len(names) > 2:
        scores |= {f"auc_{name}": auc(truth == label, answers[:, label]) for label, name in enumerate(names)}
    return {name: asdict(bootstrap.estimate(score)) for name, score in scores.items()}


def as_suspicion(table: pd.DataFrame, scores: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """AUC of suspicious against benign on the network's test images, by its answer and by each of the scores.

    Once against all benign images, once against those proven by histology, once against the others. The first is the
    mean of the other two, weighted by how many benign images are ``benign_proven``: all suspicious ones are proven.
    """
    told = pd.read_parquet(NETWORK).query("split == 'test'").set_index("image_id")
    here = table["image_id"].isin(told.index).to_numpy()
    rows = table[here].reset_index(drop=True)
    scores = {"network": told.loc[rows["image_id"], "p_suspicious"].to_numpy(float)} | {
        name: score[here] for name, score in scores.items()
    }
    positive = (told.loc[rows["image_id"], "truth"] == "suspicious").to_numpy(bool)
    proven = (rows["confirmation"] == "histology").to_numpy(bool)
    result: dict[str, Any] = {"benign_proven": float(proven[~positive].mean())}
    for part, kept in {"all": positive | ~positive, "proven": positive | proven, "others": positive | ~proven}.items():
        bootstrap = GroupBootstrap(rows["group_id"][kept], rounds=ROUNDS)
        result[part] = {"suspicious": int(positive[kept].sum()), "benign": int((~positive[kept]).sum())} | {
            name: asdict(bootstrap.estimate(auc(positive[kept], score[kept]))) for name, score in scores.items()
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folds", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    table = manifests.read(arguments.manifest)
    sides = [folds.load_fold(arguments.folds, table, fold).to_numpy() for fold in range(FOLDS)]
    network = lite0()
    measures = {"frozen": network, "coarse": coarse(network), "border": border(network), "colour": colour()}
    looks = {
        look: measured(table, measure, arguments.manifest.with_suffix(f".{look}.npz"))
        for look, measure in measures.items()
    }
    results: dict[str, Any] = {}
    scores = {}
    for question, (task, rows) in QUESTIONS.items():
        truth, names = labels_of(table, taxonomy.task(task), rows)
        images = {name: int((truth == label).sum()) for label, name in enumerate(names)}
        results[question] = {"images": images, "chance_balanced_accuracy": 1 / len(names), "looks": {}}
        print(f"\n{question}: {', '.join(f'{count:,} {name}' for name, count in images.items())}")
        for look in LOOKS:
            labels, seen = (truth, look) if look != "shuffled" else (shuffled(truth, table["group_id"]), "frozen")
            answers, strengths = out_of_fold(looks[seen], labels, sides)
            found = figures(labels, answers, table["group_id"], names)
            results[question]["looks"][look] = found | {"strengths": strengths}
            print(f"  {look:<9}", ", ".join(f"{name} {one['value']:.3f}" for name, one in found.items()), flush=True)
            if task != "source":
                scores[f"{question}, {look}"] = answers[:, 1]
    suspicion = as_suspicion(table, scores)
    print("\nsuspicious against all benign images, those proven by histology, the others")
    for name in ("network", *scores):
        print(f"  {name:<32}", *(f"{suspicion[part][name]['value']:.3f}" for part in ("all", "proven", "others")))
    if arguments.json:
        arguments.json.write_text(json.dumps({"questions": results, "as_suspicion": suspicion}, indent=2) + "\n")


if __name__ == "__main__":
    main()
