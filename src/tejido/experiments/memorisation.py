"""Whether a generator's images are copies of what it learned from.

The measure of what is too near is how near held-out real images come, which nobody has learned from. A generator may
learn mirrored images, so each picture is asked about in its four mirrorings, the real ones too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tejido.data.duplicates.phash import SIDE, hashes
from tejido.imaging.geometry import resize
from tejido.metrics import synthetic

NEAR = 0.01
"""Of the held-out real images, this share is nearer to a training image than the limit."""
COPIES = 0.02
"""Share of samples beyond that limit, by pixels and features at once, that is called copying."""
ODD = 0.05
"""Share beyond it by one measure alone that is said."""
SHOWN = 8
"""Nearest samples that are named, by each measure."""
MIRRORINGS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes that are flipped."""

View = Callable[[Tensor], NDArray[np.float64]]
"""What pictures ``uint8[N, 3, S, S]`` are compared by: ``float64[N, F]``."""


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of every made-up one, by one measure.

    Attributes:
        distances: to it.
        places: which it is.
        mirrorings: of ``MIRRORINGS``, the one of the made-up image that is so near.
        limit: that ``NEAR`` of the held-out real images lie below.
        least: the distance of the nearest held-out real image.
    """

    distances: NDArray[np.float64]
    places: NDArray[np.int64]
    mirrorings: NDArray[np.int64]
    limit: float
    least: float

    @property
    def near(self) -> NDArray[np.bool_]:
        """Which samples are nearer than the limit."""
        return self.distances < self.limit

    @property
    def copies(self) -> NDArray[np.bool_]:
        """Which samples are nearer than any held-out real image."""
        return self.distances < self.least

    def mirrored(self, made: Tensor, sample: int) -> Tensor:
        """A sample ``uint8[3, S, S]``, mirrored as it is nearest."""
        return made[sample].flip(MIRRORINGS[int(self.mirrorings[sample])])


def memorisation(made: Tensor, train: Tensor, test: Tensor, features: View) -> dict[str, Nearest]:
    """The nearest training image of every sample: by pixels, by features, and by perceptual hash.

    Args:
        made: samples ``uint8[N, 3, S, S]``.
        train: what was learned from.
        test: real images that were not.
        features: of a frozen network.
    """
    views: dict[str, View] = {"pixels": _coarse, "features": features, "hash": _bits}
    return {name: _nearest(made, train, test, view) for name, view in views.items()}


def verdict(nearest: dict[str, Nearest], train_ids: list[str]) -> dict[str, Any]:
    """What that means, for ``resemblance.json``.

    ``copies training images`` where a sample is nearer than any held-out image by two measures at once, or more than
    ``COPIES`` of the samples are near by pixels and features at once. One measure alone is no proof: smooth pictures
    are near to all others by their pixels.

    Args:
        nearest: of ``memorisation``.
        train_ids: of the training images.
    """
    copies = np.flatnonzero(np.sum([one.copies for one in nearest.values()], 0) >= 2)
    both = float((nearest["pixels"].near & nearest["features"].near).mean())
    shares = {name: float(one.near.mean()) for name, one in nearest.items()}
    odd = [name for name, share in shares.items() if share > ODD]
    if len(copies) or both > COPIES:
        said = "copies training images"
    elif odd:
        said = f"nearer to training images than real ones are, by {' and '.join(odd)} alone: look at the pictures"
    else:
        said = "no copying found"

    def named(one: Nearest, sample: int) -> dict[str, Any]:
        share = float(one.distances[sample]) / one.limit if one.limit else None
        return {"sample": sample, "image_id": train_ids[int(one.places[sample])], "of_limit": share}

    return {
        "nearer_than_1_percent_of_real": shares,
        "nearer_by_pixels_and_features": both,
        "copies": [{"sample": sample, "image_id": _of(nearest, sample, train_ids)} for sample in copies.tolist()],
        "nearest": {
            name: [named(one, sample) for sample in one.distances.argsort(kind="stable")[:SHOWN].tolist()]
            for name, one in nearest.items()
        },
        "verdict": said,
    }


def _of(nearest: dict[str, Nearest], sample: int, train_ids: list[str]) -> str:
    """The training image that a copy is of, by the first measure that calls it one."""
    one = next(one for one in nearest.values() if one.copies[sample])
    return train_ids[int(one.places[sample])]


def _nearest(made: Tensor, train: Tensor, test: Tensor, view: View) -> Nearest:
    learned = view(train)
    distances, places, mirrorings = _of_four(made, learned, view)
    usual, _, _ = _of_four(test, learned, view)
    return Nearest(distances, places, mirrorings, float(np.quantile(usual, NEAR)), float(usual.min()))


def _of_four(
    asked: Tensor, learned: NDArray[np.float64], view: View
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    found = [synthetic.nearest(view(asked.flip(axes)), learned) for axes in MIRRORINGS]
    distances, places = np.stack([one[0] for one in found]), np.stack([one[1] for one in found])
    best = distances.argmin(0)
    each = np.arange(len(best))
    return distances[best, each], places[best, each], best


def _coarse(images: Tensor) -> NDArray[np.float64]:
    return functional.adaptive_avg_pool2d(images.float(), 16).flatten(1).double().numpy()


def _bits(images: Tensor) -> NDArray[np.float64]:
    """Perceptual hashes as 64 numbers of 0 and 1: their squared distance is Hamming's."""
    small = torch.stack([resize(one, SIDE, SIDE) for one in images]).permute(0, 2, 3, 1).numpy()
    values = hashes(small)
    return np.unpackbits(values.view(np.uint8).reshape(len(values), 8), axis=1).astype(np.float64)
