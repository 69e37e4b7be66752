"""Figures of parts of the images, from predictions of any kind."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tejido.data.attributes import attributes
from tejido.errors import DataError
from tejido.experiments.measured import NEEDED, measured
from tejido.experiments.predict import Predictions
from tejido.metrics.subgroups import Difference, differences


def subgroups(
    found: Predictions, *, rounds: int = 2000, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Difference]:
    """What ``metrics.subgroups`` finds by all that is known of the images, and by what their pictures show, if any.

    Args:
        found: answers, with rows of a manifest or with columns such as ``sex`` in their table.
        rounds: of the bootstrap.
        progress: called with how many pictures are measured, and of how many.

    Raises:
        DataError: nothing is known that would divide the images.
        ImageError: a picture cannot be read.
    """
    rows = found.rows
    if rows is None:
        raise DataError(f"{found.title}: the manifest is gone or has changed, so nothing is known of the images")
    pictures = set(NEEDED) <= set(rows) and rows["path"].notna().all()
    if pictures and (rows["modality"] == "dermoscopy").any():
        rows = pd.concat([rows, measured(rows, progress)], axis=1)
    parts = attributes(rows)
    if not any(parts[name].nunique(dropna=False) > 1 for name in parts):
        raise DataError(
            f"{found.title}: there is no sex, age, site, skin_type, source, confirmation or device by which the images "
            "could be divided"
        )
    return differences(found.table, parts, positive=found.positive, threshold=found.threshold, rounds=rounds)
