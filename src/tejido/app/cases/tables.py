"""The tables of the case store. A change here needs a migration in ``migrations/versions``; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

CODE, LINE, NAME, HASH = 64, 200, 64, 64
"""Longest pseudonymous code, line of text and account name; length of a SHA-256 in hexadecimal digits."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables share."""


class Case(Base):
    """One picture of one lesion at one time, without the picture's bytes."""

    __tablename__ = "cases"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]  # grows with every change, so that nobody overwrites what they have not seen
    request_sha256: Mapped[str] = mapped_column(
        String(HASH)
    )  # of what was sent first, so that sending again is no change
    created_by: Mapped[str] = mapped_column(String(NAME))
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_by: Mapped[str] = mapped_column(String(NAME))
    updated_at: Mapped[datetime] = mapped_column(Moment)
    taken_at: Mapped[datetime] = mapped_column(Moment, index=True)

    consent_version: Mapped[str] = mapped_column(String(CODE))
    consent_by: Mapped[str] = mapped_column(String(LINE))
    consent_at: Mapped[datetime] = mapped_column(Moment)

    patient: Mapped[str | None] = mapped_column(String(CODE), index=True)
    lesion: Mapped[str | None] = mapped_column(String(CODE), index=True)
    modality: Mapped[str | None] = mapped_column(String(CODE))
    scale_mm_per_pixel: Mapped[float | None]
    age: Mapped[float | None]
    sex: Mapped[str | None] = mapped_column(String(CODE))
    site: Mapped[str | None] = mapped_column(String(CODE))
    notes: Mapped[str] = mapped_column(Text)

    label: Mapped[str | None] = mapped_column(String(LINE), index=True)
    probabilities: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    refused: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(String(LINE))
    quality: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    model: Mapped[str | None] = mapped_column(String(LINE))
    model_sha256: Mapped[str | None] = mapped_column(String(HASH))

    diagnosis: Mapped[str | None] = mapped_column(String(CODE), index=True)
    confirmation: Mapped[str | None] = mapped_column(String(CODE))
    confirmed_by: Mapped[str | None] = mapped_column(String(NAME))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)

    media_type: Mapped[str] = mapped_column(String(CODE))
    picture_sha256: Mapped[str] = mapped_column(String(HASH))
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]


class Picture(Base):
    """The bytes of a case's picture, in a table of their own, so that a list of cases never touches them."""

    __tablename__ = "pictures"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Account(Base):
    """Somebody who may log in."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    role: Mapped[str] = mapped_column(String(CODE))
    password_hash: Mapped[str] = mapped_column(String(LINE))
    stamp: Mapped[str] = mapped_column(String(CODE))  # another one after every change; ends the sessions begun before
    created_at: Mapped[datetime] = mapped_column(Moment)


class AuditEntry(Base):
    """Who did what, when, to which case. Entries are only ever added."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    who: Mapped[str] = mapped_column(String(NAME))
    action: Mapped[str] = mapped_column(String(CODE))
    case_id: Mapped[UUID | None] = mapped_column(index=True)
    detail: Mapped[str | None] = mapped_column(String(LINE))
