"""Which images are one picture: by id, by bytes, by pixels, by likeness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.duplicates.search import NearDuplicate
from tejido.data.releases import DOWNSAMPLED, archive_id
from tejido.sources.record import ImageRecord

REASONS = ("same_id", "identical_bytes", "identical_pixels", "downsampled", "near_duplicate", "turned")
"""Why two images are one picture, the surest first.

``identical_pixels`` is the same picture in another file format, ``downsampled`` the ISIC Archive's smaller copy,
``near_duplicate`` any other size, quality or aspect, ``turned`` a turned or mirrored copy.
"""


@dataclass(frozen=True)
class Sameness:
    """Two images that are one picture: positions, and why."""

    first: int
    second: int
    reason: str


def same_pictures(
    records: Sequence[ImageRecord], prints: Sequence[Fingerprint | None], near: Iterable[NearDuplicate]
) -> list[Sameness]:
    """All pairs of images of which one is superfluous; equal ids, bytes and pixels as chains, not as all pairs.

    An equal id of the ISIC Archive is the same picture. Other ids are file names, which two sources may share by
    accident: there the pictures must agree too, if there are any.

    Args:
        records: images; several may have one id.
        prints: their fingerprints, None where only tables were read.
        near: of these images, by position. Similar and cropped ones are other pictures. So are tiles of one slide that
            merely look alike, as empty glass does.
    """
    numbers = range(len(records))
    names = [archive_id(record.image_id) for record in records]
    known_by = [
        (record.image_id, None if name or seen is None else seen.pixels)
        for record, name, seen in zip(records, names, prints, strict=True)
    ]
    pairs = _chains(numbers, known_by, "same_id")
    pairs += _chains(numbers, [None if p is None else p.sha256 for p in prints], "identical_bytes")
    pairs += _chains(numbers, [None if p is None else p.pixels for p in prints], "identical_pixels")
    for pair in near:
        first, second = records[pair.first], records[pair.second]
        if pair.kind not in ("copy", "turned") or _tiles_of_one_slide(first, second):
            continue
        same_name = names[pair.first] is not None and names[pair.first] == names[pair.second]
        shrunk = DOWNSAMPLED in first.image_id or DOWNSAMPLED in second.image_id
        if first.image_id == second.image_id:
            reason = "same_id"
        elif pair.kind == "turned":
            reason = "turned"
        else:
            reason = "downsampled" if same_name and shrunk else "near_duplicate"
        pairs.append(Sameness(pair.first, pair.second, reason))
    # Without pictures the archive's word must do: ``_downsampled`` is the same picture.
    unseen = [name if p is None else None for name, p in zip(names, prints, strict=True)]
    pairs += _chains(numbers, unseen, "downsampled")
    return pairs


def _chains(numbers: Iterable[int], keys: Sequence[Hashable | None], reason: str) -> list[Sameness]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for number, key in zip(numbers, keys, strict=True):
        if key is not None:
            members[key].append(number)
    return [Sameness(group[0], other, reason) for group in members.values() for other in group[1:]]


def _tiles_of_one_slide(first: ImageRecord, second: ImageRecord) -> bool:
    if first.modality != "histology" or first.source != second.source:
        return False
    slide = first.slide_id is not None and first.slide_id == second.slide_id
    return slide or (first.patient_id is not None and first.patient_id == second.patient_id)
