"""A recipe for trainings of the stub network."""

from __future__ import annotations

from typing import Any

from tejido.recipe import Data, Network, Recipe, Training

QUIET = {"enable_progress_bar": False}


def recipe(trainer: dict[str, Any] | None = None, **training: Any) -> Recipe:
    """Batches of 16, one epoch a stage, and what is said otherwise."""
    settings = {"head_epochs": 1, "epochs": 1, "batch": 16, "patience": 99, "rate": 0.05, "body_rate": 0.05} | training
    return Recipe(
        name="stub",
        model="stub",
        task="skin-suspicion",
        data=Data(manifest="", split=""),
        network=Network(name="stub"),
        training=Training(trainer=QUIET | (trainer or {}), **settings),
    )
