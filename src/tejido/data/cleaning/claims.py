"""Who says what a picture shows, how much that counts, and what follows where they disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tejido.data.cleaning.join import find_facts
from tejido.sources.catalogue import SOURCES
from tejido.sources.facts import FactTable
from tejido.sources.folders import Folders
from tejido.sources.metadata import LYAKHOVA
from tejido.sources.record import ImageRecord
from tejido.taxonomy import is_finer

HISTOLOGY, OFFICIAL, COPIED, FOLDER = 3, 2, 1, 0
"""What a diagnosis rests on: proven under the microscope, the publisher's own table, someone's collection of tables,
the class folder that somebody put a file in."""
NAMES = {HISTOLOGY: "histology", OFFICIAL: "official table", COPIED: "collected table", FOLDER: "class folder"}


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
        by: whose claim was taken.
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

    Two diagnoses agree where one lies above the other in the taxonomy.
    """
    ordered = sorted(set(claims), key=lambda claim: (-claim.authority, claim.by, claim.diagnosis))
    if not ordered:
        return Verdict(None, False, None)
    every = {claim.diagnosis for claim in ordered}
    contradicted = _finest(every) is None
    top = _finest({claim.diagnosis for claim in ordered if claim.authority == ordered[0].authority})
    if top is None:
        return Verdict(None, True, None)
    finer = {name for name in every if is_finer(name, than=top)}
    diagnosis = (_finest(finer) if finer else None) or top
    by = next(claim.by for claim in ordered if claim.diagnosis == diagnosis)
    return Verdict(diagnosis, contradicted, by)


def _finest(names: set[str]) -> str | None:
    """The lowest of diagnoses that lie on one line of the tree; None where they do not."""
    for name in sorted(names):
        if all(other == name or is_finer(name, than=other) for other in names):
            return name
    return None


def _raised(authority: int, confirmation: str | None) -> int:
    return HISTOLOGY if confirmation == "histology" and authority >= OFFICIAL else authority
