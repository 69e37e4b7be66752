"""What a run's model file says about itself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import torch

from tejido import __version__, context
from tejido.context import SEXES, SITES
from tejido.experiments.datasets import Part
from tejido.experiments.distil import teachers_of
from tejido.experiments.judge import Judged
from tejido.experiments.operating import operating
from tejido.experiments.patches import as_metadata, grid_of
from tejido.imaging import quality as qualities
from tejido.metrics.calibration import WORDS
from tejido.recipe import Data, Recipe
from tejido.runtime.metadata import Choice, Input, Label, Metadata, RefusalRule, TrainingData
from tejido.taxonomy import Task
from tejido.training.images import Images, batches

INTENDED_USE = {
    "en": "Research and education. Not a medical device; it must not decide about a person's care.",
    "es": "Investigación y enseñanza. No es un producto sanitario; no debe decidir sobre la atención de una persona.",
}
NO_LESION = RefusalRule("no_lesion", "absence", 0, 0.5)
"""For models that outline: not a single pixel rather is lesion than not."""
DISJOINT = "disjoint by group (lesion, patient, slide, identical bytes)"
LEAKY = "not checked for leaks: groups may stand in training and in test, and the figures may be too good"


def describe(
    recipe: Recipe,
    task: Task,
    parts: dict[str, Part],
    judged: Judged,
    test: dict[str, Any],
) -> Metadata:
    """The metadata of a run's model file, from what the run knows.

    Args:
        recipe: of the run.
        task: its task.
        parts: train, validation and test as they were used.
        judged: its calibration and thresholds.
        test: figures of ``metrics.evaluate``.
    """
    train_rows = parts["train"].pictures
    grid = grid_of(recipe)
    scale = recipe.image.um_per_pixel
    return Metadata(
        name=recipe.model,
        task=task.name,
        labels=tuple(Label(label.name, label.en, label.es) for label in task.labels),
        positive=task.positive,
        thresholds={} if task.positive is None or judged.threshold is None else {task.positive: judged.threshold},
        calibration={"method": WORDS[recipe.evaluation.calibration], **asdict(judged.calibrated)},
        refusal=(
            *quality_rules(
                parts["train"].images.images, recipe.evaluation.quality_pass, 1 if grid is None else grid.count
            ),
            *(() if judged.others is None else (RefusalRule("unlabelled", "novelty", 0, judged.others.above),)),
            *(() if recipe.image.segmenter is None else (NO_LESION,)),
        ),
        modality=task.modality or "any",
        frame="centre_square" if grid is None and recipe.image.geometry != "stretch" else "whole",
        input_size=recipe.image.size,
        quality=qualities.NAMES,
        training_data=sources_of(train_rows),
        split=split_facts(recipe.data, {name: part.pictures for name, part in parts.items()}),
        metrics=test,
        intended_use=INTENDED_USE,
        licence=recipe.export.licence,
        recipe_sha256=recipe.sha256(),
        created=datetime.now(UTC).date().isoformat(),
        tejido_version=__version__,
        scale=None if scale is None else {"um_per_pixel": scale},
        patches=None if grid is None else as_metadata(grid, recipe),
        inputs=_inputs() if recipe.network.metadata else (),
        operating=operating(judged.tables, task.positive, rounds=recipe.evaluation.bootstrap),
        derivation={"teachers": teachers} if (teachers := teachers_of(recipe)) else {},
    )


def sources_of(rows: pd.DataFrame) -> tuple[TrainingData, ...]:
    """What each source gave to the training.

    Args:
        rows: of the manifest.
    """
    return tuple(
        TrainingData(
            source=str(source),
            images=len(part),
            groups=int(part["group_id"].nunique()),
            licence=", ".join(sorted(part["licence"].unique())),
            attribution=", ".join(sorted(part["attribution"].unique())),
        )
        for source, part in rows.groupby("source")
    )


def split_facts(section: Data, rows: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """How the images were split.

    Args:
        section: of the recipe.
        rows: of the manifest, by side.
    """
    return {
        "kind": LEAKY if section.allow_leaks else DISJOINT,
        "images": {name: len(part) for name, part in rows.items()},
        "groups": {name: int(part["group_id"].nunique()) for name, part in rows.items()},
    }


@torch.inference_mode()
def quality_rules(images: Images, passing: float, patches: int = 1) -> tuple[RefusalRule, ...]:
    """Refuse what is blurred, dark or glaring beyond nearly all training images, and beyond what is tolerable.

    An image's quality is the mean over its ``patches``.
    """
    single = torch.cat([qualities.Quality()(part[:, :3]) for part in batches(images, 256)])
    measured = single.reshape(-1, patches, single.shape[1]).mean(1).numpy()
    limits = np.maximum(np.quantile(measured, passing, axis=0), qualities.TOLERABLE)
    return tuple(
        RefusalRule(code=name, output="quality", index=index, above=float(limit))
        for index, (name, limit) in enumerate(zip(qualities.NAMES, limits, strict=True))
    )


def _inputs() -> tuple[Input, ...]:
    """What a network with metadata may be told, with the codes of ``tejido.context``."""

    def choices(table: tuple[context.Choice, ...]) -> tuple[Choice, ...]:
        return tuple(Choice(one.name, one.en, one.es, one.terms) for one in table)

    return Input("age", None), Input("sex", choices(SEXES)), Input("site", choices(SITES))
