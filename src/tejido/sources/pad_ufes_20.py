"""PAD-UFES-20: 2,298 phone photos of 1,373 patients, in six classes, with 21 clinical fields.

Layout: ``images/imgs_part_{1,2,3}/*.png`` named as the column ``img_id``, and ``metadata.csv`` with ``patient_id,
lesion_id, …, age, gender, fitspatrick`` (sic)``, region, …, diagnostic, …, img_id, biopsed``. The number of a lesion is
unique only within its patient. Sex, skin type and history are known of 1,494 rows, age and region of all.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.assemble import read_single
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, number

TERMS = {
    "ACK": "actinic_keratosis",
    "BCC": "basal_cell_carcinoma",
    "MEL": "melanoma",
    "NEV": "nevus",
    "SCC": "squamous_cell_carcinoma",
    "SEK": "seborrheic_keratosis",
}
"""SCC takes in Bowen's disease."""
SKIN_TYPES = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}


def _facts(row: Row, table: FactTable) -> Facts:
    patient, lesion = row["patient_id"], row["lesion_id"]
    biopsied = {"true": "histology", "false": "consensus"}
    return Facts(
        diagnosis=table.code(TERMS, row["diagnostic"]),
        confirmation=biopsied.get((row.get("biopsed") or "").lower()),
        patient_id=patient,
        lesion_id=f"{patient}/{lesion}" if patient and lesion else None,
        age=table.age(row.get("age"), str(row["img_id"])),
        sex=lower(row.get("gender")),
        site=lower(row.get("region")),
        skin_type=SKIN_TYPES.get(int(number(row.get("fitspatrick")) or 0)),
    )


METADATA = TableFormat("PAD-UFES-20 metadata", ("img_id", "patient_id", "lesion_id", "diagnostic"), _facts, isic=False)


class PadUfes20(Source):
    """Reader of PAD-UFES-20."""

    info = SourceInfo(
        name="pad_ufes_20",
        title="PAD-UFES-20",
        summary="Phone photos of skin lesions in six classes, with patients, skin types and clinical fields.",
        modality="clinical",
        images=2298,
        licence="CC-BY-4.0",
        attribution="Federal University of Espírito Santo (PAD-UFES-20)",
        citation=(
            "Pacheco AGC, Lima GR, Salomão AS, et al. PAD-UFES-20: a skin lesion dataset composed of patient data and "
            "clinical images collected from smartphones. Data in Brief 32, 106221 (2020)."
        ),
        homepage="https://doi.org/10.17632/zr7vgbcyr2.1",
        obtain="Download the archive from the Mendeley Data page and unpack it, the three image archives too.",
        size="about 3.5 GB",
        terms=TERMS,
    )

    def _read(self, root: Path, images: bool) -> Reading:
        return read_single(root, self.info, METADATA, "metadata.csv", images=images)
