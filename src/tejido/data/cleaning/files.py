"""The files of a build: the manifest, and beside it ``<manifest>.removed.parquet`` and ``<manifest>.findings.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from tejido.data.cleaning.findings import Contradiction, Findings, Member, Pair, Refinement, Removal, Statement
from tejido.data.manifest import relative
from tejido.data.tables import fill, first_line, read_parquet
from tejido.errors import DataError
from tejido.files import replacing

_REMOVED = {field.name: "string" for field in fields(Removal)}


def removed_path(manifest: Path) -> Path:
    """Where the table of removed images lies."""
    return manifest.with_suffix(".removed.parquet")


def findings_path(manifest: Path) -> Path:
    """Where the other findings lie."""
    return manifest.with_suffix(".findings.json")


def write(rows: pd.DataFrame, findings: Findings, manifest: Path) -> None:
    """Write a manifest and its findings, all three files or none.

    Each is written under a temporary name first. The manifest takes its place last: without its findings it would look
    as if nothing had been removed. Paths are stored relative to its folder.

    Raises:
        TejidoError: a file cannot be written; what was there before is untouched.
    """

    def stored(path: str) -> str | None:
        return relative(Path(path), manifest.parent)

    removed = [_with_paths(asdict(item), stored) for item in findings.removed]
    table = pd.DataFrame(removed, columns=list(_REMOVED), dtype="string").sort_values(["image_id", "path"])
    rest = _with_paths(asdict(findings), stored)
    del rest["removed"]
    with replacing(manifest) as new_manifest:
        fill(rows, new_manifest)
        with replacing(removed_path(manifest)) as new_removed:
            fill(table, new_removed)
            with replacing(findings_path(manifest)) as new_findings:
                new_findings.write_text(json.dumps(rest, ensure_ascii=False, indent=1), encoding="utf-8")


def read_findings(manifest: Path) -> Findings | None:
    """The findings beside a manifest, paths resolved against its folder; None where there are none.

    Raises:
        DataError: they are damaged.
    """
    path = findings_path(manifest)
    if not path.exists():
        return None

    def resolved(text: str) -> str:
        return str(manifest.parent / text)

    table = read_parquet(removed_path(manifest), _REMOVED)[list(_REMOVED)].astype(object)
    removed = [_with_paths(row, resolved) for row in table.where(table.notna(), None).to_dict("records")]
    try:
        data: dict[str, Any] = _with_paths(json.loads(path.read_text(encoding="utf-8")), resolved)
        return Findings(**(data | _typed(data)), removed=[Removal(**row) for row in removed])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: damaged, build the manifest again ({first_line(error)})") from None


def _typed(data: dict[str, Any]) -> dict[str, Any]:
    """The lists of findings, as what they were before they were written."""
    return {
        "byte_identical": [[Member(**member) for member in group] for group in data["byte_identical"]],
        "contradictions": [
            Contradiction(
                **item
                | {
                    "members": [Member(**member) for member in item["members"]],
                    "claims": [Statement(**claim) for claim in item.get("claims", [])],
                }
            )
            for item in data["contradictions"]
        ],
        "pairs": [
            Pair(**pair | {"first": Member(**pair["first"]), "second": Member(**pair["second"])})
            for pair in data["pairs"]
        ],
        "refined": [Refinement(**item) for item in data.get("refined", [])],
    }


def _with_paths(value: Any, change: Callable[[str], str | None]) -> Any:
    """The same with every ``path`` and ``kept_path`` in it changed."""
    if isinstance(value, list):
        return [_with_paths(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: change(item) if key in ("path", "kept_path") and isinstance(item, str) else _with_paths(item, change)
        for key, item in value.items()
    }
