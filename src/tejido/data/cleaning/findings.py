"""What a build found and removed, kept beside the manifest: ``<manifest>.removed.parquet`` and ``.findings.json``."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tejido.data.tables import write_parquet
from tejido.errors import DataError
from tejido.files import replacing


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
class Contradiction:
    """One picture of which different diagnoses are claimed.

    Attributes:
        members: its images.
        diagnosis: the one taken, or None: then all images were removed.
        by: the source or table that decided.
        kept_id: the image kept.
    """

    members: list[Member]
    diagnosis: str | None
    by: str | None
    kept_id: str | None


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
    pairs: list[Pair] = field(default_factory=list)
    crossing_groups: list[list[str]] = field(default_factory=list)
    crossing_lesions: list[str] = field(default_factory=list)
    linked_pairs: int = 0
    unmapped: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def removed_by_reason(self) -> dict[str, int]:
        """Counts of the removed images."""
        return dict(sorted(Counter(removal.reason for removal in self.removed).items()))


def removed_path(manifest: Path) -> Path:
    """Where the table of removed images lies."""
    return manifest.with_suffix(".removed.parquet")


def findings_path(manifest: Path) -> Path:
    """Where the other findings lie."""
    return manifest.with_suffix(".findings.json")


def write(findings: Findings, manifest: Path) -> None:
    """Write both files beside the manifest, each whole or not at all."""
    columns = list(Removal.__dataclass_fields__)
    rows = [asdict(removal) for removal in sorted(findings.removed, key=lambda r: (r.image_id, r.path or ""))]
    write_parquet(pd.DataFrame(rows, columns=columns, dtype="string"), removed_path(manifest))
    rest = asdict(findings)
    del rest["removed"]
    with replacing(findings_path(manifest)) as temporary:
        temporary.write_text(json.dumps(rest, ensure_ascii=False, indent=1), encoding="utf-8")


def read(manifest: Path) -> Findings | None:
    """The findings beside a manifest; None where there are none.

    Raises:
        DataError: they are damaged.
    """
    path = findings_path(manifest)
    if not path.exists():
        return None
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        table = pd.read_parquet(removed_path(manifest)).astype(object)
        rows = table.where(table.notna(), None).to_dict("records")
        data["byte_identical"] = [[Member(**m) for m in group] for group in data["byte_identical"]]
        data["contradictions"] = [
            Contradiction(**(c | {"members": [Member(**m) for m in c["members"]]})) for c in data["contradictions"]
        ]
        data["pairs"] = [
            Pair(**(p | {"first": Member(**p["first"]), "second": Member(**p["second"])})) for p in data["pairs"]
        ]
        return Findings(**data, removed=[Removal(**{str(k): v for k, v in row.items()}) for row in rows])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged, build the manifest again ({str(error).splitlines()[0]})") from None
