"""How well a mask fits another one: overlap, and distance between the two boundaries.

Masks are ``bool[H, W]``. Dice (1945) and Jaccard (1912) coefficients count pixels; the boundary distances are those of
Heimann et al. 2009, in pixels: each boundary pixel's distance to the other boundary, averaged, or its 95th percentile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import binary_erosion, distance_transform_edt, label

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import enough
from tejido.metrics.scores import mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEASURES = ("dice", "jaccard", "sensitivity", "precision", "distance", "distance_95")
"""Columns of ``fit``; the distances are shares of the picture's diagonal."""

FAILED = 0.65
"""Jaccard below which an outline counted as failed in the ISIC challenge of 2018."""


def dice(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty."""
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else 1.0


def jaccard(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """|A and B| / |A or B|; 1 where both are empty."""
    union = int((found | truth).sum())
    return int((found & truth).sum()) / union if union else 1.0


def boundary_distances(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance in pixels of every boundary pixel of each mask to the other's boundary; empty where a mask is empty."""
    edges = [_boundary(mask) for mask in (found, truth)]
    if not (edges[0].any() and edges[1].any()):
        return np.empty(0)
    there, back = (distance_transform_edt(~edge) for edge in edges)
    return np.concatenate([back[edges[0]], there[edges[1]]])


def pieces(mask: NDArray[np.bool_]) -> int:
    """How many connected pieces a mask has (pixels touch at sides or corners)."""
    return int(label(mask, np.ones((3, 3)))[1])


def fit(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    """All measures of one picture.

    Sensitivity is the share of the true lesion that was found, precision the share of what was found that is lesion.
    Where a mask is empty and the other is not, the distances are that of a whole diagonal, 1.
    """
    distances = boundary_distances(found, truth) / np.hypot(*truth.shape)
    if not len(distances):
        distances = np.array([float(found.any() != truth.any())])
    both = int((found & truth).sum())
    return {
        "dice": dice(found, truth),
        "jaccard": jaccard(found, truth),
        "sensitivity": both / int(truth.sum()) if truth.any() else 1.0,
        "precision": both / int(found.sum()) if found.any() else float(not truth.any()),
        "distance": float(distances.mean()),
        "distance_95": float(np.quantile(distances, 0.95)),
    }


def summary(table: pd.DataFrame, *, rounds: int = 2000, seed: int = 0) -> dict[str, Estimate]:
    """Mean of every measure with its interval by group, and what of it counts for the ISIC challenges.

    The mean Jaccard is the score of 2016 and 2017. In 2018 (task 1) an outline with a Jaccard below 0.65 had failed and
    counted 0: ``thresholded_jaccard`` is that mean, ``failed`` the share of such pictures.

    Args:
        table: a row a picture, with ``group_id`` and the columns of ``fit``.
        rounds: of the bootstrap.
        seed: of the bootstrap.
    """
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    sure = enough(table["group_id"], np.ones(len(table), bool))
    overlap = table["jaccard"].to_numpy(float)
    failed = overlap < FAILED
    values = {name: table[name].to_numpy(float) for name in MEASURES}
    values |= {"thresholded_jaccard": np.where(failed, 0, overlap), "failed": failed.astype(float)}
    return {name: bootstrap.estimate(mean(each), enough=sure) for name, each in values.items()}


def _boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the mask with a neighbour outside; what lies beyond the picture counts as outside."""
    edge: NDArray[np.bool_] = mask & ~binary_erosion(mask)
    return edge
