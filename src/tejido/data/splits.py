"""Splits by group: tables of their own (``image_id, split``), disjoint by construction and checked at every load."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tejido.data.tables import read_parquet, write_parquet
from tejido.errors import DataError, SplitLeakError

SPLITS = ("train", "val", "test")
DEFAULT_FRACTIONS = {"train": 0.65, "val": 0.15, "test": 0.20}
STRATA = ("diagnosis", "confirmation")


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
    if set(fractions) != set(SPLITS) or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-9:
        raise DataError("the shares of train, val and test must be 0 or more and sum to 1")
    stratum = manifest[list(STRATA)].astype("string").fillna("").agg("/".join, axis=1)
    rarity = stratum.map(stratum.value_counts())
    table = pd.DataFrame(
        {
            "group": manifest["group_id"],
            "stratum": stratum,
            "rarity": rarity,
            "synthetic": manifest["synthetic"].fillna(False),
        }
    )
    table = table.sort_values(["rarity", "stratum"], kind="stable")
    groups = table.groupby("group").agg(
        stratum=("stratum", "first"), size=("stratum", "size"), synthetic=("synthetic", "any")
    )
    groups["order"] = [_shuffled(seed, str(group)) for group in groups.index]

    assigned: dict[str, str] = {}
    for _, members in groups.sort_values(["stratum", "order"]).groupby("stratum"):
        filled = dict.fromkeys(SPLITS, 0)
        total = members["size"].sum()
        for group, size, synthetic in zip(members.index, members["size"], members["synthetic"], strict=True):
            short = max(SPLITS, key=lambda name: fractions[name] * total - filled[name])
            split = "train" if synthetic else short
            filled[split] += size
            assigned[str(group)] = split
    result = pd.DataFrame({"image_id": manifest["image_id"], "split": manifest["group_id"].map(assigned)})
    return result.sort_values("image_id", ignore_index=True).astype("string")


def write(split: pd.DataFrame, path: Path) -> None:
    """Write a split, atomically."""
    write_parquet(split, path)


def load(path: Path, manifest: pd.DataFrame) -> pd.Series:
    """The split of every manifest row, checked.

    Args:
        path: Parquet table ``image_id, split``.
        manifest: the manifest that the split belongs to.

    Returns:
        Series aligned with ``manifest``: ``train``, ``val`` or ``test``.

    Raises:
        SplitLeakError: a group stands on both sides, or a synthetic image outside train.
        DataError: not a split table, repeated ids, an unknown split name, or manifest images that it lacks.
    """
    table = read_parquet(path, ("image_id", "split")).astype("string")
    if table["image_id"].duplicated().any():
        raise DataError(f"{path}: {table['image_id'][table['image_id'].duplicated()].iloc[0]} is listed twice")
    strange = set(table["split"].dropna()) - set(SPLITS)
    if strange:
        raise DataError(f"{path}: unknown split {sorted(strange)[0]!r}; there are {', '.join(SPLITS)}")
    split = manifest["image_id"].map(table.set_index("image_id")["split"])
    if split.isna().any():
        missing = manifest["image_id"][split.isna()]
        raise DataError(f"{path}: {len(missing)} images of the manifest are in no split, such as {missing.iloc[0]}")
    check(split, manifest)
    return split.astype("string")


def check(split: pd.Series, manifest: pd.DataFrame) -> None:
    """Assert that no group crosses splits and that synthetic images are in train only.

    Raises:
        SplitLeakError: naming up to five of the groups that cross.
    """
    sides = split.groupby(manifest["group_id"]).nunique()
    crossing = sorted(sides.index[sides > 1])
    if crossing:
        raise SplitLeakError(f"{len(crossing)} groups stand in several splits: {', '.join(crossing[:5])}")
    astray = manifest["image_id"][manifest["synthetic"].fillna(False) & (split != "train")]
    if len(astray):
        raise SplitLeakError(f"{len(astray)} synthetic images are outside train, such as {astray.iloc[0]}")


def _shuffled(seed: int, group: str) -> str:
    return hashlib.sha256(f"{seed}/{group}".encode()).hexdigest()
