"""What the build of a manifest found, as numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from tejido.data.cleaning.findings import Findings


def of_build(findings: Findings | None) -> dict[str, Any]:
    """The numbers, by name; without findings every count is null and every list empty."""
    if findings is None:
        return {name: None if isinstance(value, int) else value for name, value in of_build(Findings(files=0)).items()}
    open_ = [item for item in findings.contradictions if item.kept_id is None]
    terms: Counter[str] = Counter()
    for unknown in findings.unmapped.values():
        terms.update(unknown)
    finer: Counter[str] = Counter()
    for item in findings.refined:
        finer[item.by] += item.images
    return {
        "files": findings.files,
        "removed": findings.removed_by_reason(),
        "byte_identical_groups": len(findings.byte_identical),
        "contradicted_groups": findings.byte_identical_contradicted,
        "contradicted_pictures": len(findings.contradictions),
        "contradictions_resolved": len(findings.contradictions) - len(open_),
        "contradictions_dropped": len(open_),
        "contradicted_groups_resolved": _resolved_copies(findings),
        "diagnoses_made_finer": dict(finer.most_common()),
        "near_duplicate_pairs": len(findings.pairs),
        "near_duplicates_by_kind": dict(Counter(pair.kind for pair in findings.pairs)),
        "known_duplicate_pairs": findings.linked_pairs,
        "original_split_crossing_groups": len(findings.crossing_groups),
        "original_split_crossing_lesions": len(findings.crossing_lesions),
        "unreadable": [
            {"image_id": item.image_id, "path": item.path, "reason": item.detail}
            for item in findings.removed
            if item.reason == "unreadable"
        ],
        "unmapped_terms": dict(terms),
        "problems": findings.problems,
        "details": {
            "pairs": [asdict(pair) for pair in findings.pairs],
            "contradictions": [asdict(item) for item in findings.contradictions],
            "diagnoses_made_finer": [asdict(item) for item in findings.refined],
            "crossing_groups": findings.crossing_groups,
            "crossing_lesions": findings.crossing_lesions,
        },
    }


def _resolved_copies(findings: Findings) -> int:
    """How many groups of identical files under several diagnoses were settled."""
    settled = {m.image_id for item in findings.contradictions if item.kept_id is not None for m in item.members}
    return sum(
        len({m.diagnosis for m in group if m.diagnosis}) > 1 and all(m.image_id in settled for m in group)
        for group in findings.byte_identical
    )
