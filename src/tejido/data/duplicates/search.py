"""Near-duplicates: pictures that are the same although their bytes, sizes or aspects differ."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tejido.data.duplicates.alike import Likeness, compare, is_flat
from tejido.data.duplicates.hamming import HashIndex
from tejido.data.duplicates.parts import HOPE, cut, find_boxes, grey_planes, seen_through
from tejido.data.duplicates.phash import CROPS, ORIENTATIONS, UPRIGHT, WHOLE, View, hashes, view_hashes

RADIUS = 8
"""Bits of 64 in which the hashes of copies may differ: 1,514 true pairs at two sizes differ in 6 at most."""
CROP_RADIUS = 12
"""The same for parts: where the hash looks is only near to where the part was cut."""


@dataclass(frozen=True)
class NearDuplicate:
    """Two pictures that show the same.

    Attributes:
        first: position of the one picture.
        second: position of the other, greater than ``first``; of a crop, either may be the part.
        kind: ``copy`` (the same picture in another format, size or quality), ``turned`` (or mirrored), ``similar``
            (the same sight, in other light), ``cropped``.
        difference: mean absolute difference of the thumbnails, 0..255.
        correlation: of their pixels.
    """

    first: int
    second: int
    kind: str
    difference: float
    correlation: float


def find(
    thumbnails: NDArray[np.uint8],
    *,
    turned: bool = True,
    cropped: bool = True,
    progress: Callable[[], None] = lambda: None,
) -> list[NearDuplicate]:
    """All pairs of near-duplicates.

    The hash proposes pairs, as they lie and in the other orientations and for likely crops; the pixels decide. Of
    several ways in which two pictures are alike the first of ``copy, turned, similar, cropped`` counts.

    Args:
        thumbnails: pictures stretched to squares, ``uint8[N, 32, 32, 3]``.
        turned: look for turned and mirrored copies too.
        cropped: look for crops too.
        progress: called after each view of the pictures; see ``steps``.

    Returns:
        Pairs, sorted by position.
    """
    places = np.flatnonzero(~is_flat(thumbnails)) if len(thumbnails) else np.zeros(0, np.int64)
    if not len(places):
        return []
    seen = thumbnails[places]
    index = HashIndex(hashes(seen))
    found: dict[tuple[int, int], NearDuplicate] = {}
    views = _views(turned, cropped)
    parts = _Parts(seen) if cropped else None
    for view, queries in zip(views, view_hashes(seen, views), strict=True):
        radius = CROP_RADIUS if view.kind == "cropped" else RADIUS
        asked, hit = index.near(queries, radius)
        if parts is not None and view.kind == "cropped":
            pairs = parts.check(asked, hit, view, found)
        else:
            pairs = _check_whole(seen, asked, hit, view)
        for pair in pairs:
            known = found.get((pair.first, pair.second))
            if known is None or _RANK[pair.kind] < _RANK[known.kind]:
                found[pair.first, pair.second] = pair
        progress()
    numbers = places.tolist()
    pairs = [
        NearDuplicate(numbers[p.first], numbers[p.second], p.kind, p.difference, p.correlation) for p in found.values()
    ]
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def steps(*, turned: bool = True, cropped: bool = True) -> int:
    """How often ``find`` calls its progress."""
    return len(_views(turned, cropped))


_SOME = 8192
"""Pairs of thumbnails that are copied and compared at once."""
_RANK = {"copy": 0, "turned": 1, "similar": 2, "cropped": 3}


def _views(turned: bool, cropped: bool) -> tuple[View, ...]:
    return (ORIENTATIONS if turned else (UPRIGHT,)) + (CROPS if cropped else ())


def _check_whole(
    thumbnails: NDArray[np.uint8], asked: NDArray[np.int64], hit: NDArray[np.int64], view: View
) -> list[NearDuplicate]:
    """Pairs of pictures that are copies, or (as they lie) similar, when the first is seen so."""
    # A picture is found from both sides under a view that undoes itself; under a quarter turn from one side only.
    once = asked < hit if view.kind == "copy" else asked != hit
    asked, hit = asked[once], hit[once]
    likeness = _compare_in_parts(thumbnails, asked, hit, view)
    pairs = []
    for a, b, difference, correlation in zip(asked.tolist(), hit.tolist(), *likeness, strict=True):
        like = Likeness(difference, correlation)
        kind = view.kind if like.is_copy else "similar" if like.is_similar and view.kind == "copy" else None
        if kind is not None:
            pairs.append(NearDuplicate(min(a, b), max(a, b), kind, difference, correlation))
    return pairs


def _compare_in_parts(
    thumbnails: NDArray[np.uint8], asked: NDArray[np.int64], hit: NDArray[np.int64], view: View
) -> tuple[list[float], list[float]]:
    differences: list[float] = []
    correlations: list[float] = []
    for start in range(0, len(asked), _SOME):
        a, b = asked[start : start + _SOME], hit[start : start + _SOME]
        some = compare(view.apply(thumbnails[a]), thumbnails[b])
        differences += some[0].tolist()
        correlations += some[1].tolist()
    return differences, correlations


class _Parts:
    """Thumbnails made ready to look for parts in them."""

    def __init__(self, thumbnails: NDArray[np.uint8]) -> None:
        self._thumbnails = thumbnails
        self._grey = grey_planes(thumbnails)
        self._targets = seen_through(self._grey, UPRIGHT)

    def check(
        self, asked: NDArray[np.int64], hit: NDArray[np.int64], view: View, known: Collection[tuple[int, int]]
    ) -> list[NearDuplicate]:
        """Pairs of a picture and a part of it near the view's box, of those that are not known yet."""
        seen = seen_through(self._grey, view)
        hopeful = np.zeros(len(asked), bool)
        for start in range(0, len(asked), _SOME):
            some = slice(start, start + _SOME)
            hopeful[some] = (seen[asked[some]] * self._targets[hit[some]]).sum(1) >= HOPE
        asked, hit = asked[hopeful], hit[hopeful]
        new = [
            a != b and (min(a, b), max(a, b)) not in known for a, b in zip(asked.tolist(), hit.tolist(), strict=True)
        ]
        asked, hit = asked[new], hit[new]
        left, boxes = find_boxes(self._grey[asked], self._targets[hit], view)
        pairs = []
        for whole, part, box in zip(asked[left].tolist(), hit[left].tolist(), boxes, strict=True):
            difference, correlation = compare(
                cut(self._thumbnails[whole], box)[None], cut(self._thumbnails[part], _ALL)[None]
            )
            like = Likeness(float(difference[0]), float(correlation[0]))
            if like.is_part:
                pairs.append(
                    NearDuplicate(min(whole, part), max(whole, part), "cropped", like.difference, like.correlation)
                )
        return pairs


_ALL = np.array(WHOLE)
