"""Rows of the tables as the API shows them."""

from __future__ import annotations

from tejido.app.cases.shapes import (
    Answer,
    AuditRecord,
    CaseRecord,
    Confirmed,
    ConsentRecord,
    Doing,
    NewCase,
    PictureFacts,
)
from tejido.app.cases.tables import AuditEntry, Case

FACTS = ("patient", "lesion", "modality", "scale_mm_per_pixel", "age", "sex", "site")
"""Columns that a case and its record share, and that can be changed."""


def case_record(case: Case) -> CaseRecord:
    """The record of a row."""
    return CaseRecord(
        id=case.id,
        version=case.version,
        created=Doing(by=case.created_by, at=case.created_at),
        updated=Doing(by=case.updated_by, at=case.updated_at),
        taken_at=case.taken_at,
        consent=ConsentRecord(version=case.consent_version, by=case.consent_by, at=case.consent_at),
        notes=case.notes,
        answer=_answer(case),
        diagnosis=_confirmed(case),
        picture=PictureFacts(
            media_type=case.media_type,
            sha256=case.picture_sha256,
            width=case.width,
            height=case.height,
            size_bytes=case.size_bytes,
        ),
        **{name: getattr(case, name) for name in FACTS},
    )


def facts_of(given: NewCase) -> dict[str, object]:
    """Columns of a row from what a client sent, without consent and picture."""
    answer = None if given.answer is None else given.answer.model_dump()
    return {name: getattr(given, name) for name in FACTS} | {"notes": given.notes} | (answer or {})


def audit_record(entry: AuditEntry) -> AuditRecord:
    """The record of an entry of the audit trail."""
    return AuditRecord(
        id=entry.id, at=entry.at, who=entry.who, action=entry.action, case=entry.case_id, detail=entry.detail
    )


def _answer(case: Case) -> Answer | None:
    if case.label is None or case.model is None or case.refused is None:
        return None
    return Answer(
        label=case.label,
        probabilities=case.probabilities or {},
        refused=case.refused,
        reason=case.reason,
        quality=case.quality or {},
        model=case.model,
        model_sha256=case.model_sha256,
    )


def _confirmed(case: Case) -> Confirmed | None:
    if case.diagnosis is None or case.confirmation is None or case.confirmed_by is None or case.confirmed_at is None:
        return None
    return Confirmed(
        diagnosis=case.diagnosis, confirmation=case.confirmation, by=case.confirmed_by, at=case.confirmed_at
    )
