"""Generators: training them, and what they make."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from PIL import Image

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.duplicates.fingerprint import fingerprint
from tejido.data.splitting.limit import limited
from tejido.data.tables import write_parquet
from tejido.errors import DataError, TejidoError
from tejido.experiments.datasets import split_of
from tejido.experiments.made_up import LEARNED_FROM
from tejido.experiments.run import Run
from tejido.files import replacing
from tejido.imaging.geometry import CentreSquare
from tejido.models.gan.pair import Generator, build
from tejido.recipe import SynthesisRecipe, resolve_path
from tejido.sources.record import ImageRecord
from tejido.training.images import LabelledImages, decode_all
from tejido.training.synthesize import COLLAPSED, as_pixels, fit_generator, load_generator, vectors
from tejido.training.trainer import check_options

log = logging.getLogger(__name__)


def train(run: Run[SynthesisRecipe]) -> dict[str, Any]:
    """Carry out a run, or what is left of it after an interruption.

    Writes ``split.parquet`` (the images that it learns from, all of the training side), ``checkpoints/``,
    ``metrics.csv``, ``grids/`` and ``metrics.json``.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TejidoError: data or recipe are not what they must be; see the modules that raise it.
    """
    recipe = run.recipe
    check_options(recipe.training)
    rows = training_rows(recipe)
    write_parquet(rows[["image_id", "group_id"]].assign(split="train"), run.folder / "split.parquet")
    names = classes_of(recipe)
    torch.manual_seed(recipe.seed)
    pair = build(recipe, len(names))
    images = decode_all(rows["path"], CentreSquare(recipe.image.size), aspects=rows["aspect"])
    indices = [names.index(label) for label in rows["label"]] if recipe.network.conditional else [0] * len(rows)
    fit_generator(pair, LabelledImages(images, torch.tensor(indices)), recipe, run.folder)
    history = pd.read_csv(run.folder / "metrics.csv")
    diversity = float(history["diversity"].iloc[-1])
    result = {
        "images": len(rows),
        "licences": sorted(rows["licence"].dropna().unique()),
        "groups": int(rows["group_id"].nunique()),
        "classes": rows["label"].value_counts().to_dict() if recipe.network.conditional else {},
        "steps": int(history["step"].iloc[-1]),
        "parameters": {
            "generator": sum(p.numel() for p in pair.generator.parameters()),
            "discriminator": sum(p.numel() for p in pair.discriminator.parameters()),
        },
        "diversity": diversity,
        "collapsed": diversity < COLLAPSED,
    }
    if result["collapsed"]:
        log.warning("it has collapsed: samples differ by %.0f %% of what real images do", 100 * diversity)
    run.write_json("metrics.json", result)
    return result


def training_rows(recipe: SynthesisRecipe) -> pd.DataFrame:
    """Rows of the manifest that a generator may learn from, with their ``label`` where there is a task.

    Raises:
        DataError: there are too few, or a class has none.
        SplitLeakError: the split is none.
    """
    table = manifests.read(resolve_path(recipe.data.manifest))
    table["split"] = split_of(recipe.data, table)
    rows = table[(table["split"] == "train") & ~table["synthetic"].fillna(False)]
    rows = labelled_for(recipe, rows)
    if recipe.task is not None:
        for name in taxonomy.task(recipe.task).label_names:
            if not (rows["label"] == name).any():
                raise DataError(f"no training image of {name!r} to learn from")
    if recipe.data.limit is not None:
        rows = limited(rows, recipe.data.limit, seed=recipe.seed)
    if len(rows) < recipe.training.batch:
        raise DataError(f"{len(rows)} training images are fewer than a batch of {recipe.training.batch}")
    # The rule that everything else here rests on.
    assert (rows["split"] == "train").all()
    return rows.reset_index(drop=True)


def labelled_for(recipe: SynthesisRecipe, rows: pd.DataFrame) -> pd.DataFrame:
    """Those rows that have a ``label`` of the task, with it; all rows where there is no task."""
    if recipe.task is None:
        return rows
    task = taxonomy.task(recipe.task)
    rows = rows.assign(label=rows[task.column].map(task.label_of, na_action="ignore").astype("string"))
    return rows[rows["label"].notna() & rows["modality"].map(task.admits)]


def classes_of(recipe: SynthesisRecipe) -> tuple[str, ...]:
    """Labels of the classes, in the order of the network; empty without a task."""
    return () if recipe.task is None else taxonomy.task(recipe.task).label_names


def generator_of(run: Run[SynthesisRecipe]) -> Generator:
    """The trained generator of a run.

    Raises:
        DataError: it has none.
    """
    recipe = run.recipe
    return load_generator(build(recipe, len(classes_of(recipe))).generator, run.folder / "checkpoints" / "last.ckpt")


def class_index(run: Run[SynthesisRecipe], name: str | None) -> int | None:
    """Place of a class among those of a run's generator; None where it has no classes.

    Raises:
        TejidoError: it has no such class, has classes and none was named, or has none and one was.
    """
    names = classes_of(run.recipe) if run.recipe.network.conditional else ()
    if name is None:
        if names:
            raise TejidoError(f"say which class; this generator has: {', '.join(names)}")
        return None
    if name not in names:
        have = f"has: {', '.join(names)}" if names else "has no classes (network.conditional)"
        raise TejidoError(f"there is no class {name!r}; this generator {have}")
    return names.index(name)


def write_samples(run: Run[SynthesisRecipe], folder: Path, counts: dict[str | None, int], seed: int) -> Iterator[int]:
    """Write samples as PNG files below ``folder``, and a manifest of them; yields how many are done.

    Each is made from its own number and class alone, so that more samples begin with the same ones. They stream: of
    those that are written only their rows of the manifest stay in memory. Where the class is a diagnosis the manifest
    has it; ``synthetic`` is true, and ``attribution`` tells run, seed and class. Their licence is that of the images
    that were learned from.

    Args:
        run: finished.
        folder: empty or not there.
        counts: by class; None for a generator without classes.
        seed: of the latent vectors.

    Raises:
        TejidoError: no such class, something is in the folder, or there is no room on the disk.
    """
    network = generator_of(run)
    chosen = [(name, class_index(run, name), count) for name, count in counts.items() if count > 0]
    total = sum(count for _, _, count in chosen)
    if total == 0:
        raise TejidoError("nothing to make: give a number of samples above 0")
    _check_room(folder, total, run.recipe.image.size)
    parts, number = [], 0
    for name, index, count in chosen:
        drawn = torch.Generator().manual_seed(seed * 1009 + (0 if index is None else index))
        for start in range(0, count, 64):
            size = min(64, count - start)
            latent = vectors(drawn, size, network.latent)
            labels = None if index is None else torch.full((size,), index)
            with torch.inference_mode():
                made = as_pixels(network(latent, labels))
            records, paths = [], []
            for place, pixels in enumerate(made):
                identity = f"{run.recipe.model}-{seed}-{name or 'any'}-{start + place:06d}"
                path = folder / "images" / f"{identity}.png"
                with replacing(path) as temporary:
                    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(temporary, format="PNG")
                records.append(_record(run, identity, path, name, seed))
                paths.append(path)
            parts.append(manifests.rows(records, [fingerprint(path) for path in paths], folder))
            number += size
            yield number
    table = pd.concat(parts).sort_values("image_id", ignore_index=True)
    # Made from nothing that two samples share, so each is a group of its own, however alike they look.
    table = table.assign(synthetic=True, group_id=table["image_id"])
    shutil.copyfile(run.folder / "split.parquet", folder / LEARNED_FROM)
    manifests.write(table, folder / "manifest.parquet")


def _record(run: Run[SynthesisRecipe], identity: str, path: Path, name: str | None, seed: int) -> ImageRecord:
    return ImageRecord(
        image_id=identity,
        path=path,
        source=f"synthetic:{run.recipe.name}",
        modality="dermoscopy",
        diagnosis=None if name is None else _diagnosis(run.recipe, name),
        licence=", ".join(run.read_json("metrics.json")["licences"]),
        attribution=f"made up by {run.folder.name}, seed {seed}, class {name or 'none'}",
    )


def _diagnosis(recipe: SynthesisRecipe, label: str) -> str | None:
    """The diagnosis that a label is, if it is one: a label of several diagnoses says nothing of a single image."""
    assert recipe.task is not None
    known = next(one for one in taxonomy.task(recipe.task).labels if one.name == label)
    if label in taxonomy.diagnoses():
        return label
    return known.values[0] if len(known.values) == 1 and known.values[0] in taxonomy.diagnoses() else None


def _check_room(folder: Path, count: int, size: int) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise TejidoError(f"{folder}: there is something in it already; name an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    needed = count * size * size * 3  # a PNG of noise; pictures are smaller
    free = shutil.disk_usage(folder).free
    if needed > 0.9 * free:
        raise TejidoError(
            f"{folder}: {count:,} samples may take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; make fewer"
        )
