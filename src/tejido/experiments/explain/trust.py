"""How far maps of evidence can be trusted: do they change with the network, find what it needs, and fall on lesions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn import functional

from tejido.experiments.explain.methods import maps
from tejido.experiments.explain.subject import Behind, Subject
from tejido.models.network import Network

CELLS = 16
"""Pictures are covered and uncovered in 16 x 16 cells."""
PARTS = 16
"""Steps in which that is done."""
ALIKE = 0.5
"""Mean rank correlation below which a map has changed."""


@dataclass(frozen=True)
class Trust:
    """What is measured of one method on one picture.

    Attributes:
        deletion: area under the probability of the label while the brightest cells are covered; low is good.
        insertion: area under it while they are uncovered, on a blurred picture; high is good.
        deletion_at_random: the same in an order drawn by lot, and
        insertion_at_random: likewise.
        pointing: whether the brightest place is inside the lesion; None without a mask.
        inside: share of the evidence inside the lesion; None without a mask.
        covered: share of the square that is lesion, which evidence spread evenly would reach; None without a mask.
    """

    deletion: float
    insertion: float
    deletion_at_random: float
    insertion_at_random: float
    pointing: bool | None
    inside: float | None
    covered: float | None


def trust(
    subject: Subject,
    name: str,
    squares: Tensor,
    targets: Tensor,
    masks: NDArray[np.bool_] | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Trust]:
    """Deletion and insertion (Petsiuk et al. 2018), and pointing (Zhang et al. 2018).

    Args:
        subject: what is explained.
        name: of the method.
        squares: ``uint8[B, 3, S, S]``.
        targets: ``int64[B]``.
        masks: of the lesions in the square, ``bool[B, S, S]``; one without a lesion counts as none.
        seed: of the lot.
        progress: called with how many pictures are done, and of how many.
    """
    found = maps(subject, name, squares, targets)
    generator = torch.Generator().manual_seed(seed)
    judged = []
    for place in range(len(squares)):
        progress(place, len(squares))
        square, target = squares[place : place + 1].float(), int(targets[place])
        cells = functional.adaptive_avg_pool2d(found[place][None, None], CELLS).flatten()
        # Where nothing is evidence, and among equals, the order is drawn by lot.
        lot = torch.randperm(cells.numel(), generator=generator)
        order = lot[cells[lot].argsort(descending=True, stable=True)]
        deletion, insertion = _areas(subject.network, square, target, order)
        by_lot = _areas(subject.network, square, target, lot)
        mask = None if masks is None or not masks[place].any() else masks[place]
        pointing, inside, covered = _inside(found[place].numpy(), mask)
        judged.append(Trust(deletion, insertion, *by_lot, pointing, inside, covered))
    return judged


@torch.inference_mode()
def _areas(network: Network, picture: Tensor, target: int, order: Tensor) -> tuple[float, float]:
    covered = torch.zeros(PARTS + 1, CELLS * CELLS)
    for part in range(PARTS + 1):
        covered[part, order[: part * len(order) // PARTS]] = 1
    gate = functional.interpolate(covered.reshape(-1, 1, CELLS, CELLS), picture.shape[-2:], mode="nearest")
    blurred = _blurred(picture)
    mean = picture.mean((2, 3), keepdim=True)
    deleted = picture * (1 - gate) + mean * gate
    inserted = blurred * (1 - gate) + picture * gate
    found = torch.softmax(network(torch.cat([deleted, inserted])), dim=1)[:, target].double().numpy()
    half = PARTS + 1
    return tuple(float(np.trapezoid(curve) / PARTS) for curve in (found[:half], found[half:]))  # type: ignore[return-value]


def _blurred(picture: Tensor) -> Tensor:
    """So coarse that no structure is left, and the colours stay."""
    small = functional.adaptive_avg_pool2d(picture, 4)
    return functional.interpolate(small, picture.shape[-2:], mode="bilinear", align_corners=False)


def _inside(
    found: NDArray[np.float32], mask: NDArray[np.bool_] | None
) -> tuple[bool | None, float | None, float | None]:
    if mask is None or not found.any():
        return None, None, None
    brightest = np.unravel_index(int(found.argmax()), found.shape)
    return bool(mask[brightest]), float(found[mask].sum() / found.sum()), float(mask.mean())


def sanity(subject: Subject, names: list[str], squares: Tensor, targets: Tensor, *, seed: int = 0) -> pd.DataFrame:
    """Cascading randomisation (Adebayo et al. 2018): from the head on, weights are replaced by random ones.

    A method whose maps stay the same shows the picture, not what the network has learned.

    Args:
        subject: what is explained.
        names: of methods.
        squares: ``uint8[B, 3, S, S]``.
        targets: ``int64[B]``.
        seed: of the weights.

    Returns:
        A row a picture, method and share of the layers: ``method``, ``layers`` (randomised, of how many) as ``share``,
        and ``correlation``, Spearman's, of the map with that of the trained network; 0 where a map is constant.
    """
    network = copy.deepcopy(subject.network)
    changed = replace(subject, network=network, behind=Behind(network).eval())
    layers = [layer for layer in network.modules() if _has_weights(layer)][::-1]
    trained = {name: maps(subject, name, squares, targets) for name in names}
    torch.manual_seed(seed)
    rows = []
    done = 0
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        upto = max(1, round(share * len(layers)))  # the head is the first
        for layer in layers[done:upto]:
            _randomise(layer)
        done = upto
        for name in names:
            found = maps(changed, name, squares, targets)
            for place in range(len(squares)):
                rows.append(
                    {
                        "method": name,
                        "picture": place,
                        "share": upto / len(layers),
                        "correlation": _alike(trained[name][place], found[place]),
                    }
                )
    return pd.DataFrame(rows)


def _has_weights(layer: nn.Module) -> bool:
    return any(True for _ in layer.parameters(recurse=False))


def _randomise(layer: nn.Module) -> None:
    """Weights of the same spread, drawn anew; statistics of batches stay as they are."""
    with torch.no_grad():
        for weight in layer.parameters(recurse=False):
            spread = float(weight.std()) if weight.numel() > 1 else 0.0
            weight.copy_(torch.randn_like(weight) * spread + (weight.mean() if weight.ndim == 1 else 0.0))


def _alike(first: Tensor, second: Tensor) -> float:
    a, b = (functional.adaptive_avg_pool2d(one[None], CELLS).flatten().numpy() for one in (first, second))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)
