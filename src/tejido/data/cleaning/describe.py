"""What was found of images, as findings that can be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tejido.data.cleaning.candidate import Candidate
from tejido.data.cleaning.claims import BASES, Verdict, settle
from tejido.data.cleaning.findings import Contradiction, Findings, Member, Pair, Removal, Statement
from tejido.data.cleaning.published_splits import crossing_copies, crossing_lesions
from tejido.data.duplicates.search import NearDuplicate
from tejido.sources.record import ImageRecord


def describe(findings: Findings, candidates: Sequence[Candidate], near: Sequence[NearDuplicate]) -> None:
    """Note what there is before anything is removed: identical files, pairs, what crosses published splits."""
    copies: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(candidates):
        if item.seen is not None:
            copies[item.seen.sha256].append(number)
    groups = [group for group in copies.values() if len(group) > 1]
    findings.byte_identical = [[_member(candidates[n]) for n in group] for group in groups]
    findings.byte_identical_contradicted = sum(
        settle(c for n in group for c in candidates[n].claims if c.by == candidates[n].record.source).contradicted
        for group in groups
    )
    findings.pairs = [
        Pair(
            _member(candidates[pair.first]),
            _member(candidates[pair.second]),
            pair.kind,
            round(pair.difference, 2),
            round(pair.correlation, 4),
        )
        for pair in near
    ]
    records = [item.record for item in candidates]
    findings.crossing_groups = crossing_copies(records, groups)
    findings.crossing_lesions = crossing_lesions(records)


def contradiction(group: Sequence[Candidate], kept: Candidate, verdict: Verdict) -> Contradiction:
    """One picture of which different diagnoses are claimed.

    Args:
        group: its images.
        kept: the one that is kept if the claims can be settled.
        verdict: what follows from the claims.
    """
    claims = {claim for item in group for claim in item.claims}
    ordered = sorted(claims, key=lambda claim: (-claim.authority, claim.by, claim.diagnosis))
    return Contradiction(
        [_member(item) for item in group],
        verdict.diagnosis,
        verdict.by,
        None if verdict.is_open else kept.record.image_id,
        [Statement(claim.by, claim.diagnosis, BASES[claim.authority]) for claim in ordered],
    )


def removal(record: ImageRecord, reason: str, kept: ImageRecord | None = None, detail: str | None = None) -> Removal:
    """An image that is left out: why, and which one is kept instead."""
    return Removal(
        record.image_id,
        _text(record.path),
        record.source,
        record.diagnosis,
        reason,
        None if kept is None else kept.image_id,
        None if kept is None else _text(kept.path),
        None if kept is None else kept.diagnosis,
        detail,
    )


def _member(item: Candidate) -> Member:
    record = item.record
    tables = {claim.by: claim.diagnosis for claim in item.claims if claim.by != record.source}
    return Member(record.image_id, _text(record.path), record.source, item.own_diagnosis, tables, record.official_split)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
