"""HAM10000: 10,015 dermatoscopic images of 7,470 lesions (Tschandl et al. 2018, doi:10.1038/sdata.2018.161).

Layout: ``HAM10000_metadata.csv`` (in the archive ``HAM10000_metadata`` or ``.tab``, with tabs) with ``lesion_id,
image_id, dx, dx_type, age, sex, localization``; images in any folders; masks ``<image_id>_segmentation.png``.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.assemble import read_single
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower

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
        confirmation=CONFIRMATIONS.get((row["dx_type"] or "").lower()),
        lesion_id=row["lesion_id"],
        age=table.age(row.get("age"), str(row["image_id"])),
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
        attribution="ViDIR Group, Medical University of Vienna",
        citation="Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5, 180161 (2018).",
        homepage="https://doi.org/10.7910/DVN/DBW86T",
        obtain="Download both image archives, the metadata and the segmentations, and unpack them in one folder.",
        size="about 3 GB",
        terms=TERMS,
        collections=("HAM10000",),
        weak=(
            "It has no patient ids: lesions can be kept apart, patients cannot.",
            "Every malignant image is proven by histology, while most nevi were only watched: a network can score by "
            "recognising why a picture was taken.",
            "Invasive squamous-cell carcinoma hardly occurs in it; its 197 squamous-cell carcinomas are "
            "intraepidermal.",
            "Its pictures are of one camera family, and mostly of light skin.",
        ),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        names = ("HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab")
        return read_single(root, self.info, METADATA, *names, images=images)
