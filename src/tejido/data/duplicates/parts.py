"""Is one picture a part of another? The hash says roughly where; here the place is searched and the pixels decide.

The search is done in grey on 16 x 16 points, for many pairs at a time; the decision in colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tejido.data.duplicates.phash import GREY, SIDE, View, sampling

HOPE = 0.93
"""A pair that correlates less where the hash put it is given up at once ..."""
_LATER = {0: 0.94, 2: 0.955, 4: 0.97}
"""... and one that correlates less than this after these rounds. True parts come to .99 and more."""
_ROUNDS = 10
_STEP = 0.04
_HALF = SIDE // 2
_SOME = 1024


def grey_planes(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``float32[N, 32, 32]`` of ``uint8[N, 32, 32, 3]``."""
    result: NDArray[np.float32] = thumbnails @ GREY
    return result


def seen_through(planes: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """The part in the view's box, half as large and normalised, so that a product of two is their correlation.

    Returns:
        ``float32[N, 256]``.
    """
    left, top, right, bottom = view.box
    rows, columns = _halved(sampling(top, bottom)), _halved(sampling(left, right))
    seen = (rows @ planes @ columns.T).astype(np.float32, copy=False)
    return _normalised(seen)


def find_boxes(
    wholes: NDArray[np.float32], targets: NDArray[np.float32], view: View
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The place of each part in its whole, searched from the view's box by moving one side at a time.

    Args:
        wholes: ``float32[N, 32, 32]``, grey.
        targets: the parts as ``seen_through`` gives them, ``float32[N, 256]``.
        view: where the hash put them.

    Returns:
        Which pairs are left, and their boxes ``float64[pairs, 4]``.
    """
    left = np.arange(len(wholes))
    boxes = np.tile(np.array(view.box), (len(wholes), 1))
    best = _correlations(wholes, targets, boxes)
    steps = np.full(len(wholes), _STEP)
    for turn in range(_ROUNDS):
        tries = []
        for side in range(4):
            for sign in (-1, 1):
                moved = boxes.copy()
                moved[:, side] = (moved[:, side] + sign * steps).clip(0, 1)
                tries.append(moved)
        scores = np.stack([_correlations(wholes, targets, moved) for moved in tries])
        choice = scores.argmax(0)
        top = scores[choice, np.arange(len(boxes))] if len(boxes) else best
        better = top > best
        boxes = np.where(better[:, None], np.stack(tries)[choice, np.arange(len(boxes))], boxes)
        best = np.where(better, top, best)
        steps = np.where(better, steps, steps / 2)
        if turn in _LATER:
            stay = best >= _LATER[turn]
            left, boxes, best, steps = left[stay], boxes[stay], best[stay], steps[stay]
            wholes, targets = wholes[stay], targets[stay]
    return left, boxes


def cut(thumbnail: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.float32]:
    """A part stretched to a square of half the size, in colour: ``float32[16, 16, 3]``."""
    left, top, right, bottom = box
    rows, columns = _halved(sampling(top, bottom)), _halved(sampling(left, right))
    planes = np.moveaxis(thumbnail, -1, 0).astype(np.float32)
    seen = (rows @ planes @ columns.T).astype(np.float32, copy=False)
    return np.moveaxis(seen, 0, -1)


def _correlations(
    wholes: NDArray[np.float32], targets: NDArray[np.float32], boxes: NDArray[np.float64]
) -> NDArray[np.float32]:
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(wholes), _SOME):
        some = slice(start, start + _SOME)
        rows, columns = _samplings(boxes[some, 1], boxes[some, 3]), _samplings(boxes[some, 0], boxes[some, 2])
        seen = (rows @ wholes[some] @ columns.transpose(0, 2, 1)).astype(np.float32, copy=False)
        parts.append((_normalised(seen) * targets[some]).sum(1))
    return np.concatenate(parts)


def _samplings(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float32]:
    """``phash.sampling`` for many parts, with the points taken two by two: ``float32[N, 16, 32]``."""
    places = (np.arange(SIDE) + 0.5) / SIDE
    centres = ((low[:, None] + (high - low)[:, None] * places) * SIDE - 0.5).clip(0, SIDE - 1)
    weights = (1 - np.abs(centres[:, :, None] - np.arange(SIDE))).clip(0, None)
    result: NDArray[np.float32] = weights.reshape(len(low), _HALF, 2, SIDE).mean(2).astype(np.float32)
    return result


def _halved(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = weights.reshape(_HALF, 2, SIDE).mean(1, dtype=np.float32)
    return result


def _normalised(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = planes.reshape(len(planes), -1)
    flat = flat - flat.mean(1, keepdims=True)
    result: NDArray[np.float32] = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-3)
    return result
