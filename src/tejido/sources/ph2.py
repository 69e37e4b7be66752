"""PH²: 200 dermoscopic images (80 common nevi, 80 atypical nevi, 40 melanomas) with masks.

Layout: ``PH2 Dataset images/IMDnnn/IMDnnn_Dermoscopic_Image/IMDnnn.bmp``, masks
``IMDnnn_lesion/IMDnnn_lesion.bmp``, and ``PH2_dataset.txt``: columns between ``||`` (or tabs), among them ``Name``,
``Histological Diagnosis`` (mostly blank) and ``Clinical Diagnosis`` (0, 1 or 2), and legends below the table.
"""

from __future__ import annotations

import re
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.assemble import from_table
from tejido.sources.facts import Facts, FactTable
from tejido.sources.files import find_files, find_tables, listed
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.wrong_folder import not_this

TERMS = {
    "0": "common_nevus",
    "1": "atypical_nevus",
    "2": "melanoma",
    "Common Nevus": "common_nevus",
    "Atypical Nevus": "atypical_nevus",
    "Melanoma": "melanoma",
}
_NAME = re.compile(r"(IMD\d+)(_lesion)?", re.IGNORECASE)


class Ph2(Source):
    """Reader of PH²."""

    info = SourceInfo(
        name="ph2",
        title="PH²",
        summary="Dermoscopic images of common nevi, atypical nevi and melanomas, with lesion masks.",
        modality="dermoscopy",
        images=200,
        masks=200,
        licence="research and education only",
        attribution="ADDI project, Hospital Pedro Hispano",
        citation=(
            "Mendonça T, Ferreira PM, Marques JS, Marçal ARS, Rozeira J. PH²: a dermoscopic image database for "
            "research and benchmarking. EMBC, 5437-5440 (2013)."
        ),
        homepage="https://www.fc.up.pt/addi/ph2%20database.html",
        obtain="Ask for it on the home page, and unpack the archive.",
        size="about 0.1 GB",
        terms=TERMS,
    )

    def _read(self, root: Path, images: bool) -> Reading:
        tables = find_tables(root, "PH2_dataset.txt")
        if not tables:
            raise not_this(root, self.info.title, "PH2_dataset.txt is missing")
        return from_table(self.info, read_table(tables[0]), find_files(root, _role) if images else None)


def read_table(path: Path) -> FactTable:
    """Read ``PH2_dataset.txt``.

    Raises:
        DataError: it cannot be read, or it has no names or no clinical diagnoses.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    rows = [[cell.strip() for cell in re.split(r"\|\||\t", line.strip().strip("|"))] for line in lines]
    header = next(([cell.lower() for cell in row] for row in rows if row[0].lower() == "name"), [])
    if "clinical diagnosis" not in header:
        raise DataError(f"{path.name}: columns 'Name' and 'Clinical Diagnosis' are missing")
    table = FactTable("PH² table")
    for row in rows:
        if not _NAME.fullmatch(row[0]):
            continue  # the header, the legends below the table
        name, cells = row[0].upper(), dict(zip(header, row, strict=False))
        clinical = cells.get("clinical diagnosis") or None
        if clinical is None:
            table.is_odd("have no clinical diagnosis", name)
        facts = Facts(
            diagnosis=table.code(TERMS, clinical),
            confirmation="histology" if cells.get("histological diagnosis") else None,
        )
        if table.facts.setdefault(name, facts) != facts:
            table.facts[name] = Facts()
            table.is_odd("are listed twice with different values; their diagnosis is left unknown", name)
    if not table.facts:
        raise DataError(f"{path.name}: no rows of images")
    table.problems = [
        f"{path.name}: {len(names):,} images {what}: {listed(names)}" for what, names in table.odd.items()
    ]
    return table


def _role(stem: str) -> tuple[str, bool] | None:
    """The id, and whether it is the lesion's mask; None for the masks of single colours."""
    match = _NAME.fullmatch(stem)
    return (match[1].upper(), match[2] is not None) if match else None
