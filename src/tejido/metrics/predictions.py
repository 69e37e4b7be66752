"""Prediction tables: ``image_id, group_id, truth, p_<label>...`` with what the manifest adds for subgroups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.errors import DataError

PREFIX = "p_"
CONTEXT = ("diagnosis", "confirmation", "malignancy")


def make(
    rows: pd.DataFrame, truth: Sequence[str], labels: Sequence[str], probabilities: NDArray[np.floating]
) -> pd.DataFrame:
    """A prediction table.

    Args:
        rows: manifest rows; ``image_id``, ``group_id``, the columns of ``CONTEXT`` and ``patch`` are kept.
        truth: label name of each row.
        labels: label names in the order of the columns of ``probabilities``.
        probabilities: ``[N, C]``.
    """
    patch = ["patch"] if "patch" in rows else []
    table = rows[["image_id", *patch, "group_id", *CONTEXT]].reset_index(drop=True).copy()
    table["truth"] = pd.Series(list(truth), dtype="string")
    for index, label in enumerate(labels):
        table[PREFIX + label] = np.asarray(probabilities[:, index], dtype=np.float64)
    return table


def labels_of(table: pd.DataFrame) -> list[str]:
    """Label names of a prediction table, in order."""
    return [name.removeprefix(PREFIX) for name in table.columns if name.startswith(PREFIX)]


def check(table: pd.DataFrame) -> None:
    """Check a prediction table.

    Raises:
        DataError: a column is missing, a row has no id or group, a truth is no label, or probabilities are not finite
            or do not sum to 1.
    """
    labels = labels_of(table)
    missing = [name for name in ("image_id", "group_id", "truth") if name not in table.columns]
    if missing or len(labels) < 2:
        raise DataError(f"predictions lack {missing[0] if missing else 'probabilities p_<label>'}")
    for name in ("image_id", "group_id"):
        without = int(table[name].isna().sum())
        if without:
            raise DataError(f"predictions lack {name} in {without:,} of {len(table):,} rows; every row needs one")
    strange = set(table["truth"]) - set(labels)
    if strange:
        raise DataError(f"predictions have a truth {sorted(map(str, strange))[0]!r} that is no label")
    values = table[[PREFIX + label for label in labels]].to_numpy(float)
    if not np.isfinite(values).all() or np.abs(values.sum(1) - 1).max(initial=0) > 1e-3 or (values < -1e-6).any():
        raise DataError("predictions have probabilities that are negative, not finite or do not sum to 1")
