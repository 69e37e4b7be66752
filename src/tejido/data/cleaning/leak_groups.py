"""Leak groups of all images that were read; removed ones too tie others together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from tejido.data.cleaning.candidate import Candidate
from tejido.data.duplicates.same import Sameness
from tejido.data.duplicates.search import NearDuplicate
from tejido.data.releases import archive_id
from tejido.data.splitting.groups import group_numbers


def leak_groups(
    candidates: Sequence[Candidate],
    same: Sequence[Sameness],
    near: Sequence[NearDuplicate],
    links: Iterable[tuple[str, str]],
) -> tuple[np.ndarray, int]:
    """A number for the leak group of every image.

    Images are tied by patient, lesion, slide, bytes, likeness of any kind, and id.

    Args:
        candidates: all images that could be read.
        same: which of them are one picture.
        near: which of them look alike.
        links: pairs of image ids that a publisher lists as duplicates.

    Returns:
        ``int[N]``, and how many of the links have both images here.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(candidates):
        name = item.record.image_id
        for known_as in {name, archive_id(name) or name}:
            places[known_as].append(number)
    pairs = [(pair.first, pair.second) for pair in same] + [(pair.first, pair.second) for pair in near]
    # An ISIC id is the same lesion in every copy, whatever was done to the picture.
    pairs += [(first, other) for first, *others in places.values() for other in others]
    linked = [(places[one][0], places[two][0]) for one, two in links if one in places and two in places]
    table = pd.DataFrame(
        {
            "source": [item.record.source for item in candidates],
            "sha256": [None if item.seen is None else item.seen.sha256 for item in candidates],
            "patient_id": [item.record.patient_id for item in candidates],
            "lesion_id": [item.record.lesion_id for item in candidates],
            "slide_id": [item.record.slide_id for item in candidates],
        },
        dtype="string",
    )
    return group_numbers(table, pairs + linked), len(linked)
