"""Leak groups: images that must stay on one side of every split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tejido.data.releases import scope

LINKS = ("patient_id", "lesion_id", "slide_id")


def group_ids(table: pd.DataFrame, links: Iterable[tuple[str, str]] = ()) -> pd.Series:
    """The group of every image, named after its smallest ``image_id``.

    Args:
        table: manifest rows with ``image_id`` and what ``group_numbers`` needs.
        links: further pairs of image ids that belong together; a pair with an id that is not here is passed over.

    Returns:
        Series aligned with ``table``. Independent of row order.
    """
    position = {name: row for row, name in enumerate(table["image_id"])}
    pairs = [(position[a], position[b]) for a, b in links if a in position and b in position]
    return table["image_id"].groupby(group_numbers(table, pairs)).transform("min").rename("group_id")


def group_numbers(table: pd.DataFrame, pairs: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """A number for the group of every row: connected components over shared patient, lesion, slide and equal bytes.

    Ids of patients, lesions and slides are the source's own, but for those that the ISIC Archive's releases share.

    Args:
        table: ``source``, ``sha256`` and the columns of ``LINKS``.
        pairs: positions of further rows that belong together.

    Returns:
        ``int[N]``.
    """
    keys = [table["sha256"], *(_scoped(table["source"], table[name]) for name in LINKS)]
    return connected(len(table), [*pairs, *(pair for key in keys for pair in _chain(key))])


def connected(count: int, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """A number for the connected component of each of ``count`` things, ``int[count]``, from pairs of positions."""
    first, second = np.array(pairs, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(count, count))
    component: np.ndarray = connected_components(graph, directed=False)[1]
    return component


def _scoped(sources: pd.Series, names: pd.Series) -> pd.Series:
    scoped = [
        pd.NA if pd.isna(name) else scope(str(source), str(name)) for source, name in zip(sources, names, strict=True)
    ]
    return pd.Series(scoped, index=names.index, dtype="string")


def _chain(key: pd.Series) -> list[tuple[int, int]]:
    """Pairs of each row and the next one that shares its key; null keys link nothing."""
    present = np.flatnonzero(key.notna().to_numpy())
    codes = pd.factorize(key.iloc[present])[0]
    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    return list(zip(present[order][:-1][same].tolist(), present[order][1:][same].tolist(), strict=True))
