"""The audit as one HTML file that needs nothing else: no script, no font, no image from elsewhere."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from PIL import Image

from tejido.data.auditing.audit import Audit
from tejido.data.cleaning.findings import Contradiction, Member
from tejido.errors import ImageError
from tejido.runtime.decode import decode

LIMIT = 24
"""Pictures shown a section; the JSON lists all."""
_SIDE = 132
REASONS = {
    "same_id": "the same id in another release",
    "identical_bytes": "the same file",
    "identical_pixels": "the same pixels in another format",
    "downsampled": "the ISIC Archive's smaller copy",
    "near_duplicate": "the same picture in another size, quality or aspect",
    "turned": "the same picture turned or mirrored",
    "contradicted": "one picture under several diagnoses, none weightier",
    "excluded": "left out by a filter",
    "unreadable": "cannot be read",
    "not_in_task": "no label in the task",
}


@dataclass(frozen=True)
class Shown:
    """A picture with words under it."""

    uri: str | None
    title: str
    lines: list[str]


def page(audit: Audit, title: str) -> str:
    """The audit as HTML.

    Args:
        audit: numbers, rows and findings.
        title: for its head.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["thousands"] = lambda value: "–" if value is None else f"{value:,}"
    environment.filters["words"] = _words
    template = environment.from_string(
        files("tejido.data.auditing").joinpath("audit.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        title=title,
        n=audit.numbers,
        reasons=REASONS,
        limit=LIMIT,
        finer=[] if audit.findings is None else audit.findings.refined,
        contradictions=_contradictions(audit),
        pairs=_pairs(audit),
        copies=_copies(audit),
        colours=_colours(audit),
        leaks=audit.leaks[:LIMIT],
        sources=sorted(audit.rows["source"].unique()),
        tops={name: _top(counts) for name, counts in audit.numbers["counts"].items()},
        groups={name: _top(counts) for name, counts in audit.numbers["subgroups"].items()},
        sizes=_top(audit.numbers["sizes"], 8),
    )


def _words(code: str | None) -> str:
    return "unknown" if code is None else code.replace("_", " ")


def _top(counts: dict[str, int], limit: int = 14) -> list[tuple[str, int, float]]:
    """Names, counts, and lengths of bars as shares of the greatest; the rest as one."""
    items = list(counts.items())
    shown = items if len(items) <= limit + 1 else items[:limit]
    rest = sum(count for _, count in items[len(shown) :])
    most = max((count for _, count in shown), default=1)
    rows = [(name, count, count / most) for name, count in shown]
    return rows + ([(f"{len(items) - len(shown)} others", rest, min(1.0, rest / most))] if rest else [])


def _contradictions(audit: Audit) -> list[dict[str, Any]]:
    found = [] if audit.findings is None else audit.findings.contradictions
    # Both kinds are shown, each a half.
    settled = [item for item in found if item.kept_id is not None]
    dropped = [item for item in found if item.kept_id is None]
    return [
        {
            "pictures": [_member(member) for member in item.members[:4]],
            "settled": item.kept_id is not None,
            "verdict": _verdict(item),
        }
        for item in dropped[: LIMIT // 2] + settled[: LIMIT // 2]
    ]


def _verdict(item: Contradiction) -> str:
    """What became of a contradiction, and the weight of the claim that decided or was matched."""
    if item.kept_id is None:
        return f"removed: no claim is weightier than: {item.claims[0].basis}" if item.claims else "removed"
    basis = next((f", {claim.basis}" for claim in item.claims if claim.by == item.by), "")
    return f"settled: {_words(item.diagnosis)} (by {item.by}{basis})"


def _pairs(audit: Audit) -> list[dict[str, Any]]:
    found = [] if audit.findings is None else audit.findings.pairs
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for pair in found:
        shown = by_kind.setdefault(pair.kind, [])
        if len(shown) < LIMIT // 2:
            shown.append(
                {
                    "kind": pair.kind,
                    "pictures": [_member(pair.first), _member(pair.second)],
                    "text": f"differ by {pair.difference:g} levels, correlate {pair.correlation:g}",
                }
            )
    return [item for kind in ("copy", "turned", "similar", "cropped") for item in by_kind.get(kind, [])]


def _copies(audit: Audit) -> list[dict[str, Any]]:
    found = [] if audit.findings is None else audit.findings.byte_identical
    alike = [group for group in found if len({member.diagnosis for member in group}) == 1]
    return [{"pictures": [_member(member) for member in group[:4]]} for group in alike[: LIMIT // 2]]


def _colours(audit: Audit) -> list[Shown]:
    strange = audit.rows[audit.rows["colours"].notna()].sort_values(["colours", "image_id"])
    rows = zip(strange["path"], strange["image_id"], strange["source"], strange["colours"], strict=True)
    return [Shown(thumbnail(path), name, [source, remark]) for path, name, source, remark in list(rows)[:LIMIT]]


def _member(member: Member) -> Shown:
    lines = [f"{member.source}: {_words(member.diagnosis)}"]
    lines += [f"{table}: {_words(diagnosis)}" for table, diagnosis in member.tables.items()]
    if member.official_split:
        lines.append(f"official split: {member.official_split}")
    return Shown(thumbnail(member.path), member.image_id, lines)


def thumbnail(path: str | None) -> str | None:
    """A small JPEG of a picture as a data URI; None where there is none."""
    if not isinstance(path, str):
        return None
    try:
        picture = Image.fromarray(decode(Path(path)))
    except ImageError:
        return None
    picture.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
