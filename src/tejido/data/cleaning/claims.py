"""Who says what a picture shows, how much that counts, and what follows where they disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from tejido.data.cleaning.join import find_facts
from tejido.sources.catalogue import SOURCES
from tejido.sources.facts import FactTable
from tejido.sources.folders import Folders
from tejido.sources.metadata import LYAKHOVA
from tejido.sources.record import ImageRecord
from tejido.taxonomy import common, is_finer

HISTOLOGY, OFFICIAL, COPIED, FOLDER = 3, 2, 1, 0
"""What a diagnosis rests on: proven under the microscope, the publisher's own table, someone's collection of tables,
the class folder that somebody put a file in."""
BASES = {HISTOLOGY: "histology", OFFICIAL: "official table", COPIED: "collected table", FOLDER: "class folder"}
"""Their names in findings."""


@dataclass(frozen=True)
class Claim:
    """One statement on one picture.

    Attributes:
        diagnosis: code of the taxonomy.
        authority: ``HISTOLOGY`` and so on.
        by: the source or table that says so.
    """

    diagnosis: str
    authority: int
    by: str


@dataclass(frozen=True)
class Verdict:
    """What follows from all claims on a picture.

    Attributes:
        diagnosis: None where nothing is known, or where equals contradict each other.
        contradicted: whether any two claims exclude each other.
        by: whose claim was taken; where it follows from several, whose is the weightiest.
    """

    diagnosis: str | None
    contradicted: bool
    by: str | None

    @property
    def is_open(self) -> bool:
        """Whether the claims contradict each other and none goes before the others."""
        return self.contradicted and self.diagnosis is None


def claims_on(record: ImageRecord, tables: Mapping[str, FactTable]) -> list[Claim]:
    """What a record, as its source has it, and tables of other releases say of one picture."""
    claims = []
    if record.diagnosis is not None:
        own = FOLDER if isinstance(SOURCES.get(record.source, Folders()), Folders) else OFFICIAL
        claims.append(Claim(record.diagnosis, _raised(own, record.confirmation), record.source))
    for name, table in tables.items():
        facts = find_facts(record, table.facts)
        if facts is not None and facts.diagnosis is not None:
            own = COPIED if table.title == LYAKHOVA.title else OFFICIAL
            claims.append(Claim(facts.diagnosis, _raised(own, facts.confirmation), name))
    return claims


def settle(claims: Iterable[Claim]) -> Verdict:
    """The diagnosis that the weightiest claims agree on, made finer by lesser claims that lie below it.

    Claims agree where all of them can be right (``taxonomy.common``). Of the lesser ones too the weightier go first;
    where equals among them name different finer diagnoses, it stays as it is.
    """
    ordered = sorted(set(claims), key=lambda claim: (-claim.authority, claim.by, claim.diagnosis))
    if not ordered:
        return Verdict(None, False, None)
    contradicted = common(frozenset(claim.diagnosis for claim in ordered)) is None
    levels = [
        frozenset(claim.diagnosis for claim in equals)
        for _, equals in groupby(ordered, key=lambda claim: claim.authority)
    ]
    diagnosis = common(levels[0])
    if diagnosis is None:
        return Verdict(None, True, None)
    for names in levels[1:]:
        finer = frozenset(name for name in names if is_finer(name, than=diagnosis))
        refined = common(finer) if finer else diagnosis
        if refined is None:
            break
        diagnosis = refined
    by = next((claim.by for claim in ordered if claim.diagnosis == diagnosis), ordered[0].by)
    return Verdict(diagnosis, contradicted, by)


def _raised(authority: int, confirmation: str | None) -> int:
    return HISTOLOGY if confirmation == "histology" and authority >= OFFICIAL else authority
