"""Leak groups: images that must stay on one side of every split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tejido.data.releases import scope

LINKS = ("patient_id", "lesion_id", "slide_id")


def group_ids(table: pd.DataFrame, links: Iterable[tuple[str, str]] = ()) -> pd.Series:
    """The group of every image: connected components over shared patient, lesion, slide and equal bytes.

    Ids of patients, lesions and slides are the source's own, but for those that the ISIC Archive's releases share.

    Args:
        table: manifest rows with ``image_id``, ``source``, ``sha256`` and the columns of ``LINKS``.
        links: further pairs of image ids that belong together; a pair with an id that is not here is passed over.

    Returns:
        Series aligned with ``table``: the smallest ``image_id`` of the image's component. Independent of row order.
    """
    count = len(table)
    keys = [table["sha256"].where(table["sha256"].notna())]
    keys += [_scoped(table["source"], table[name]) for name in LINKS]
    edges = [_chain(key) for key in keys]
    edges.append(_pairs(table["image_id"], links))
    rows, columns = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    return table["image_id"].groupby(component).transform("min").rename("group_id")


def _scoped(sources: pd.Series, names: pd.Series) -> pd.Series:
    scoped = [
        pd.NA if pd.isna(name) else scope(str(source), str(name)) for source, name in zip(sources, names, strict=True)
    ]
    return pd.Series(scoped, index=names.index, dtype="string")


def _chain(key: pd.Series) -> np.ndarray:
    """Edges from each row to the next row that shares its key; null keys link nothing. Returns ``int[2, edges]``."""
    present = np.flatnonzero(key.notna().to_numpy())
    codes = pd.factorize(key.iloc[present])[0]
    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    return np.stack([present[order][:-1][same], present[order][1:][same]])


def _pairs(names: pd.Series, links: Iterable[tuple[str, str]]) -> np.ndarray:
    """Edges between the rows of linked ids. Returns ``int[2, edges]``."""
    position = {name: row for row, name in enumerate(names)}
    rows = [(position[a], position[b]) for a, b in links if a in position and b in position]
    return np.array(rows, int).reshape(-1, 2).T
