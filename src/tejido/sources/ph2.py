"""PH²: 200 dermoscopic images (80 common nevi, 80 atypical nevi, 40 melanomas) with masks.

Layout: ``PH2 Dataset images/IMDnnn/IMDnnn_Dermoscopic_Image/IMDnnn.bmp``, masks
``IMDnnn_lesion/IMDnnn_lesion.bmp``, and ``PH2_dataset.txt``: columns between ``||``, of which the first three are name,
histological diagnosis (mostly blank) and clinical diagnosis (0, 1 or 2).
"""

from __future__ import annotations

import re
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.assemble import assemble
from tejido.sources.facts import Facts
from tejido.sources.files import Files, image_paths, listed
from tejido.sources.record import Reading, Source, SourceInfo

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
        citation=(
            "Mendonça T, Ferreira PM, Marques JS, Marçal AR, Rozeira J. PH²: a dermoscopic image database for research "
            "and benchmarking. EMBC 2013."
        ),
        homepage="https://www.fc.up.pt/addi/ph2%20database.html",
        obtain="Ask for it on the home page, and unpack the archive.",
        size="about 0.1 GB",
        terms=TERMS,
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read ``PH2_dataset.txt``, images and masks below ``root``; see the module for the layout.

        Raises:
            DataError: no such folder, or no table.
        """
        reading = Reading()
        facts = self._facts(root, reading)
        files = _files(root) if images else None
        reading.records, problems = assemble(
            self.info,
            facts,
            files,
            attribution="ADDI project, Hospital Pedro Hispano",
            images=self.info.images,
            masks=self.info.masks,
        )
        reading.problems += problems
        if files and (strays := set(files.images) - set(facts)):
            reading.problems.append(f"{len(strays):,} images are not in the table and were left out: {listed(strays)}")
        return reading

    def _facts(self, root: Path, reading: Reading) -> dict[str, Facts]:
        tables = sorted(root.rglob("PH2_dataset.txt"))
        if not tables:
            raise DataError(f"{root}: not PH²; PH2_dataset.txt is missing")
        try:
            lines = tables[0].read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            raise DataError(f"{tables[0]}: cannot be read ({error.strerror})") from None
        facts: dict[str, Facts] = {}
        for line in lines:
            cells = [cell.strip() for cell in line.strip().strip("|").split("||")]
            if not _NAME.fullmatch(cells[0]):
                continue  # the header, the legend below the table
            if len(cells) < 3:
                reading.problems.append(f"{cells[0]}: its row has no clinical diagnosis")
                continue
            name, histology, clinical = cells[0].upper(), cells[1], cells[2]
            if clinical and clinical not in TERMS:
                reading.unmapped[clinical] += 1
            new = Facts(diagnosis=TERMS.get(clinical), confirmation="histology" if histology else None)
            if name in facts and facts[name] != new:
                reading.problems.append(f"{name} is listed twice with different values; its diagnosis is left unknown")
                new = Facts()
            facts[name] = new
        if not facts:
            raise DataError(f"{tables[0].name}: no rows of images")
        return facts


def _files(root: Path) -> Files:
    """Images and lesion masks; the masks of single colours are passed over."""
    found = Files()
    for path in image_paths(root):
        if match := _NAME.fullmatch(path.stem):
            kind = found.masks if match[2] else found.images
            kind.setdefault(match[1].upper(), path)
    return found
