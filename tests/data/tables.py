"""Manifest tables made by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tejido.data.manifest import TYPES
from tejido.data.splitting.groups import group_ids


def manifest(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A manifest from partial rows; each image gets its own hash unless it is given, and the group is computed."""
    defaults = {"source": "test", "modality": "dermoscopy", "diagnosis": "nevus", "synthetic": False}
    full = [defaults | {"sha256": f"hash of {row['image_id']}"} | row for row in rows]
    table = pd.DataFrame(full).reindex(columns=list(TYPES)).astype(TYPES)
    if table["group_id"].isna().all():
        table["group_id"] = group_ids(table)
    return table


def lesions(counts: list[tuple[int, str]]) -> pd.DataFrame:
    """One lesion an entry: how many images it has, and its diagnosis."""
    return manifest(
        [
            {"image_id": f"{n:04}-{k}", "lesion_id": f"L{n}", "diagnosis": diagnosis, "confirmation": "histology"}
            for n, (images, diagnosis) in enumerate(counts)
            for k in range(images)
        ]
    )
