"""Networks to be explained that need no training."""

from __future__ import annotations

from pathlib import Path

import torch

from tejido import recipe as recipes
from tejido.experiments.build import build
from tejido.experiments.explain.subject import Subject
from tejido.experiments.run import Run
from tests.support.experiment import prepare


def untrained(folder: Path, shared: Path, *overrides: str) -> Path:
    """The folder of a run that looks finished, with random weights in all layers."""
    recipe = recipes.load(prepare(folder, shared, lesions=120), overrides)
    run = Run.create(folder / "run", recipe)
    network = build(recipe).network
    with torch.no_grad():
        for weight in network.head.parameters():
            weight.normal_()
    (run.folder / "checkpoints").mkdir()
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state}, run.folder / "checkpoints" / "best.ckpt")
    run.write_json("metrics.json", {})
    return run.folder


def subject(folder: Path, shared: Path, *overrides: str) -> Subject:
    """The same, opened."""
    return Subject.of_run(untrained(folder, shared, *overrides))
