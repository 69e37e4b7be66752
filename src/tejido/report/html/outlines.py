"""The report of a segmenter as one HTML file."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tejido.experiments.outlines import DESCRIBED
from tejido.experiments.run import Run
from tejido.export.card_figures import PARTS
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.evaluate import estimate_of
from tejido.metrics.scores import correlation
from tejido.recipe import SegmentationRecipe
from tejido.report.html.rendering import address, render, svg

TILES = ("dice", "jaccard", "distance", "failed")
TITLES = {
    "area": "area, share of the picture",
    "asymmetry": "asymmetry",
    "irregularity": "irregularity of the border",
    "colours": "colours",
}


def page(
    run: Run[SegmentationRecipe], names: dict[str, str], left_out: str, *, examples: Figure, curves: Figure
) -> str:
    """The report of a finished run; it contains the pictures of ``examples``.

    Args:
        run: with its files.
        names: of the figures, in order.
        left_out: why which images are not among them, in words.
        examples: test pictures with both outlines.
        curves: of the training.
    """
    metrics = run.read_json("metrics.json")
    table = pd.read_parquet(run.folder / "outlines.parquet")
    split = pd.read_parquet(run.folder / "split.parquet")
    test = metrics["test"]
    sides = [
        (name, len(part), int(part["group_id"].nunique()))
        for name in ("train", "val", "test")
        for part in [split[split["split"] == name]]
    ]
    groups, rows = measures(table, rounds=run.recipe.evaluation.bootstrap)
    picture = io.BytesIO()
    examples.savefig(picture, format="jpeg", dpi=130, pil_kwargs={"quality": 82})
    return render(
        "outlines.html.j2",
        title=run.recipe.model,
        tiles=[(names[name], estimate_of(test["all"][name])) for name in TILES],
        abstract=_abstract(run, metrics),
        sides=sides,
        crossing=int((split.groupby("group_id")["split"].nunique() > 1).sum()),
        left_out=left_out,
        parts=[(PARTS.get(name, name), part) for name, part in test.items()],
        lines=[
            (title, [estimate_of(part[name]) for part in test.values()])
            for name, title in names.items()
            if all(name in part for part in test.values())  # not in runs of the first versions
        ],
        examples=address("image/jpeg", picture.getvalue()),
        groups=groups,
        measures=rows,
        limits=_limits(run, table),
        curves=svg(curves),
        recipe=run.recipe.to_yaml(),
        environment=json.dumps(run.read_json("environment.json"), indent=2),
    )


def measures(
    table: pd.DataFrame, *, rounds: int
) -> tuple[list[tuple[str, int]], list[tuple[str, list[float], Estimate]]]:
    """What masks and outlines tell of the lesions.

    Args:
        table: of ``experiments.outlines.judge_outlines``.
        rounds: of the bootstrap.

    Returns:
        Kinds of lesion (by malignancy, where it is known; else all), with their images; and for each measure its name,
        the medians of mask and outline for every kind, and the rank correlation of both over all images.
    """
    kinds = {str(name): part for name, part in table.groupby("malignancy", observed=True)} or {"all": table}
    rows = []
    for name in DESCRIBED:
        columns = [f"mask_{name}", f"outline_{name}"]
        whole = table.dropna(subset=columns)
        both = GroupBootstrap(whole["group_id"], rounds=rounds).estimate(
            correlation(*(whole[column].to_numpy(float) for column in columns))
        )
        cells = [float(part[column].median()) for part in kinds.values() for column in columns]
        rows.append((TITLES[name], cells, both))
    return [(name, len(part)) for name, part in kinds.items()], rows


def _abstract(run: Run[SegmentationRecipe], metrics: dict[str, Any]) -> list[str]:
    test = metrics["test"]["all"]
    size = metrics["bytes"] / 1000
    dice, failed = estimate_of(test["dice"]), estimate_of(test["failed"])
    return [
        f"{run.recipe.model} outlines lesions: a model file of {size:,.0f} kB, {metrics['parameters']:,} parameters.",
        f"On {test['images']:,} images of {test['groups']:,} lesions that it has not learned from, its outlines fit "
        f"the masks of the data set with a Dice coefficient of {dice} on average; {failed.percent} of them fail "
        "(Jaccard below .65).",
        "Intervals are 95 %, by resampling lesions. This is research, not a medical device.",
    ]


def _limits(run: Run[SegmentationRecipe], table: pd.DataFrame) -> list[str]:
    refused = int(table["refused"].sum())
    found = [
        "A mask is one opinion. People who outline the same lesions differ, and masks drawn with the help of a network "
        "are easier for another network than masks drawn by hand: figures for other masks cannot be compared with "
        "these.",
        f"One training (seed {run.recipe.seed}); another seed gives other figures.",
        "Pictures of one archive say little of pictures of another: tejido evaluate MODEL MANIFEST.",
    ]
    if refused:
        found.append(
            f"In {refused:,} test pictures it sees no lesion or refuses the capture; their outlines count all the same."
        )
    return found
