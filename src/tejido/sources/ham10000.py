"""HAM10000: 10,015 dermatoscopic images of 7,470 lesions (Tschandl et al. 2018, doi:10.1038/sdata.2018.161).

Layout: ``HAM10000_metadata.csv`` (or ``HAM10000_metadata``) with ``lesion_id, image_id, dx, dx_type, age, sex,
localization``; images in any folders below the root; masks as ``<image_id>_segmentation.png``.
"""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.record import ImageRecord, Reading, SourceInfo
from tejido.sources.tables import images_by_stem, number, read_table

DIAGNOSES = {
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
_MASK = "_segmentation"


class Ham10000:
    """Reader of HAM10000."""

    info = SourceInfo(
        name="ham10000",
        title="HAM10000",
        modality="dermoscopy",
        images=10015,
        licence="CC-BY-NC-4.0",
        citation="Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5, 180161 (2018).",
        homepage="https://doi.org/10.7910/DVN/DBW86T",
    )

    def read(self, root: Path) -> Reading:
        """Read images, masks and metadata below ``root``; see the module for the layout.

        Raises:
            DataError: no metadata table, or it lacks a column that is needed.
        """
        rows = read_table(_metadata_file(root), ("lesion_id", "image_id", "dx", "dx_type"))
        files = images_by_stem(root)
        reading = Reading()
        for row in sorted(rows, key=lambda row: row["image_id"] or ""):
            image_id = row["image_id"]
            path = files.get(image_id or "")
            if image_id is None or path is None:
                reading.problems.append(f"{image_id}: in the table, but there is no such image")
                continue
            diagnosis = DIAGNOSES.get(row["dx"] or "")
            if diagnosis is None:
                reading.unmapped[row["dx"] or "(none)"] += 1
            reading.records.append(
                ImageRecord(
                    image_id=image_id,
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution="ViDIR Group, Medical University of Vienna",
                    diagnosis=diagnosis,
                    confirmation=CONFIRMATIONS.get(row["dx_type"] or ""),
                    lesion_id=row["lesion_id"],
                    age=number(row.get("age")),
                    sex=row.get("sex"),
                    site=row.get("localization"),
                    mask_path=files.get(image_id + _MASK),
                )
            )
        listed = {record.image_id for record in reading.records}
        strays = sum(1 for stem in files if not stem.endswith(_MASK) and stem not in listed)
        if strays:
            reading.problems.append(f"{strays} images are not in the table and were left out")
        if len(reading.records) != self.info.images:
            reading.problems.append(f"{self.info.images:,} images expected, {len(reading.records):,} found")
        return reading


def _metadata_file(root: Path) -> Path:
    for name in ("HAM10000_metadata.csv", "HAM10000_metadata"):
        if (root / name).is_file():
            return root / name
    raise DataError(f"{root}: not HAM10000; HAM10000_metadata.csv is missing")
