"""A training that can be a process of its own, to be killed: ``python -m tests.training.apart FOLDER RECIPE DATA``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from tejido import recipe as recipes
from tejido.models import zoo
from tejido.training.fit import fit, logits_of
from tejido.training.images import LabelledImages


def carry_out(folder: Path, recipe: Path, data: Path) -> None:
    """Train in ``folder``, and leave the best network's answers there in ``answers.pt``.

    Args:
        folder: of the checkpoints and ``metrics.csv``.
        recipe: of the network and its training.
        data: images and labels, as ``torch.save`` writes them; 200 train, the others validate.
    """
    asked = recipes.load(recipe)
    images, labels = torch.load(data, weights_only=True)
    torch.manual_seed(asked.seed)
    network = zoo.from_recipe(asked, 2)
    train, val = LabelledImages(images[:200], labels[:200]), LabelledImages(images[200:], labels[200:])
    network = fit(network, train, val, asked, folder)
    torch.save(logits_of(network, val.images), folder / "answers.pt")


if __name__ == "__main__":
    carry_out(*(Path(argument) for argument in sys.argv[1:]))
