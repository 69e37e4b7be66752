"""The case store: every change is one transaction, of which all is on disk or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, tuple_
from sqlalchemy.exc import IntegrityError

from tejido.app.cases import trail
from tejido.app.cases.accounts import Accounts
from tejido.app.cases.database import Database
from tejido.app.cases.records import audit_record, case_record, facts_of
from tejido.app.cases.tables import AuditEntry, Case, Picture
from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sqlalchemy.orm import Session

    from tejido.app.cases.shapes import AuditRecord, CaseChange, CaseRecord, NewCase, NewDiagnosis
    from tejido.app.cases.strip import StoredPicture


@dataclass(frozen=True)
class Filters:
    """Which cases are asked for; None is any.

    Attributes:
        patient: code.
        lesion: code.
        label: of the model's answer.
        confirmed: whether there is a confirmed diagnosis.
        since: taken at this moment or later.
        until: taken before this moment.
        after: taken_at and id of the last case that was already seen.
        oldest_first: in which order.
        limit: how many.
    """

    patient: str | None = None
    lesion: str | None = None
    label: str | None = None
    confirmed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None
    oldest_first: bool = False
    limit: int = 50


class CaseStore:
    """Cases, accounts and the audit trail in one database. Safe to share between threads; all methods block.

    Every method raises ``StoreUnavailableError`` where the database cannot be used just now.

    Args:
        database: where all is kept.

    Attributes:
        accounts: who may log in.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.accounts = Accounts(database)

    @classmethod
    def open(cls, url: str, *, make: bool = True) -> CaseStore:
        """The store at ``url`` (see ``Database``), made if need be and allowed, and brought up to date.

        Raises:
            TejidoError: it is no such address, cannot be reached, or was written by a newer version.
        """
        return cls(Database(url, make=make))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def put(
        self, case: UUID, given: NewCase, request: str, picture: Callable[[], StoredPicture], who: str
    ) -> tuple[CaseRecord, bool]:
        """Keep a case that the client calls ``case``; sending the same again changes nothing.

        Args:
            case: its id.
            given: all but the picture.
            request: SHA-256 of all that was sent.
            picture: makes the picture that is kept; asked only where the case is new, outside any transaction.
            who: sends it.

        Returns:
            The case, and whether it is new.

        Raises:
            ApiError: 409 there is another case of that id, 410 there was one and it was deleted.
        """
        if (known := self._known(case, request)) is not None:
            return known, False
        stored, now = picture(), datetime.now(UTC)
        row = Case(
            id=case,
            version=1,
            request_sha256=request,
            created_by=who,
            created_at=now,
            updated_by=who,
            updated_at=now,
            taken_at=given.taken_at or now,
            consent_version=given.consent.version,
            consent_by=given.consent.by or who,
            consent_at=given.consent.at,
            media_type=stored.media_type,
            picture_sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            size_bytes=len(stored.content),
            **facts_of(given),
        )
        try:
            with self._database.write() as session:
                session.add(row)
                session.flush()  # before its picture, which points to it
                session.add(Picture(case_id=case, content=stored.content))
                trail.note(session, who, trail.CREATED, case)
        except IntegrityError:  # somebody else sent it in the meantime
            if (known := self._known(case, request)) is not None:
                return known, False
            raise
        return case_record(row), True

    def get(self, case: UUID) -> CaseRecord:
        """One case.

        Raises:
            ApiError: 404, there is none.
        """
        with self._database.read() as session:
            return case_record(_find(session, case))

    def picture(self, case: UUID) -> tuple[bytes, str, str]:
        """The bytes of a case's picture, their media type and their SHA-256.

        Raises:
            ApiError: 404, there is no such case.
        """
        with self._database.read() as session:
            row = _find(session, case)
            content = session.scalars(select(Picture.content).where(Picture.case_id == case)).one()
            return content, row.media_type, row.picture_sha256

    def search(self, filters: Filters) -> list[CaseRecord]:
        """The cases that fit, in the order that ``filters`` asks for."""
        query = select(Case).limit(filters.limit)
        for column, wanted in (
            (Case.patient, filters.patient),
            (Case.lesion, filters.lesion),
            (Case.label, filters.label),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if filters.confirmed is not None:
            query = query.where(Case.diagnosis.is_not(None) if filters.confirmed else Case.diagnosis.is_(None))
        if filters.since is not None:
            query = query.where(Case.taken_at >= filters.since)
        if filters.until is not None:
            query = query.where(Case.taken_at < filters.until)
        place = tuple_(Case.taken_at, Case.id)
        if filters.oldest_first:
            query = query.order_by(Case.taken_at, Case.id)
            query = query if filters.after is None else query.where(place > filters.after)
        else:
            query = query.order_by(Case.taken_at.desc(), Case.id.desc())
            query = query if filters.after is None else query.where(place < filters.after)
        with self._database.read() as session:
            return [case_record(row) for row in session.scalars(query)]

    def edit(self, case: UUID, change: CaseChange, who: str) -> CaseRecord:
        """Change facts or notes.

        Raises:
            ApiError: 404 there is no such case, 409 it has changed since the client saw it.
        """
        given = change.model_dump(include=change.model_fields_set - {"version"})
        with self._database.write() as session:
            row = _find(session, case)
            if change.version is not None and change.version != row.version:
                raise ApiError(409, "case_changed", "somebody has changed the case in the meantime; read it again")
            for name, value in given.items():
                setattr(row, name, value)
            _changed(row, who)
            trail.note(session, who, trail.EDITED, case, ", ".join(sorted(given)))
        return case_record(row)

    def confirm(self, case: UUID, given: NewDiagnosis, who: str) -> CaseRecord:
        """Record what the lesion turned out to be.

        Raises:
            ApiError: 404, there is no such case.
        """
        taken_back = given.diagnosis is None
        with self._database.write() as session:
            row = _find(session, case)
            row.diagnosis, row.confirmation = given.diagnosis, given.confirmation
            row.confirmed_by, row.confirmed_at = (None, None) if taken_back else (who, datetime.now(UTC))
            _changed(row, who)
            trail.note(session, who, trail.CONFIRMED, case, "taken back" if taken_back else None)
        return case_record(row)

    def delete(self, case: UUID, who: str) -> None:
        """Delete a case and its picture for good; only the audit trail remembers that there was one.

        Raises:
            ApiError: 404, there is no such case.
        """
        with self._database.write() as session:
            _find(session, case)
            session.execute(delete(Picture).where(Picture.case_id == case))
            session.execute(delete(Case).where(Case.id == case))
            trail.note(session, who, trail.DELETED, case)
        self._database.forget_deleted()

    def audit(self, limit: int, before: int | None = None) -> list[AuditRecord]:
        """The newest entries of the audit trail; those ``before`` an entry's number."""
        query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditEntry.id < before)
        with self._database.read() as session:
            return [audit_record(entry) for entry in session.scalars(query)]

    def exported(self, count: int) -> None:
        """Note in the audit trail that cases were exported."""
        with self._database.write() as session:
            trail.note(session, trail.SYSTEM, trail.EXPORTED, detail=f"{count} cases")

    def _known(self, case: UUID, request: str) -> CaseRecord | None:
        """The case, if it came from this very request; None if there never was one of that id."""
        with self._database.read() as session:
            row = session.get(Case, case)
            if row is None:
                was = select(AuditEntry.id).where(AuditEntry.case_id == case, AuditEntry.action == trail.DELETED)
                if session.scalars(was.limit(1)).first() is not None:
                    raise ApiError(410, "case_deleted", "this case was deleted; a new one needs a new id")
                return None
            if row.request_sha256 != request:
                message = "there is another case of this id; a new one needs a new id, and PATCH changes this one"
                raise ApiError(409, "case_exists", message)
            return case_record(row)


def _find(session: Session, case: UUID) -> Case:
    row = session.get(Case, case)
    if row is None:
        raise ApiError(404, "unknown_case", "there is no case of this id")
    return row


def _changed(row: Case, who: str) -> None:
    row.version += 1
    row.updated_by, row.updated_at = who, datetime.now(UTC)
