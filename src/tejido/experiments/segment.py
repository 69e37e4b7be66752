"""One segmenter: train, export, and compare its outlines with the masks of the test images."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import torch

from tejido import __version__
from tejido.data.tables import write_parquet
from tejido.errors import AgreementError
from tejido.experiments.describe import INTENDED_USE, NO_LESION, quality_rules, sources_of, split_facts
from tejido.experiments.outlined import OutlinedPart, load_outlined
from tejido.experiments.outlines import figures, judge_outlines, with_truth
from tejido.experiments.pictures import some_rows
from tejido.experiments.run import Run
from tejido.export.graph import export_graph, with_metadata
from tejido.export.outlining import Outlining
from tejido.export.storage import store
from tejido.files import replacing
from tejido.imaging import quality as qualities
from tejido.imaging.geometry import Stretch
from tejido.metrics import outlines
from tejido.models import segmenter
from tejido.recipe import SegmentationRecipe
from tejido.runtime.metadata import Label, Metadata
from tejido.runtime.segmenter import Segmenter
from tejido.training.segment import fit_segmenter
from tejido.training.trainer import check_options

LESION = Label("lesion", "lesion", "lesión")
GATE_PICTURES = 100
WANTED_DICE = 0.98
"""How well the file's masks must fit those of the network, on average."""
LOST_DICE = 0.005
"""How much less well than the network's they may fit the true ones, on average."""


def segment(run: Run[SegmentationRecipe]) -> dict[str, Any]:
    """Carry out a run, or what is left of it after an interruption.

    Writes ``split.parquet``, ``checkpoints/``, ``metrics.csv``, ``model.onnx``, ``outlines.parquet`` (how well the
    model file outlines every test image, at the image's own size) and ``metrics.json``.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TejidoError: data, recipe or export are not what they must be; see the modules that raise it.
    """
    recipe = run.recipe
    check_options(recipe.training)
    torch.manual_seed(recipe.seed)
    network = segmenter.from_recipe(recipe)
    parts = load_outlined(recipe, Stretch(recipe.image.size))
    sides = [part.rows[["image_id", "group_id"]].assign(split=name) for name, part in parts.items()]
    write_parquet(pd.concat(sides, ignore_index=True), run.folder / "split.parquet")
    fit_segmenter(network, parts["train"].images, parts["val"].images, recipe, run.folder)

    module = Outlining(network).eval()
    graph = export_graph(module)
    store(graph, recipe.export.weights)
    # The figures are those of the file itself, so it is asked before they stand in it.
    draft = with_metadata(graph, _describe(recipe, parts, {}))
    result: dict[str, Any] = {
        "images": {name: len(part.rows) for name, part in parts.items()},
        "left_out": {name: part.left_out for name, part in parts.items()},
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "agreement": _agreement(Segmenter(draft), module, parts["val"]),
    }
    table, seconds = judge_outlines(Segmenter(draft), parts["test"].rows)
    write_parquet(table, run.folder / "outlines.parquet")
    result["test"] = figures(table, rounds=recipe.evaluation.bootstrap)
    result["milliseconds"] = 1000 * seconds
    file = with_metadata(graph, _describe(recipe, parts, result["test"]))
    result["bytes"] = len(file)
    with replacing(run.folder / "model.onnx") as temporary:
        temporary.write_bytes(file)
    run.write_json("metrics.json", result)
    return result


def _agreement(model: Segmenter, module: Outlining, val: OutlinedPart) -> dict[str, float]:
    """The file's masks against the network's, and both against the true ones, on validation pictures of their own size.

    Raises:
        AgreementError: they do not fit, or the file's outlines are worse.
    """
    rows = some_rows(val.rows, GATE_PICTURES)
    fits, before, after = [], [], []
    for pixels, truth in with_truth(rows):
        with torch.inference_mode():
            network = module(torch.from_numpy(pixels.copy()))[0].numpy().astype(bool)
        file = model.run(pixels)["mask"].astype(bool)
        fits.append(outlines.dice(file, network))
        before.append(outlines.dice(network, truth))
        after.append(outlines.dice(file, truth))
    mean, lost = float(np.mean(fits)), float(np.mean(before) - np.mean(after))
    if mean < WANTED_DICE:
        raise AgreementError(f"the exported file does not outline as the network does: a Dice of {mean:.3f} on average")
    if lost > LOST_DICE:
        raise AgreementError(
            f"the exported file outlines worse than the network: a Dice lower by {lost:.3f} on average"
        )
    return {"pictures": len(fits), "mean_dice": mean, "least_dice": float(np.min(fits)), "lost_dice": lost}


def _describe(recipe: SegmentationRecipe, parts: dict[str, OutlinedPart], test: dict[str, Any]) -> Metadata:
    rows = {name: part.rows for name, part in parts.items()}
    modalities = rows["train"]["modality"].unique()
    return Metadata(
        kind="segmentation",
        name=recipe.model,
        task="lesion",
        labels=(LESION,),
        positive=None,
        thresholds={},
        calibration={},
        refusal=(*quality_rules(parts["train"].images, recipe.evaluation.quality_pass), NO_LESION),
        modality=str(modalities[0]) if len(modalities) == 1 else "any",
        frame="whole",
        input_size=recipe.image.size,
        quality=qualities.NAMES,
        training_data=sources_of(rows["train"]),
        split=split_facts(recipe.data, rows),
        metrics=test,
        intended_use=INTENDED_USE,
        licence=recipe.export.licence,
        recipe_sha256=recipe.sha256(),
        created=datetime.now(UTC).date().isoformat(),
        tejido_version=__version__,
    )
