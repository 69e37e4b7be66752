"""Joining tables of facts to images by their ids: unknown is filled, coarse is refined, disagreement is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tejido.data.releases import DOWNSAMPLED
from tejido.sources.facts import Facts
from tejido.sources.files import image_id
from tejido.sources.record import ImageRecord
from tejido.taxonomy import common, is_finer

_DECLARED = {"licence": ("unknown", "per image"), "attribution": ("unknown",)}
"""How the words begin that stand in a record for "not known" where the column may not be null."""


@dataclass(frozen=True)
class Contradiction:
    """An image of which a table says something else. The record keeps its own value.

    Attributes:
        image_id: as in the record.
        fact: name of the column.
        ours: value of the record.
        theirs: value of the table.
        table: which one.
    """

    image_id: str
    fact: str
    ours: str
    theirs: str
    table: str


@dataclass
class JoinReport:
    """What a join did.

    Attributes:
        table: which one was joined.
        matched: how many images it knows.
        filled: how many values it filled in, by column.
        refined: how many diagnoses it made finer.
        contradictions: where it says something else.
    """

    table: str
    matched: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    refined: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)


def join(
    records: Iterable[ImageRecord], facts: Mapping[str, Facts], table: str
) -> tuple[list[ImageRecord], JoinReport]:
    """Join a table to the images that it knows.

    An image is found by the last part of its id (``Train/nevus/ISIC_0012345`` by ``ISIC_0012345``), with or without
    ISIC's ``_downsampled``. Unknown values are filled in; a diagnosis is replaced only by one strictly below it in
    the taxonomy (``akiec`` by ``actinic_keratosis``). Another diagnosis or confirmation is reported, never overruled
    here. A coarser diagnosis, or an age, a site or an id that differs, is no contradiction: releases of one archive
    word them differently.

    Args:
        records: images of any sources.
        facts: of the table, by image id.
        table: its name, for the report.

    Returns:
        The records in the same order, and the report.
    """
    report = JoinReport(table)
    joined = []
    for record in records:
        found = find_facts(record, facts)
        if found is not None:
            report.matched += 1
            record = _joined(record, found, report)
        joined.append(record)
    return joined, report


def find_facts(record: ImageRecord, facts: Mapping[str, Facts]) -> Facts | None:
    """What a table says of an image, found by its id as in ``join``; None where it does not know it."""
    name = image_id(record.image_id.rpartition("/")[2])
    other = name.removesuffix(DOWNSAMPLED) if name.endswith(DOWNSAMPLED) else name + DOWNSAMPLED
    return facts.get(name) or facts.get(other)


def _joined(record: ImageRecord, facts: Facts, report: JoinReport) -> ImageRecord:
    changes: dict[str, str | float] = {}
    for name, theirs in facts.known().items():
        ours = getattr(record, name)
        if ours is None or (name in _DECLARED and ours.startswith(_DECLARED[name])):
            report.filled[name] += 1
            changes[name] = theirs
        elif name == "diagnosis" and is_finer(str(theirs), than=ours):
            report.refined += 1
            changes[name] = theirs
        elif name in ("diagnosis", "confirmation") and not _agree(name, ours, str(theirs)):
            report.contradictions.append(Contradiction(record.image_id, name, ours, str(theirs), report.table))
    return replace(record, **changes)  # type: ignore[arg-type]


def _agree(name: str, ours: str, theirs: str) -> bool:
    return ours == theirs or (name == "diagnosis" and common(frozenset((ours, theirs))) is not None)
