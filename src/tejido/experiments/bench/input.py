"""How fast pictures reach training: the packed cache against pipelines that decode, and against copying memory."""

from __future__ import annotations

import hashlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader

from tejido.data.cache.build import build_cache, processors
from tejido.data.cache.read import Cache, open_cache
from tejido.data.geometry import Steps
from tejido.errors import DataError
from tejido.experiments.bench import rivals
from tejido.experiments.bench.rivals import Epoch
from tejido.training.images import CachedImages, LabelledImages, as_batch
from tejido.training.sampler import EpochSampler

BUILD = "cache: build"
CACHE = "cache: epoch"
COPY = "copying the same bytes"
TORCH = "torch DataLoader, decoding"
TF_FIRST = "tf.data: first epoch"
TF_FIRST_SAME = "tf.data: first epoch, same filter"
TF = "tf.data, decoding"
TF_CACHE = "tf.data .cache()"
WANTED = (
    (BUILD, TF_FIRST, 1.0),
    (BUILD, TF_FIRST_SAME, 1.0),
    (CACHE, TF, 30.0),
    (CACHE, TORCH, 30.0),
    (CACHE, TF_CACHE, 1.0),
)
"""(method, rival, how many times as fast it must be)."""


def measure(
    folder: Path, *, size: int = 128, batch: int = 64, rounds: int = 3, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Draw all pictures of a folder with every method, in turn, several times over.

    All files are read once before, so that every method finds them in memory. A first round warms up and is not
    counted: it starts the loader's processes, traces graphs and fills ``.cache()``. Making the cache, and tf.data's
    first epoch, start from nothing each time: new processes there, a new pipeline here.

    Args:
        folder: with JPEG or PNG files.
        size: side of the squares.
        batch: images in a batch.
        rounds: counted rounds.
        progress: called with the name of every method when its turn comes.

    Returns:
        ``folder``, ``images``, ``size``, ``batch``, ``rounds``, ``processors``, ``images per second`` (a list a method,
        one figure a round), ``ratios`` (median over the rounds, and what is wanted), ``missing`` (packages not there).

    Raises:
        DataError: the folder has no pictures.
    """
    table = table_of(folder)
    paths = [Path(path) for path in table["path"]]
    workers = processors()
    tf = rivals.tensorflow()
    with tempfile.TemporaryDirectory(prefix="tejido-bench-") as name:
        place = Path(name) / "cache"
        steps = Steps("centre_square", size)
        build_cache(table, place, steps, workers=workers)
        cache = open_cache(place, steps)
        # What is compared runs one after the other, so that a busy moment of the machine slows down both.
        methods: dict[str, Epoch] = {BUILD: partial(_build, table, Path(name) / "again", steps, workers)}
        if tf is not None:
            methods[TF_FIRST] = lambda: rivals.tf_data(tf, paths, size, batch)()
            methods[TF_FIRST_SAME] = lambda: rivals.tf_data(tf, paths, size, batch, antialias=True)()
            methods[TF] = rivals.tf_data(tf, paths, size, batch)
            methods[TF_CACHE] = rivals.tf_data(tf, paths, size, batch, cache=True)
        methods[CACHE] = _cache_epoch(cache, table, batch)
        methods[COPY] = _copy_epoch(cache)
        methods[TORCH] = rivals.torch_loader(paths, size, batch, workers)
        rates: dict[str, list[float]] = {method: [] for method in methods}
        for number in range(rounds + 1):
            for method, epoch in methods.items():
                progress(method if number else f"{method} (warming up)")
                start = time.perf_counter()
                drawn = epoch()
                seconds = time.perf_counter() - start
                if drawn != len(paths):
                    raise DataError(f"{method}: drew {drawn} of {len(paths)} images")
                if number:
                    rates[method].append(drawn / seconds)
    return {
        "folder": folder.name,
        "images": len(paths),
        "size": size,
        "batch": batch,
        "rounds": rounds,
        "processors": workers,
        "images per second": rates,
        "ratios": [
            {
                "method": method,
                "rival": rival,
                "ratio": statistics.median(a / b for a, b in zip(rates[method], rates[rival], strict=True)),
                "wanted": wanted,
            }
            for method, rival, wanted in WANTED
            if rival in rates
        ],
        "missing": [] if tf is not None else ["tensorflow"],
    }


def table_of(folder: Path) -> pd.DataFrame:
    """The columns of a manifest that a cache needs, of all pictures in a folder; every file is read on the way.

    Raises:
        DataError: the folder has no pictures.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of pictures")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        raise DataError(f"{folder}: no JPEG or PNG files")
    return pd.DataFrame(
        {
            "image_id": [path.relative_to(folder).as_posix() for path in paths],
            "path": [str(path) for path in paths],
            "sha256": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
            "aspect": pd.Series([pd.NA] * len(paths), dtype="Float32"),
        }
    )


def _build(table: pd.DataFrame, folder: Path, steps: Steps, workers: int) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    return build_cache(table, folder, steps, workers=workers).images


def _cache_epoch(cache: Cache, table: pd.DataFrame, batch: int) -> Epoch:
    """As in training: the same data set, sampler and loader."""
    images = CachedImages(cache.pixels, cache.locate(table)["row"].to_numpy())
    data = LabelledImages(images, torch.zeros(len(images), dtype=torch.int64))
    sampler = EpochSampler(data.labels, 0, oversample=False)
    return partial(rivals.count, DataLoader(data, batch, sampler=sampler, collate_fn=as_batch))


def _copy_epoch(cache: Cache) -> Epoch:
    """The limit: the same bytes in order, from the mapped file into memory that is already there."""
    target = np.empty_like(cache.pixels)

    def epoch() -> int:
        np.copyto(target, cache.pixels)
        return len(target)

    return epoch
