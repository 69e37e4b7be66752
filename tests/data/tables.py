"""Manifest tables made by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tejido.data.groups import group_ids
from tejido.data.manifest import TYPES


def manifest(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A manifest from partial rows; each image gets its own hash unless it is given, and the group is computed."""
    defaults = {"source": "test", "modality": "dermoscopy", "diagnosis": "nevus", "synthetic": False}
    full = [defaults | {"sha256": f"hash of {row['image_id']}"} | row for row in rows]
    table = pd.DataFrame(full).reindex(columns=list(TYPES)).astype(TYPES)
    if table["group_id"].isna().all():
        table["group_id"] = group_ids(table)
    return table
