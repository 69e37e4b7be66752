"""What a build found and removed; ``cleaning.files`` keeps it beside the manifest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Member:
    """An image in a pair or group: what its source and the tables say."""

    image_id: str
    path: str | None
    source: str
    diagnosis: str | None
    tables: dict[str, str]
    official_split: str | None


@dataclass(frozen=True)
class Pair:
    """Two images that look the same: how (see ``duplicates.search``), and by how much they differ."""

    first: Member
    second: Member
    kind: str
    difference: float
    correlation: float


@dataclass(frozen=True)
class Statement:
    """A diagnosis that was claimed: by which source or table, and what it rests on (see ``cleaning.claims``)."""

    by: str
    diagnosis: str
    basis: str


@dataclass(frozen=True)
class Contradiction:
    """One picture of which different diagnoses are claimed.

    Attributes:
        members: its images.
        diagnosis: the one taken, or None: then all images were removed.
        by: the source or table that decided.
        kept_id: the image kept.
        claims: every diagnosis that was claimed, the weightiest first.
    """

    members: list[Member]
    diagnosis: str | None
    by: str | None
    kept_id: str | None
    claims: list[Statement] = field(default_factory=list)


@dataclass(frozen=True)
class Refinement:
    """Images whose diagnosis is finer than the one their own source gives: thanks to which source or table."""

    by: str
    coarse: str
    fine: str
    images: int


@dataclass(frozen=True)
class Removal:
    """An image that is not in the manifest: why, and which one is there instead."""

    image_id: str
    path: str | None
    source: str
    diagnosis: str | None
    reason: str
    kept_id: str | None
    kept_path: str | None
    kept_diagnosis: str | None
    detail: str | None


@dataclass
class Findings:
    """Everything a build found.

    Attributes:
        files: images that the sources have.
        removed: images that are not in the manifest.
        byte_identical: groups of identical files.
        byte_identical_contradicted: how many of them stand under several diagnoses in their own sources.
        contradictions: pictures of which different diagnoses are claimed, by sources or tables.
        refined: how many kept images have a finer diagnosis than their own source gives, by what made it finer.
        pairs: near-duplicates.
        crossing_groups: groups of identical files that cross a source's own splits.
        crossing_lesions: lesions that do.
        linked_pairs: pairs of known duplicates that were found here.
        unmapped: diagnosis terms that the taxonomy does not know, with counts, by source or table.
        problems: what differs from the sources' descriptions.
    """

    files: int
    removed: list[Removal] = field(default_factory=list)
    byte_identical: list[list[Member]] = field(default_factory=list)
    byte_identical_contradicted: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)
    refined: list[Refinement] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    crossing_groups: list[list[str]] = field(default_factory=list)
    crossing_lesions: list[str] = field(default_factory=list)
    linked_pairs: int = 0
    unmapped: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def removed_by_reason(self) -> dict[str, int]:
        """Counts of the removed images."""
        return dict(sorted(Counter(removal.reason for removal in self.removed).items()))
