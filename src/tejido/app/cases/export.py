"""Cases as a folder that ``tejido data build --source cases=DIR`` reads: pictures, and one table.

Notes stay in the store: free text may name people.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

from tejido.app.cases.store import Filters
from tejido.errors import TejidoError
from tejido.files import replacing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from tejido.app.cases.shapes import CaseRecord
    from tejido.app.cases.store import CaseStore

COLUMNS = (
    *(
        "image_id",
        "file",
        "patient_id",
        "lesion_id",
        "taken_at",
        "modality",
        "scale_mm_per_pixel",
        "age",
        "sex",
        "site",
    ),
    *("diagnosis", "confirmation", "confirmed_by", "confirmed_at", "consent_version"),
    *("label", "refused", "model", "model_sha256"),
)
TABLE = "cases.csv"
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}
_PAGE = 200


def export(store: CaseStore, folder: Path, *, confirmed: bool | None = None, consents: Collection[str] = ()) -> int:
    """Write cases into ``folder``, the table last, so that a folder with a table is whole.

    Args:
        store: the cases.
        folder: empty or not there.
        confirmed: True writes only those with a confirmed diagnosis.
        consents: only cases whose consent has one of these versions; none given is all.

    Returns:
        How many were written.

    Raises:
        TejidoError: there is something in the folder, or it cannot be written.
        StoreUnavailableError: the store cannot be read.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise TejidoError(f"{folder}: cannot be written ({error.strerror})") from None
    if taken:
        raise TejidoError(f"{folder}: there is something in it already; name an empty folder")
    count = 0
    with replacing(folder / TABLE) as path, path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for case in _all(store, Filters(confirmed=confirmed, oldest_first=True, limit=_PAGE)):
            if consents and case.consent.version not in consents:
                continue
            content, kind, _ = store.picture(case.id)
            name = f"{case.id}{_SUFFIXES[kind]}"
            with replacing(folder / "images" / name) as picture:
                picture.write_bytes(content)
            row = _row(case, f"images/{name}")
            table.writerow([row[column] for column in COLUMNS])
            count += 1
        store.exported(count)
    return count


def _all(store: CaseStore, filters: Filters) -> Iterator[CaseRecord]:
    while page := store.search(filters):
        yield from page
        filters = replace(filters, after=(page[-1].taken_at, page[-1].id))


def _row(case: CaseRecord, file: str) -> dict[str, object]:
    found, answer = case.diagnosis, case.answer
    return {
        "image_id": case.id,
        "file": file,
        "patient_id": case.patient,
        "lesion_id": case.lesion,
        "taken_at": case.taken_at.isoformat(),
        "modality": case.modality,
        "scale_mm_per_pixel": case.scale_mm_per_pixel,
        "age": case.age,
        "sex": case.sex,
        "site": case.site,
        "diagnosis": found and found.diagnosis,
        "confirmation": found and found.confirmation,
        "confirmed_by": found and found.by,
        "confirmed_at": found and found.at.isoformat(),
        "consent_version": case.consent.version,
        "label": answer and answer.label,
        "refused": answer and answer.refused,
        "model": answer and answer.model,
        "model_sha256": answer and answer.model_sha256,
    }
