"""HAM10000: 10,015 dermatoscopic images of 7,470 lesions (Tschandl et al. 2018, doi:10.1038/sdata.2018.161).

Layout: ``HAM10000_metadata.csv`` (or ``HAM10000_metadata``, as in the archive) with ``lesion_id, image_id, dx, dx_type,
age, sex, localization``; images in any folders below the root; masks as ``<image_id>_segmentation.png``.
"""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.assemble import assemble
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import find_files, listed
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, number

TERMS = {
    "mel": "melanoma",
    "nv": "nevus",
    "bcc": "basal_cell_carcinoma",
    "akiec": "akiec",
    "bkl": "benign_keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular_lesion",
}
CONFIRMATIONS = {
    "histo": "histology",
    "follow_up": "follow_up",
    "consensus": "consensus",
    "confocal": "confocal",
}


def _facts(row: Row, table: FactTable) -> Facts:
    return Facts(
        diagnosis=table.code(TERMS, row["dx"]),
        confirmation=CONFIRMATIONS.get(row["dx_type"] or ""),
        lesion_id=row["lesion_id"],
        age=number(row.get("age")),
        sex=lower(row.get("sex")),
        site=row.get("localization"),
    )


METADATA = TableFormat("HAM10000 metadata", ("image_id", "lesion_id", "dx", "dx_type"), _facts)


class Ham10000(Source):
    """Reader of HAM10000."""

    info = SourceInfo(
        name="ham10000",
        title="HAM10000",
        summary="Dermoscopic images in seven classes with lesion ids, masks and how each diagnosis was confirmed.",
        modality="dermoscopy",
        images=10015,
        masks=10015,
        licence="CC-BY-NC-4.0",
        citation="Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5, 180161 (2018).",
        homepage="https://doi.org/10.7910/DVN/DBW86T",
        obtain="Download both image archives, the metadata and the segmentations from the Dataverse page.",
        size="about 3 GB",
        terms=TERMS,
        collections=("HAM10000",),
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read images, masks and metadata below ``root``; see the module for the layout.

        Raises:
            DataError: no metadata table, or it lacks a column that is needed.
        """
        table = METADATA.read(_metadata_file(root))
        files = find_files(root) if images else None
        reading = Reading(unmapped=table.unmapped, problems=table.problems + (files.problems if files else []))
        reading.records, problems = assemble(
            self.info,
            table.facts,
            files,
            attribution="ViDIR Group, Medical University of Vienna",
            images=self.info.images,
            masks=self.info.masks,
        )
        reading.problems += problems
        if files and (strays := set(files.images) - set(table.facts)):
            reading.problems.append(f"{len(strays):,} images are not in the table and were left out: {listed(strays)}")
        return reading


def _metadata_file(root: Path) -> Path:
    for name in ("HAM10000_metadata.csv", "HAM10000_metadata"):
        if (root / name).is_file():
            return root / name
    raise DataError(f"{root}: not HAM10000; HAM10000_metadata.csv is missing")
