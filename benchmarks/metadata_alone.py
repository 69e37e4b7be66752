"""What age, sex and site say without a picture, and what a network that reads them says when it is told nothing.

The first is a balanced logistic regression on age in classes of ten years, sex and site, with a class of its own for
what is not known, trained on the training images of the runs. The second are the networks of the runs themselves, asked
once with everything told and once with nothing, on the same images. Runs whose network reads none are passed over.

    python benchmarks/metadata_alone.py studies/metadata/*
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from linear_probe import probe

from tejido import taxonomy
from tejido.experiments.build import build
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.run import Run
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import auc, mean_of
from tejido.models.network import Network
from tejido.training.course import load_best
from tejido.training.fit import logits_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    folders = [folder for folder in parser.parse_args().runs if (folder / "recipe.yaml").is_file()]
    runs = [run for run in map(Run.open, folders) if run.recipe.network.metadata]
    recipe = runs[0].recipe
    task = taxonomy.task(recipe.task)
    assert task.positive is not None
    column = task.label_names.index(task.positive)

    parts = load_parts(recipe, build(recipe).geometry)
    test = parts["test"]
    context = test.images.context
    assert context is not None
    networks = [trained(run) for run in runs]
    told = [positive(network, test, context, column) for network in networks]
    nothing = torch.tensor([float("nan"), 0.0, 0.0]).expand(len(context), -1)
    untold = [positive(network, test, nothing, column) for network in networks]
    alone = without_pictures(parts, column)

    truth = (test.images.labels == column).numpy()
    histology = (test.rows["confirmation"] == "histology").to_numpy(bool)
    for name, kept in (("all", np.ones(len(truth), bool)), ("histology-confirmed only", histology)):
        bootstrap = GroupBootstrap(test.rows["group_id"][kept].reset_index(drop=True))
        with_all, with_none = (mean_of([auc(truth[kept], score[kept]) for score in group]) for group in (told, untold))
        print(f"\n{name}: {kept.sum():,} test images, {len(runs)} seeds; AUC")
        print(f"  age, sex and site alone  {bootstrap.estimate(auc(truth[kept], alone[kept]))}")
        print(f"  network, all told        {bootstrap.estimate(with_all)}")
        print(f"  network, nothing told    {bootstrap.estimate(with_none)}")
        print(f"  told - untold            {bootstrap.difference(with_all, with_none)}")


def trained(run: Run) -> Network:
    return load_best(build(run.recipe).network, run.folder / "checkpoints" / "best.ckpt")


def positive(network: Network, part: Part, context: torch.Tensor, column: int) -> np.ndarray:
    return logits_of(network, part.images.images, context).softmax(1)[:, column].numpy()


def without_pictures(parts: dict[str, Part], column: int) -> np.ndarray:
    tables = []
    for part in parts.values():
        assert part.images.context is not None
        age, sex, site = part.images.context.numpy().T
        decade = np.where(np.isnan(age), -1, age // 10)
        tables.append(pd.DataFrame({"age": decade, "sex": sex, "site": site}, dtype=int))
    features = pd.get_dummies(pd.concat(tables), columns=["age", "sex", "site"]).to_numpy(float)
    labels = torch.cat([part.images.labels for part in parts.values()]).numpy()
    side = np.repeat(list(parts), [len(table) for table in tables])
    answers, _ = probe(features, (labels == column).astype(int), side == "train", side == "val")
    return answers[side == "test", 1]


if __name__ == "__main__":
    main()
