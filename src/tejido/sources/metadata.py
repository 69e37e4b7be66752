"""Tables of facts by image id that can be joined to images of any source, told apart by their columns."""

from __future__ import annotations

import re
from pathlib import Path

from tejido.sources import ham10000, isic2016, isic2017, isic2018, isic2019, isic2020, isic_archive, pad_ufes_20
from tejido.sources.facts import Facts, FactTable, TableFormat, read_facts
from tejido.sources.tables import Row

LYAKHOVA_TERMS = {
    "vascular lesions": "vascular_lesion",
    "nevus": "nevus",
    "solar lentigo": "solar_lentigo",
    "dermatofibroma": "dermatofibroma",
    "seborrheic ketarosis": "seborrheic_keratosis",
    "benign ketarosis": "benign_keratosis",
    "actinic keratosis": "actinic_keratosis",
    "basal cell carcinoma": "basal_cell_carcinoma",
    "squamous cell carcinoma": "squamous_cell_carcinoma",
    "melanoma": "melanoma",
}
"""With the table's own spelling; a number stands before each word."""


def _lyakhova(row: Row, table: FactTable) -> Facts:
    # Where ISIC's own tables leave age, sex or site blank, this one has one and the same value: made up, so not read.
    term = re.sub(r"^\d+\.\s*", "", row["diagnosis"] or "") or None
    return Facts(diagnosis=table.code(LYAKHOVA_TERMS, term))


LYAKHOVA = TableFormat("Lyakhova's merged ISIC table", ("name", "diagnosis", "anatomloc"), _lyakhova)
FORMATS: tuple[TableFormat, ...] = (
    isic2019.GROUND_TRUTH,
    isic2018.GROUND_TRUTH,
    isic2018.LESIONS,
    isic2017.GROUND_TRUTH,
    isic2017.METADATA,
    isic2020.DUPLICATES,
    isic2020.GROUND_TRUTH,
    isic2020.TEST_METADATA,
    isic2019.METADATA,
    ham10000.METADATA,
    isic_archive.METADATA,
    pad_ufes_20.METADATA,
    LYAKHOVA,
    isic2016.GROUND_TRUTH,
)
"""The first one that fits a table is taken, so the more particular ones come first."""


def read_metadata(path: Path) -> FactTable:
    """Read any of the known tables.

    Raises:
        DataError: its columns are not those of a known table, or it is not what it must be.
    """
    return read_facts(path, FORMATS)
