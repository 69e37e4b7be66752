"""Of several images of one picture: which one is kept, and what it takes over from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tejido.data.cleaning.candidate import Candidate
from tejido.data.releases import DOWNSAMPLED, may_share, precedence
from tejido.sources.facts import FACTS
from tejido.sources.record import ImageRecord

_FILLED = ("confirmation", "device", "age", "sex", "site", "skin_type", "magnification")
_IDS = ("patient_id", "lesion_id", "slide_id")


def best(group: Sequence[Candidate]) -> int:
    """Position of the image to keep.

    Of one id the later release; then one that was not squashed, the larger, one that is not named as downsampled, the
    later release, the better described, and last the smallest id.
    """
    one_id = len({item.record.image_id for item in group}) == 1

    def rank(number: int) -> tuple[object, ...]:
        record, seen = group[number].record, group[number].seen
        squashed = record.aspect is not None and seen is not None and seen.width == seen.height
        area = 0 if seen is None else seen.width * seen.height
        age = -precedence(record.source)
        facts = sum(getattr(record, name) is not None for name in FACTS)
        small = DOWNSAMPLED in record.image_id
        return (age if one_id else 0, squashed, -area, small, age, -facts, record.image_id, str(record.path))

    return min(range(len(group)), key=rank)


def completed(kept: ImageRecord, others: Sequence[ImageRecord]) -> ImageRecord:
    """``kept``, with what it does not know taken from images of the same picture.

    An id of a patient, lesion or slide is taken over only where it means the same in both sources, a mask only from an
    image with the same id.
    """
    changes: dict[str, object] = {}
    for other in others:
        names = list(_FILLED)
        names += [name for name in _IDS if may_share(getattr(other, name), kept, other)]
        names += ["mask_path"] if other.image_id == kept.image_id else []
        for name in names:
            if getattr(kept, name) is None and name not in changes and getattr(other, name) is not None:
                changes[name] = getattr(other, name)
    return replace(kept, **changes)  # type: ignore[arg-type]
