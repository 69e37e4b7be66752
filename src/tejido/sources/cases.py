"""Cases that the server has kept, as ``tejido cases export`` writes them.

Layout: ``cases.csv`` with ``image_id, file, patient_id, lesion_id, …, diagnosis, confirmation, …``, and the pictures at
``images/<image_id>.jpg`` or ``.png``. The code of a lesion is unique only within its patient. A case without a
confirmed diagnosis is read without diagnosis: what a model said is no truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.assemble import read_single
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.folders import MODALITIES
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower
from tejido.taxonomy import diagnoses

_CONFIRMATIONS = {"histology", "follow_up", "consensus", "confocal"}


def _facts(row: Row, table: FactTable) -> Facts:
    patient, lesion, modality = row["patient_id"], row["lesion_id"], lower(row.get("modality"))
    confirmation = lower(row.get("confirmation"))
    return Facts(
        diagnosis=table.code({code: code for code in diagnoses()}, row["diagnosis"]),
        confirmation=confirmation if confirmation in _CONFIRMATIONS else None,
        patient_id=patient,
        lesion_id=f"{patient}/{lesion}" if patient and lesion else None,
        age=table.age(row.get("age"), str(row["image_id"])),
        sex=lower(row.get("sex")),
        site=lower(row.get("site")),
        modality=modality if modality in MODALITIES else None,
    )


TABLE = TableFormat("exported cases", ("image_id", "file", "patient_id", "lesion_id", "diagnosis"), _facts, isic=False)
_INFO = SourceInfo(
    name="cases",
    title="Cases of your own server",
    summary="Pictures that a Tejido server has kept with their confirmed diagnoses.",
    modality="dermoscopy",
    images=None,
    licence="not to be passed on",
    attribution="patients of the server's owners",
    citation="none; they are patients' pictures",
    homepage=None,
    obtain="Run `tejido cases export URL DIR` where the case store is (see docs/cases.md).",
    size="any size",
    options={
        "name": "what to call the source in the manifest",
        "modality": "of cases that do not say theirs: dermoscopy (if not given), clinical or histology",
        "licence": "of the images",
        "attribution": "whom to name with the images",
    },
)


@dataclass(frozen=True)
class Cases(Source):
    """Reader of exported cases.

    Attributes:
        info: name, modality and licence, as declared.
    """

    info: SourceInfo = field(default_factory=lambda: _INFO)

    def _configured(self, options: Mapping[str, str]) -> Cases:
        if (modality := options.get("modality", self.info.modality)) not in MODALITIES:
            raise DataError(f"modality must be one of {', '.join(MODALITIES)}, not {modality!r}")
        if empty := [name for name, value in options.items() if not value]:
            raise DataError(f"{self.info.name}: nothing stands behind {empty[0]}=")
        return Cases(replace(self.info, **options))  # type: ignore[arg-type]

    def _read(self, root: Path, images: bool) -> Reading:
        return read_single(root, self.info, TABLE, "cases.csv", images=images)
