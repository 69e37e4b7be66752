"""What the ISIC challenges share: parts with tables of their own, images and masks anywhere below the root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.assemble import assemble
from tejido.sources.facts import FactTable, TableFormat, merge_facts, read_facts
from tejido.sources.files import find_files, find_tables, left_out, unused
from tejido.sources.record import Reading, SourceInfo
from tejido.sources.wrong_folder import not_this

CONFIRMATIONS = {
    "histopathology": "histology",
    "serial imaging showing no change": "follow_up",
    "single image expert consensus": "consensus",
    "confocal microscopy with consensus dermoscopy": "confocal",
}
"""The ISIC Archive's words for how a diagnosis was made; a single doctor's opinion is none of them."""

ISIC_CLASSES = {
    "MEL": "melanoma",
    "NV": "nevus",
    "BCC": "basal_cell_carcinoma",
    "BKL": "benign_keratosis",
    "DF": "dermatofibroma",
    "VASC": "vascular_lesion",
}
"""The columns that the ground truths of 2018 and 2019 share."""


@dataclass(frozen=True)
class Part:
    """A published part of a challenge.

    Attributes:
        split: ``train``, ``val`` or ``test``.
        images: how many it has.
        tables: patterns of the names of its tables, whatever their case; the first that is found lists the images.
        masks: how many lesion masks it has.
    """

    split: str
    images: int
    tables: tuple[str, ...]
    masks: int = 0


def read_challenge(
    root: Path, info: SourceInfo, parts: Sequence[Part], formats: Sequence[TableFormat], *, images: bool
) -> Reading:
    """Read a challenge from its tables.

    Args:
        root: where tables, images and masks lie, in any folders.
        info: of the source.
        parts: what there may be; one is enough, and each one found is checked against its counts.
        formats: of its tables.
        images: False reads the tables alone.

    Raises:
        DataError: no part has a table that can be read.
    """
    files = find_files(root) if images else None
    reading = Reading(problems=files.problems if files else [])
    known: set[str] = set()
    for part in parts:
        table = _read_tables(root, part, formats, reading)
        if table is None:
            continue
        again = known & set(table.facts)
        table.facts = {name: facts for name, facts in table.facts.items() if name not in again}
        known |= set(table.facts)
        records, problems = assemble(info, table.facts, files, images=part.images, masks=part.masks, split=part.split)
        if part.split != "test" and not any(facts.diagnosis for facts in table.facts.values()):
            problems.append(f"no diagnosis is known; is {part.tables[0]} there?")
        problems += left_out("images are in the table of an earlier split too", again)
        reading.records += records
        reading.problems += [f"{part.split}: {problem}" for problem in problems]
    if not known:
        names = ", ".join(part.tables[0] for part in parts)
        raise not_this(root, info.title, "; ".join(reading.problems[:3]) or f"there is no table such as {names}")
    if files:
        reading.problems += unused(files, known)
    return reading


def _read_tables(root: Path, part: Part, formats: Sequence[TableFormat], reading: Reading) -> FactTable | None:
    """All tables of a part as one; None where there is none that can be used."""
    merged: FactTable | None = None
    for path in [path for pattern in part.tables for path in find_tables(root, pattern)]:
        try:
            table = read_facts(path, formats)
        except DataError as error:
            reading.problems.append(f"{part.split}: {error}")
            continue
        reading.problems += table.problems
        reading.unmapped += table.unmapped
        reading.duplicates += table.duplicates
        if merged is None:
            merged = table
            continue
        for name, facts in table.facts.items():
            if name in merged.facts:
                merged.facts[name] = merge_facts(merged.facts[name], facts)
    return merged
