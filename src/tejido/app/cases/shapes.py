"""What clients send about cases, and what they get."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tejido.app.cases.tables import CODE, LINE
from tejido.context import OLDEST, SEXES, SITES
from tejido.taxonomy import diagnoses

Modality = Literal["dermoscopy", "clinical", "histology"]
Confirmation = Literal["histology", "follow_up", "consensus", "confocal"]
CODE_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{CODE - 1}}}$"
MAX_NOTES = 4000


def _printable(text: str) -> str:
    if not all(c.isprintable() or c in "\n\t" for c in text.replace("\r\n", "\n")):
        raise ValueError("control characters are not text")
    return text


def _one_of(*names: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return name

    return AfterValidator(check)


def _recent(moment: datetime) -> datetime:
    if not 1990 <= moment.year <= 2200:
        raise ValueError("must lie between 1990 and 2200")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=LINE, pattern=r"^[^\n\r\t]*$"), AfterValidator(_printable)
]
Notes = Annotated[str, StringConstraints(max_length=MAX_NOTES), AfterValidator(_printable)]
Moment = Annotated[datetime, AfterValidator(_recent)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Age = Annotated[float, Field(ge=0, le=OLDEST, allow_inf_nan=False)]
Scale = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Sex = Annotated[str, _one_of(*(choice.name for choice in SEXES))]
Site = Annotated[str, _one_of(*(choice.name for choice in SITES))]
Diagnosis = Annotated[str, _one_of(*diagnoses())]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Consent(_Given):
    """That the patient agreed, and to which words."""

    version: Code = Field(description="version of the text that was shown", examples=["2026-01-es"])
    by: Line | None = Field(default=None, description="who recorded it; by default whoever sends the case")
    at: Moment = Field(description="when", examples=["2026-11-22T10:00:00Z"])


class Answer(_Given):
    """What a model said, as it was shown."""

    label: Line = Field(examples=["benign"])
    probabilities: dict[Line, Share] = Field(max_length=100, examples=[{"benign": 0.91, "suspicious": 0.09}])
    refused: bool
    reason: Line | None = None
    quality: dict[Line, Share] = Field(default={}, max_length=20)
    model: Line = Field(examples=["skin-suspicion"])
    model_sha256: Sha256 | None = Field(default=None, description="of the model file, from /api/v1/models")


class _Facts(_Given):
    patient: Code | None = Field(
        default=None,
        description="pseudonymous: letters, digits, dot, dash, underscore; never a name",
        examples=["P017"],
    )
    lesion: Code | None = Field(default=None, description="unique within the patient", examples=["L2"])
    modality: Modality | None = None
    scale_mm_per_pixel: Scale | None = None
    age: Age | None = Field(default=None, description="in years")
    sex: Sex | None = Field(default=None, description=" or ".join(choice.name for choice in SEXES))
    site: Site | None = Field(default=None, description=", ".join(choice.name for choice in SITES))


class NewCase(_Facts):
    """What is known when the picture is taken."""

    consent: Consent
    taken_at: Moment | None = Field(default=None, description="when the picture was taken; by default now")
    notes: Notes = ""
    answer: Answer | None = None

    def fingerprint(self, picture: bytes) -> str:
        """SHA-256 of all that was sent, which tells sending again from sending something else."""
        return hashlib.sha256(self.model_dump_json().encode() + b"\0" + picture).hexdigest()


class CaseChange(_Facts):
    """What is to be changed; what is left out stays, what is null becomes unknown."""

    version: int | None = Field(default=None, description="the version that the change is meant for")
    notes: Notes = ""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set - {"version"}:
            raise ValueError("nothing is to be changed")
        return self


class NewDiagnosis(_Given):
    """What the lesion turned out to be. Both null takes it back."""

    diagnosis: Diagnosis | None = Field(description="a code from /api/v1/diagnoses", examples=["melanoma"])
    confirmation: Confirmation | None = Field(description="how it is known", examples=["histology"])

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.diagnosis is None) != (self.confirmation is None):
            raise ValueError("diagnosis and confirmation belong together")
        return self


class PictureFacts(BaseModel):
    """The picture as it is kept: without metadata."""

    media_type: str = Field(examples=["image/jpeg"])
    sha256: str
    width: int
    height: int
    size_bytes: int


class Doing(BaseModel):
    """Who did something, and when."""

    by: str
    at: datetime


class ConsentRecord(BaseModel):
    """The consent, as it was recorded."""

    version: str
    by: str
    at: datetime


class Confirmed(BaseModel):
    """The confirmed diagnosis."""

    diagnosis: str
    confirmation: str
    by: str
    at: datetime


class CaseRecord(BaseModel):
    """A case."""

    id: UUID
    version: int = Field(description="grows with every change")
    created: Doing
    updated: Doing
    taken_at: datetime
    consent: ConsentRecord
    patient: str | None
    lesion: str | None
    modality: str | None
    scale_mm_per_pixel: float | None
    age: float | None
    sex: str | None
    site: str | None
    notes: str
    answer: Answer | None
    diagnosis: Confirmed | None
    picture: PictureFacts


class CaseList(BaseModel):
    """Some cases, newest first unless it is a lesion's history."""

    cases: list[CaseRecord]
    next: str | None = Field(description="give it as ?after= to get the following ones; null at the end")


class AuditRecord(BaseModel):
    """One entry of the audit trail."""

    id: int
    at: datetime
    who: str
    action: str = Field(examples=["case.create"])
    case: UUID | None
    detail: str | None = Field(description="names of changed fields; never what they hold")


class AuditList(BaseModel):
    """Some entries, newest first."""

    entries: list[AuditRecord]
    next: int | None = Field(description="give it as ?before= to get the following ones; null at the end")


class Deleted(BaseModel):
    """What was deleted."""

    deleted: UUID


class Term(BaseModel):
    """A word that a field of a case may hold."""

    code: str
    en: str
    es: str


class DiagnosisTerm(Term):
    """A diagnosis of the taxonomy."""

    parent: str | None
    malignancy: str | None


class Terms(BaseModel):
    """All terms."""

    diagnoses: list[DiagnosisTerm]
    sexes: list[Term]
    sites: list[Term]
