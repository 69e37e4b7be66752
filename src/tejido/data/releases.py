"""Ids and releases of the ISIC Archive: one picture may be published several times under one id."""

from __future__ import annotations

import re

from tejido.sources.files import image_id, is_isic_id
from tejido.sources.record import ImageRecord

DOWNSAMPLED = "_downsampled"
"""ISIC 2019's ending of the names of pictures that were made smaller."""
RELEASES = ("isic2016", "isic2017", "isic2018_task1", "isic2018", "ham10000", "isic_archive", "isic2019", "isic2020")
"""Later ones go before earlier ones: 2019 contains 2018, and its ground truth is finer."""
_SHARED_ID = re.compile(r"(HAM|BCN|MSK\d*|IL|IP)_\d+")


def archive_id(name: str) -> str | None:
    """The ISIC id in an image id of any source, without ``_downsampled``; None where there is none.

    ``Train/nevus/ISIC_0012345`` and ``ISIC_0012345_downsampled`` give ``ISIC_0012345``.
    """
    last = image_id(name.rpartition("/")[2])
    return last.removesuffix(DOWNSAMPLED) if is_isic_id(last) else None


def precedence(source: str) -> int:
    """Greater for later releases; sources that are none of them come first of all."""
    return RELEASES.index(source) if source in RELEASES else -1


def scope(source: str, name: str) -> str:
    """An id of a patient, lesion or slide that is told apart from other sources' ids.

    The ISIC Archive's own ids mean the same in all its releases; other sources count from 1 each.
    """
    return name if _SHARED_ID.fullmatch(name) else f"{source}/{name}"


def may_share(name: str | None, first: ImageRecord, second: ImageRecord) -> bool:
    """Whether an id of the one record's patient, lesion or slide means the same in the other."""
    return name is not None and (first.source == second.source or _SHARED_ID.fullmatch(name) is not None)
