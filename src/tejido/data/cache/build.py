"""Making a cache with several processes: resumable, replaced as a whole, decoding only what changed."""

from __future__ import annotations

import multiprocessing
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tejido.data.cache import header as headers
from tejido.data.cache import plan as plans
from tejido.data.cache.fill import Filled, Job, begin, fill, fill_one
from tejido.data.cache.header import Header, Unreadable
from tejido.data.cache.partial import Partial, alone, full
from tejido.data.cache.plan import Chunk, Plan
from tejido.data.cache.read import INDEX_TYPES, Cache, open_cache
from tejido.data.geometry import Steps
from tejido.data.patches import expand
from tejido.data.tables import write_parquet
from tejido.errors import DataError, TejidoError


@dataclass(frozen=True)
class Report:
    """What a build did.

    Attributes:
        images: in the cache now.
        rows: squares in the cache now.
        decoded: images read from their files.
        copied: images taken over from the cache before.
        resumed: images that an interrupted build had finished.
        unreadable: images that are not in the cache, and why.
        discarded: why the cache before was of no use, or None.
    """

    images: int
    rows: int
    decoded: int
    copied: int
    resumed: int
    unreadable: tuple[Unreadable, ...]
    discarded: str | None = None


def build_cache(
    table: pd.DataFrame,
    folder: Path,
    steps: Steps,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Make or renew the cache of a manifest.

    A build that was interrupted, even killed, goes on where it was. Images whose content the cache before already has
    are copied from it. Until the new cache is complete, the one before stays in place; after that it is removed, which
    does not disturb those who have it open.

    Args:
        table: manifest rows with resolved paths.
        folder: of the cache.
        steps: geometry.
        workers: processes; by default one for every processor. With one, the work is done in this process.
        progress: called with the number of images that were finished since the last call.

    Raises:
        DataError: the folder holds a cache of other geometry, the disk is too full, another build is at work there,
            or no image can be read. Nothing half-written is left where a cache is looked for.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            return _build(table, folder, steps, workers or processors(), progress)
    except OSError as error:
        raise full(folder, error) from None


def _build(table: pd.DataFrame, folder: Path, steps: Steps, workers: int, progress: Callable[[int], None]) -> Report:
    if table.empty or table["path"].isna().all():
        raise DataError("the manifest has no image files; it was built from tables alone")
    before, discarded = _before(folder, steps)
    _clear(folder)
    plan = plans.make(table, steps, {} if before is None else before.contents())
    if before is not None and before.header.inputs == plan.inputs and not before.header.unreadable:
        progress(len(plan.items))
        return Report(len(plan.items), plan.rows, 0, len(plan.items), 0, ())

    partial = Partial(folder, plan)
    resumed = set(partial.done)
    progress(sum(len(plan.chunks[number].items) for number in resumed))
    job = Job(steps, partial.path, partial.offset, None if before is None else folder / before.header.pixels)
    try:
        for filled in _fill(job, [chunk for chunk in plan.chunks if chunk.number not in resumed], workers):
            partial.add(filled)
            progress(len(plan.chunks[filled.number].items))
        unreadable = _unreadable(plan, partial)
    except (DataError, OSError):
        partial.remove()  # what a person must mend first; an interruption keeps it
        raise
    _publish(folder, plan, partial, unreadable)
    _clear(folder)
    return _report(plan, partial, resumed, unreadable, discarded)


def _before(folder: Path, steps: Steps) -> tuple[Cache | None, str | None]:
    """The cache that is there now, or why it is of no use.

    Raises:
        DataError: it is a sound one of other geometry, which somebody may need.
    """
    if not (folder / headers.NAME).exists():
        return None, None
    try:
        before = open_cache(folder)
    except DataError as error:
        return None, str(error)
    if before.header.steps.key() != steps.key():
        raise DataError(f"{folder}: holds a cache of {before.header.steps}; name another folder, or remove that one")
    return before, None


def _fill(job: Job, chunks: list[Chunk], workers: int) -> Iterator[Filled]:
    """Fill the chunks, in whatever order they are finished."""
    if workers == 1 or len(chunks) < 2:
        for chunk in chunks:
            yield fill(job, chunk)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of threads: torch's, the terminal's
    with ProcessPoolExecutor(min(workers, len(chunks)), context, begin, (job,)) as pool:
        tasks = [pool.submit(fill_one, chunk) for chunk in chunks]
        try:
            for task in as_completed(tasks):
                yield task.result()
        except BrokenProcessPool:
            raise TejidoError(
                "a process of the build was killed, perhaps for lack of memory; the same command goes on from there"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _unreadable(plan: Plan, partial: Partial) -> tuple[Unreadable, ...]:
    """The images that stay out.

    Raises:
        DataError: all do.
    """
    lost = tuple(
        Unreadable(plan.chunks[number].items[position].image_id, reason)
        for number, filled in sorted(partial.done.items())
        for position, reason in filled.unreadable
    )
    if len(lost) == len(plan.items):
        raise DataError(f"no image can be put into a cache; the first one: {lost[0].reason}")
    return lost


def _publish(folder: Path, plan: Plan, partial: Partial, unreadable: tuple[Unreadable, ...]) -> None:
    """Write the index, name the pixel file, and make them the folder's cache; on failure all is as before."""
    token = secrets.token_hex(4)
    pixels, index = folder / f"pixels-{token}.npy", folder / f"index-{token}.parquet"
    try:
        write_parquet(_index(plan, {item.image_id for item in unreadable}), index)
        partial.rename(pixels)
        Header(
            steps=plan.steps,
            inputs=plan.inputs,
            rows=plan.rows,
            pixels=pixels.name,
            index=index.name,
            index_crc=headers.crc_of(index),
            chunk_rows=plan.chunk_images * plan.steps.per_image,
            crcs=tuple(partial.done[chunk.number].crc for chunk in plan.chunks),
            unreadable=unreadable,
        ).write(folder)
    except (TejidoError, OSError):
        index.unlink(missing_ok=True)
        if pixels.exists():
            pixels.replace(partial.path)
        raise
    partial.forget()


def _index(plan: Plan, lost: set[str]) -> pd.DataFrame:
    each = plan.steps.per_image
    rows = [
        (item.image_id, number * each, item.sha256, item.aspect)
        for number, item in enumerate(plan.items)
        if item.image_id not in lost
    ]
    table = expand(pd.DataFrame(rows, columns=["image_id", "row", "sha256", "aspect"]), each)
    table["row"] += table["patch"]
    return table[list(INDEX_TYPES)].astype(INDEX_TYPES)


def _report(
    plan: Plan, partial: Partial, resumed: set[int], unreadable: tuple[Unreadable, ...], discarded: str | None
) -> Report:
    fresh = [filled for number, filled in partial.done.items() if number not in resumed]
    tried = sum(len(plan.chunks[filled.number].items) for filled in fresh)
    copied = sum(filled.copied for filled in fresh)
    images = len(plan.items) - len(unreadable)
    return Report(
        images=images,
        rows=images * plan.steps.per_image,
        decoded=tried - copied - sum(len(filled.unreadable) for filled in fresh),
        copied=copied,
        resumed=len(plan.items) - tried,
        unreadable=unreadable,
        discarded=discarded,
    )


def _clear(folder: Path) -> None:
    """Remove the pixels and indices that the folder's cache does not name: those of older caches."""
    try:
        header = Header.read(folder)
    except DataError:
        return
    for path in [*folder.glob("pixels-*.npy"), *folder.glob("index-*.parquet")]:
        if path.name not in (header.pixels, header.index):
            path.unlink(missing_ok=True)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
