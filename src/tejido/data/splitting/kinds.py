"""Other ways to split: official, balanced, one source left out, leaky on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

from tejido.data.splitting.splits import DEFAULT_FRACTIONS, LEAKY, SPLITS, UNUSED, split_by_group, table
from tejido.errors import DataError


def official(manifest: pd.DataFrame) -> pd.DataFrame:
    """The publishers' own splits, leaks and all; images without one are ``unused``.

    The table says that it is official; where groups cross it is refused when it is loaded, as any other.

    Raises:
        DataError: no image has an official split.
    """
    names = manifest["official_split"].where(manifest["official_split"].isin(SPLITS))
    if names.isna().all():
        raise DataError("no image of the manifest has an official split")
    return table(manifest, names.fillna(UNUSED), kind="official")


def without_leaks(split: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """A split without the images that leak: of a group with test images all others are left ``unused``.

    The same holds for a group with validation images and none in test.

    Unlike in growth, the published test set stays whole, so that figures can be compared.
    """
    order = {"test": 0, "val": 1, "train": 2, UNUSED: 3}
    names = manifest["image_id"].map(split.set_index("image_id")["split"])
    first = names.map(order).groupby(manifest["group_id"]).transform("min")
    kept = names.where((names.map(order) == first) | (names == UNUSED), UNUSED)
    return table(manifest, kept, **{str(key): value for key, value in split.attrs.items()}, mended=True)


def balanced(
    manifest: pd.DataFrame,
    column: str = "diagnosis",
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """As many images of every value of a column as the rarest has, split by group; the others are ``unused``.

    One image of every group is taken before the second of any, in an order that only ``seed`` and the ids decide.

    Raises:
        DataError: no such column, or it has a single value.
    """
    if column not in manifest.columns:
        raise DataError(f"the manifest has no column {column!r}")
    values = manifest[column].astype("string")
    counts = values.value_counts()
    if len(counts) < 2:
        raise DataError(f"nothing to balance: {column!r} has {len(counts)} values")
    rows = pd.DataFrame({"image": manifest["image_id"], "group": manifest["group_id"], "value": values})
    rows = rows[rows["value"].notna()]
    rows["order"] = [_shuffled(seed, name) for name in rows["image"]]
    rows = rows.sort_values("order")
    rows["turn"] = rows.groupby(["value", "group"]).cumcount()
    rows = rows.sort_values(["turn", "order"])
    chosen = set(rows[rows.groupby("value").cumcount() < counts.min()]["image"])
    part = manifest[manifest["image_id"].isin(chosen)]
    inner = split_by_group(part, fractions, seed=seed).set_index("image_id")["split"]
    return table(manifest, manifest["image_id"].map(inner).fillna(UNUSED), kind="balanced", column=column, seed=seed)


def leave_source_out(manifest: pd.DataFrame, source: str, *, validation: float = 0.15, seed: int = 0) -> pd.DataFrame:
    """All images of one source test, the others train and validate, by group.

    Images of other sources that share a group with the source are ``unused``.

    Raises:
        DataError: the manifest lacks the source or has no other.
    """
    own = manifest["source"] == source
    if not own.any() or own.all():
        known = ", ".join(sorted(manifest["source"].unique()))
        raise DataError(f"leave out one of several sources; the manifest has {known}")
    tied = manifest["group_id"].isin(set(manifest["group_id"][own]))
    rest = manifest[~own & ~tied]
    fractions = {"train": 1 - validation, "val": validation, "test": 0.0}
    inner = (
        split_by_group(rest, fractions, seed=seed).set_index("image_id")["split"]
        if len(rest)
        else pd.Series(dtype="string")
    )
    # where nothing is left of the others, map() makes a column of numbers
    names = manifest["image_id"].map(inner).astype("string").fillna(UNUSED)
    names = names.mask(own & ~manifest["synthetic"].fillna(False), "test")
    return table(manifest, names, kind="leave-one-source-out", source=source, seed=seed)


def leaky(manifest: pd.DataFrame, fractions: Mapping[str, float] = DEFAULT_FRACTIONS, *, seed: int = 0) -> pd.DataFrame:
    """A random split by image, as it should not be done, to show what the leak is worth.

    The table says so, and is refused at load unless leaks are allowed.
    """
    alone = manifest.assign(group_id=manifest["image_id"])
    split = split_by_group(alone, fractions, seed=seed)
    names = manifest["image_id"].map(split.set_index("image_id")["split"])
    return table(manifest, names, kind=LEAKY, seed=seed)


def _shuffled(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
