"""What crosses the splits that the publishers made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tejido.data.releases import scope
from tejido.sources.record import ImageRecord


def crossing_copies(records: Sequence[ImageRecord], groups: Sequence[Sequence[int]]) -> list[list[str]]:
    """Groups of identical files of which one source has some in one official split and some in another.

    Args:
        records: images.
        groups: positions of identical files.

    Returns:
        The ids of each such group.
    """
    return [
        [records[number].image_id for number in group]
        for group in groups
        if _crosses([records[number] for number in group])
    ]


def crossing_lesions(records: Sequence[ImageRecord]) -> list[str]:
    """Lesions of which one source has images in several of its official splits, sorted."""
    lesions: dict[str, list[ImageRecord]] = defaultdict(list)
    for record in records:
        if record.lesion_id is not None:
            lesions[scope(record.source, record.lesion_id)].append(record)
    return sorted(lesion for lesion, members in lesions.items() if _crosses(members))


def _crosses(records: Sequence[ImageRecord]) -> bool:
    splits: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.official_split is not None:
            splits[record.source].add(record.official_split)
    return any(len(names) > 1 for names in splits.values())
