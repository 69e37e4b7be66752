"""Splits by group: tables of their own (``image_id, split``), disjoint by construction and checked at every load.

A split file says in its metadata what kind it is and how it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tejido.data.splitting.strata import strata
from tejido.data.tables import read_parquet, write_parquet
from tejido.errors import DataError, SplitLeakError

SPLITS = ("train", "val", "test")
DEFAULT_FRACTIONS = {"train": 0.65, "val": 0.15, "test": 0.20}
UNUSED = "unused"
"""Where a split leaves images out."""
LEAKY = "leaky"
"""Kind of a split that is random by image on purpose."""


def split_by_group(
    manifest: pd.DataFrame, fractions: Mapping[str, float] = DEFAULT_FRACTIONS, *, seed: int = 0
) -> pd.DataFrame:
    """Assign whole groups to splits, stratified by diagnosis and confirmation.

    Within a stratum the groups are put in an order that only ``seed`` and their ids decide; then each goes to the
    split that is furthest below its share of the stratum's images. A group with several diagnoses counts to the
    rarest of them. Synthetic images' groups go to train.

    Args:
        manifest: rows with ``image_id``, ``group_id``, ``diagnosis``, ``confirmation``, ``synthetic``.
        fractions: share of each split; they sum to 1.
        seed: another seed, another split; the same seed, the same split, whatever the order of rows.

    Returns:
        Table ``image_id, split``, sorted by ``image_id``.

    Raises:
        DataError: fractions that are negative, do not sum to 1, or lack one of ``SPLITS``.
    """
    check_fractions(fractions)
    assigned: dict[str, str] = {}
    for _, members in strata(manifest, seed).groupby("stratum"):
        filled = dict.fromkeys(SPLITS, 0)
        total = members["size"].sum()
        for group, size, synthetic in zip(members.index, members["size"], members["synthetic"], strict=True):
            short = max(SPLITS, key=lambda name: fractions[name] * total - filled[name])
            split = "train" if synthetic else short
            filled[split] += size
            assigned[str(group)] = split
    return table(manifest, manifest["group_id"].map(assigned), kind="groups", seed=seed)


def check_fractions(fractions: Mapping[str, float]) -> None:
    """Assert that there is a share for each of ``SPLITS`` and that they sum to 1.

    Raises:
        DataError: they do not, or one is negative.
    """
    if set(fractions) != set(SPLITS) or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-9:
        raise DataError("the shares of train, val and test must be 0 or more and sum to 1")


def table(manifest: pd.DataFrame, names: pd.Series, **facts: object) -> pd.DataFrame:
    """A split table from names aligned with the manifest.

    Args:
        manifest: rows with ``image_id``.
        names: split of each row.
        facts: what the file says of the split, above all its ``kind``.

    Returns:
        Table ``image_id, split``, sorted by ``image_id``.
    """
    result = pd.DataFrame({"image_id": manifest["image_id"], "split": names}).astype("string")
    result = result.sort_values("image_id", ignore_index=True)
    result.attrs.update(facts)
    return result


def write(split: pd.DataFrame, path: Path) -> None:
    """Write a split, atomically."""
    write_parquet(split, path)


def load(path: Path, manifest: pd.DataFrame, *, allow_leaks: bool = False) -> pd.Series:
    """The split of every manifest row, checked.

    Args:
        path: Parquet table ``image_id, split``.
        manifest: the manifest that the split belongs to.
        allow_leaks: accept groups on both sides; only for showing what a leak is worth, never for a headline.

    Returns:
        Series aligned with ``manifest``: ``train``, ``val``, ``test``, or ``unused`` for images left out.

    Raises:
        SplitLeakError: a group stands on both sides, a synthetic image outside train, or the split is leaky on purpose.
        DataError: not a split table, repeated ids, an unknown split name, or manifest images that it lacks.
    """
    table = read(path)
    split = align(table, "split", path, manifest)
    if table.attrs.get("kind") == LEAKY and not allow_leaks:
        raise SplitLeakError(f"{path}: this split is leaky on purpose; it is only for showing what a leak is worth")
    check(split, manifest, allow_leaks=allow_leaks)
    return split.astype("string")


def read_sides(path: Path, manifest: pd.DataFrame) -> tuple[pd.Series, dict[str, Any]]:
    """The split of every manifest row, leaks and all, and what the file says of itself; for audits.

    Raises:
        DataError: as ``read``, or it lacks images of the manifest.
    """
    table = read(path)
    facts = {str(key): value for key, value in table.attrs.items()}
    return align(table, "split", path, manifest).astype("string"), facts


def read(path: Path) -> pd.DataFrame:
    """A split table as it was written; ``attrs`` says of what kind it is. Leaks are not looked for.

    Raises:
        DataError: not a split table, repeated ids, or an unknown split name.
    """
    table = read_parquet(path, {"image_id": "string", "split": "string"})
    strange = sorted(set(table["split"].dropna()) - {*SPLITS, UNUSED})
    if strange:
        raise DataError(f"{path}: unknown split {strange[0]!r}; there are {', '.join((*SPLITS, UNUSED))}")
    check_ids(table, path)
    return table


def check_ids(table: pd.DataFrame, path: Path) -> None:
    """Assert that a table lists no image twice.

    Raises:
        DataError: naming the first that it does.
    """
    twice = table["image_id"][table["image_id"].duplicated()]
    if len(twice):
        raise DataError(f"{path}: {twice.iloc[0]} is listed twice")


def align(
    table: pd.DataFrame,
    column: str,
    path: Path,
    manifest: pd.DataFrame,
    *,
    nullable: bool = False,
) -> pd.Series:
    """A column of a split table in the order of the manifest's rows.

    Args:
        table: with ``image_id``, each once, and the column.
        column: which one.
        path: of the table, for the error.
        manifest: the rows to align with.
        nullable: null says something; only images that are not listed are missing.

    Raises:
        DataError: manifest images that it lacks.
    """
    aligned = manifest["image_id"].map(table.set_index("image_id")[column])
    absent = ~manifest["image_id"].isin(set(table["image_id"])) if nullable else aligned.isna()
    if absent.any():
        missing = manifest["image_id"][absent]
        raise DataError(f"{path}: {len(missing)} images of the manifest are in no {column}, such as {missing.iloc[0]}")
    return aligned


def crossing(split: pd.Series, manifest: pd.DataFrame) -> list[str]:
    """The groups that stand in several splits, sorted; unused images stand nowhere."""
    used = split[split != UNUSED]
    sides = used.groupby(manifest["group_id"][used.index]).nunique()
    return sorted(sides.index[sides > 1])


def check(split: pd.Series, manifest: pd.DataFrame, *, allow_leaks: bool = False) -> None:
    """Assert that no group crosses splits and that synthetic images are in train only.

    Raises:
        SplitLeakError: naming up to five of the groups that cross.
    """
    groups = [] if allow_leaks else crossing(split, manifest)
    if groups:
        raise SplitLeakError(f"{len(groups)} groups stand in several splits: {', '.join(groups[:5])}")
    astray = manifest["image_id"][manifest["synthetic"].fillna(False) & ~split.isin(["train", UNUSED])]
    if len(astray):
        raise SplitLeakError(f"{len(astray)} synthetic images are outside train, such as {astray.iloc[0]}")
