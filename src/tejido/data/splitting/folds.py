"""Cross-validation by group: a table of its own (``image_id, fold``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tejido.data.splitting import splits
from tejido.data.splitting.strata import strata
from tejido.data.tables import read_parquet
from tejido.errors import DataError, SplitLeakError


def folds_by_group(manifest: pd.DataFrame, count: int = 5, *, seed: int = 0) -> pd.DataFrame:
    """Assign whole groups to folds, stratified by diagnosis and confirmation.

    Groups with synthetic images are in no fold (null): they always train.

    Args:
        manifest: rows with ``image_id``, ``group_id``, ``diagnosis``, ``confirmation``, ``synthetic``.
        count: of folds, 3 or more: one tests, one validates, the others train.
        seed: another seed, other folds; the same seed, the same folds, whatever the order of rows.

    Returns:
        Table ``image_id, fold``, sorted by ``image_id``.

    Raises:
        DataError: fewer than 3 folds, or fewer groups than folds.
    """
    if count < 3:
        raise DataError("cross-validation needs 3 folds or more: one tests, one validates, the others train")
    assigned: dict[str, int] = {}
    total = [0] * count
    for _, members in strata(manifest, seed).groupby("stratum"):
        filled = [0] * count
        for group, size, synthetic in zip(members.index, members["size"], members["synthetic"], strict=True):
            if synthetic:
                continue
            # Of equally empty folds the one that is emptiest over all, so that small strata do not all go to the first.
            fold = min(range(count), key=lambda number: (filled[number], total[number]))
            filled[fold] += size
            total[fold] += size
            assigned[str(group)] = fold
    if len(assigned) < count:
        raise DataError(f"{len(assigned)} groups cannot make {count} folds")
    result = pd.DataFrame(
        {"image_id": manifest["image_id"].astype("string"), "fold": manifest["group_id"].map(assigned).astype("Int32")}
    )
    result = result.sort_values("image_id", ignore_index=True)
    result.attrs = {"kind": "folds", "folds": count, "seed": seed}
    return result


def load_fold(path: Path, manifest: pd.DataFrame, fold: int) -> pd.Series:
    """The split that one fold stands for: it tests, the next one validates, the others train.

    Args:
        path: Parquet table ``image_id, fold``.
        manifest: the manifest that the folds belong to.
        fold: from 0.

    Returns:
        Series aligned with ``manifest``: ``train``, ``val`` or ``test``.

    Raises:
        SplitLeakError: a group stands in several folds.
        DataError: not a table of folds, repeated ids, images that it lacks, or no such fold.
    """
    table = _read(path)
    count = int(table["fold"].max()) + 1
    if not 0 <= fold < count:
        raise DataError(f"{path}: there is no fold {fold}; it has {count} folds, counted from 0")
    aligned = splits.align(table, "fold", path, manifest, nullable=True)
    check_folds(aligned, manifest)
    names = dict.fromkeys(range(count), "train") | {(fold + 1) % count: "val", fold: "test"}
    split = aligned.map(names).fillna("train").astype("string")
    splits.check(split, manifest)
    return split


def is_folds(path: Path) -> bool:
    """Whether a table holds folds, not splits.

    Raises:
        DataError: not a Parquet table.
    """
    return "fold" in read_parquet(path, {"image_id": "string"}).columns


def read_sides(path: Path, manifest: pd.DataFrame) -> tuple[pd.Series, dict[str, Any]]:
    """The fold of every manifest row as text, leaks and all, and what the file says of itself; for audits.

    Raises:
        DataError: not a table of folds, repeated ids, or images that it lacks.
    """
    table = _read(path)
    facts = {str(key): value for key, value in table.attrs.items()}
    folds = splits.align(table, "fold", path, manifest, nullable=True)
    return ("fold " + folds.astype("string")).fillna("train").astype("string"), facts


def _read(path: Path) -> pd.DataFrame:
    """A table of folds, each of which has images.

    Raises:
        DataError: not such a table, repeated ids, fewer than 3 folds, or some numbers are left out.
    """
    table = read_parquet(path, {"image_id": "string", "fold": "Int32"})
    splits.check_ids(table, path)
    numbers = sorted(table["fold"].dropna().unique())
    if len(numbers) < 3 or numbers != list(range(len(numbers))):
        found = ", ".join(str(number) for number in numbers[:8]) or "none"
        raise DataError(f"{path}: folds are numbered from 0, 3 or more, without gaps; this table has {found}")
    return table


def check_folds(folds: pd.Series, manifest: pd.DataFrame) -> None:
    """Assert that no group crosses folds.

    Raises:
        SplitLeakError: naming up to five of the groups that cross.
    """
    crossing = splits.crossing(folds.astype("string").fillna("none"), manifest)
    if crossing:
        raise SplitLeakError(f"{len(crossing)} groups stand in several folds: {', '.join(crossing[:5])}")
