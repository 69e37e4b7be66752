"""ISIC 2019's ground truth as a table of diagnoses by image id (BCN20000, HAM10000, MSK)."""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.tables import number, read_table

DIAGNOSES = {
    "MEL": "melanoma",
    "NV": "nevus",
    "BCC": "basal_cell_carcinoma",
    "AK": "actinic_keratosis",
    "BKL": "benign_keratosis",
    "DF": "dermatofibroma",
    "VASC": "vascular_lesion",
    "SCC": "squamous_cell_carcinoma",
}


def read_ground_truth(path: Path) -> dict[str, str]:
    """Diagnosis by image id from ``ISIC_2019_Training_GroundTruth.csv`` (one column a class, 0/1 or 0.0/1.0).

    Images of class UNK are left out.

    Raises:
        DataError: a column is missing, or a row does not have exactly one class.
    """
    truth: dict[str, str] = {}
    for row in read_table(path, ("image", *DIAGNOSES)):
        chosen = [name for name in (*DIAGNOSES, "UNK") if number(row.get(name)) == 1.0]
        if row["image"] is None or len(chosen) != 1:
            raise DataError(f"{path.name}: {row['image']} has {len(chosen)} classes instead of one")
        if chosen[0] != "UNK":
            truth[row["image"]] = DIAGNOSES[chosen[0]]
    return truth
