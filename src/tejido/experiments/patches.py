"""What a recipe with patches adds to a run: which patches, and from their answers to those of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tejido.data.patches import PatchGrid
from tejido.data.tables import write_parquet
from tejido.errors import RecipeError
from tejido.experiments.run import Run
from tejido.experiments.threshold import chosen_threshold
from tejido.export.aggregate import Aggregate
from tejido.files import replacing
from tejido.metrics import aggregate as rules
from tejido.metrics.evaluate import evaluate
from tejido.metrics.patch_thresholds import between_votes, threshold_table
from tejido.recipe import Recipe
from tejido.runtime.metadata import Patches
from tejido.taxonomy import Task

COMPARED = ("auc", "accuracy", "sensitivity", "specificity", "balanced_accuracy")


def grid_of(recipe: Recipe) -> PatchGrid | None:
    """The patches that the recipe asks for, or None.

    Raises:
        RecipeError: ``top_k`` asks for more patches than there are.
    """
    section = recipe.image.patches
    if section is None:
        return None
    grid = PatchGrid(section.size, section.size, section.columns, section.rows)
    if recipe.evaluation.aggregate == "top_k" and recipe.evaluation.top_k > grid.count:
        raise RecipeError(f"evaluation.top_k: {recipe.evaluation.top_k} is more than the {grid.count} patches")
    return grid


def rule_of(recipe: Recipe, task: Task) -> Aggregate:
    """The recipe's rule as a module for the graph."""
    positive = None if task.positive is None else task.label_names.index(task.positive)
    return Aggregate(recipe.evaluation.aggregate, positive=positive, top_k=recipe.evaluation.top_k)


def as_metadata(grid: PatchGrid, recipe: Recipe) -> Patches:
    """What the model file says of its patches."""
    rule = recipe.evaluation.aggregate
    top_k = recipe.evaluation.top_k if rule == "top_k" else None
    return Patches(grid.width, grid.height, grid.columns, grid.rows, rule, top_k)


@dataclass(frozen=True)
class Decider:
    """From the predictions of patches to those of images, by the recipe's rule or another.

    Attributes:
        recipe: of the run.
        task: its task.
        count: patches of an image.
    """

    recipe: Recipe
    task: Task
    count: int

    def images(self, patches: pd.DataFrame, rule: str | None = None) -> pd.DataFrame:
        """The prediction table of the images."""
        evaluation = self.recipe.evaluation
        top_k = min(evaluation.top_k, self.count)
        rule = rule or evaluation.aggregate
        return rules.of_images(patches, rule, positive=self.task.positive, top_k=top_k)[0]

    def threshold(self, val: pd.DataFrame, rule: str | None = None) -> float | None:
        """Chosen on the images of validation, as the recipe says; for votes between two numbers of them."""
        if self.task.positive is None:
            return None
        found = chosen_threshold(val, self.task.positive, self.recipe.evaluation)
        vote = (rule or self.recipe.evaluation.aggregate) == "vote"
        return between_votes(found, self.count) if vote else found

    def report(self, run: Run, patches: dict[str, pd.DataFrame]) -> dict[str, Any]:
        """Write what is told of patches beside the figures of the run, and return the figures of single test patches.

        Writes ``predictions_patches.parquet`` and, for a binary task, ``patch_rules.csv`` (every rule with its own
        threshold from validation, on test) and ``patch_thresholds.csv`` (``metrics.patch_thresholds``, on both).
        """
        table = pd.concat([part.assign(split=name) for name, part in patches.items()], ignore_index=True)
        write_parquet(table, run.folder / "predictions_patches.parquet")
        positive, rounds = self.task.positive, self.recipe.evaluation.bootstrap
        if positive is not None:
            _write_csv(self._rules(patches), run, "patch_rules.csv")
            _write_csv(self._thresholds(patches), run, "patch_thresholds.csv")
        figures = evaluate(
            patches["test"], positive=positive, threshold=None if positive is None else 0.5, rounds=rounds
        )
        return dict(figures["all"])

    def _rules(self, patches: dict[str, pd.DataFrame]) -> pd.DataFrame:
        rows = []
        for rule in rules.RULES:
            threshold = self.threshold(self.images(patches["val"], rule), rule)
            test = self.images(patches["test"], rule)
            figures = evaluate(
                test, positive=self.task.positive, threshold=threshold, rounds=self.recipe.evaluation.bootstrap
            )["all"]
            row: dict[str, Any] = {"rule": rule, "threshold": threshold}
            for name in COMPARED:
                found = figures.get(name, {"value": None, "low": None, "high": None})
                row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
            rows.append(row)
        return pd.DataFrame(rows)

    def _thresholds(self, patches: dict[str, pd.DataFrame]) -> pd.DataFrame:
        parts = []
        for name, table in patches.items():
            images, votes = rules.of_images(table, "vote", positive=self.task.positive)
            truth = (images["truth"] == self.task.positive).to_numpy(bool)
            rounds = self.recipe.evaluation.bootstrap
            found = threshold_table(votes, self.count, truth, images["group_id"], rounds=rounds)
            parts.append(found.assign(split=name))
        return pd.concat(parts, ignore_index=True)


def _write_csv(table: pd.DataFrame, run: Run, name: str) -> None:
    with replacing(run.folder / name) as temporary:
        table.to_csv(temporary, index=False)
