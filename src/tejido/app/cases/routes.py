"""Cases over REST."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from tejido.app.auth.roles import Person, needs
from tejido.app.cases.shapes import (
    CODE_PATTERN,
    AuditList,
    CaseChange,
    CaseList,
    CaseRecord,
    Deleted,
    DiagnosisTerm,
    Line,
    Moment,
    NewCase,
    NewDiagnosis,
    Term,
    Terms,
)
from tejido.app.cases.store import CaseStore, Filters
from tejido.app.cases.strip import StoredPicture, strip
from tejido.app.cases.thumbnail import THUMBNAIL, thumbnail
from tejido.app.describe import errors, file_answer, form_body, json_body, whole_schema
from tejido.app.errors import ApiError
from tejido.app.form import read_form
from tejido.app.json_body import MAX_JSON_BYTES, parse_json, read_json
from tejido.app.work import Workroom
from tejido.context import SEXES, SITES
from tejido.errors import ImageError
from tejido.taxonomy import diagnoses as all_diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tejido.app.form import Part
    from tejido.app.limits import Limits

T = TypeVar("T")

CaseId = Annotated[UUID, Path(description="a UUID that the client made up")]
Code = Annotated[str, Path(pattern=CODE_PATTERN)]
CodeFilter = Annotated[str | None, Query(pattern=CODE_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str | None, Query(max_length=200, description="next of the answer before")]
Viewer = Annotated[Person, Depends(needs("viewer"))]
Clinician = Annotated[Person, Depends(needs("clinician"))]
Admin = Annotated[Person, Depends(needs("admin"))]

_FORM = {
    "type": "object",
    "properties": {
        "case": {**whole_schema(NewCase), "description": "JSON"},
        "picture": {"type": "string", "format": "binary", "description": "the picture file"},
    },
    "required": ["case", "picture"],
}
_SAMPLE = (
    "curl -X PUT -F case=@case.json -F picture=@lesion.jpg "
    "http://127.0.0.1:8000/api/v1/cases/7f0c1c2e-8a34-4a7e-9f0e-0f6f6a0c9d11"
)
_NO_CASE = "There is no such case."
_WRONG = "A parameter or the body is wrong."


def cases_router(store: CaseStore, limits: Limits, max_upload_bytes: int) -> APIRouter:
    """Everything about cases under ``/api/v1``."""
    router = APIRouter(prefix="/api/v1")
    # Apart from the queue of pictures, which goes on while the store is away or busy.
    room = Workroom(threads=2, waiting=16, seconds=limits.picture_seconds)

    async def ask(work: Callable[[], T]) -> T:
        place = room.enter()
        try:
            return await place.run(work)
        finally:
            place.leave()

    @router.put(
        "/cases/{case}",
        summary="Keep a case",
        openapi_extra=form_body("A form with the parts `case` (JSON) and `picture` (a file).", _FORM, _SAMPLE),
        responses={
            201: {"description": "It is kept.", "model": CaseRecord},
            **errors(
                queue=True,
                _400="The form is damaged, cut off, or lacks a part.",
                _409="There is another case of this id.",
                _410="The case of this id was deleted.",
                _413="The form is over the limit.",
                _415="Not a form.",
                _422="The case is not as described, or the picture cannot be read.",
            ),
        },
    )
    async def put_case(request: Request, response: Response, case: CaseId, who: Clinician) -> CaseRecord:
        """Keep a picture with what is known of it; both or neither. Sending the same again changes nothing.

        The picture is kept without its metadata (place, camera, comments); its pixels stay as they are.

        `curl -X PUT -F case=@case.json -F picture=@lesion.jpg http://127.0.0.1:8000/api/v1/cases/7f0c1c2e-...`
        """
        place = room.enter()
        try:
            parts = await read_form(request, max_upload_bytes + MAX_JSON_BYTES + 4096, 2, limits)
            given, picture = _taken_apart(parts, max_upload_bytes)
            work = partial(store.put, case, given, given.fingerprint(picture), partial(_stripped, picture), who.name)
            record, new = await place.run(work)
        finally:
            place.leave()
        response.status_code = 201 if new else 200
        return record

    @router.get("/cases", summary="List cases", responses=errors(store=True, _422=_WRONG))
    async def list_cases(
        who: Viewer,
        patient: CodeFilter = None,
        lesion: CodeFilter = None,
        label: Annotated[Line | None, Query(description="of the model's answer")] = None,
        confirmed: Annotated[bool | None, Query(description="with or without a confirmed diagnosis")] = None,
        since: Annotated[Moment | None, Query(description="taken at this moment or later")] = None,
        until: Annotated[Moment | None, Query(description="taken before this moment")] = None,
        after: After = None,
        limit: Limit = 50,
    ) -> CaseList:
        """Answer with the cases that fit, newest first."""
        filters = Filters(patient, lesion, label, confirmed, since, until, _read_cursor(after), limit=limit)
        return await _page(ask, store, filters)

    @router.get(
        "/patients/{patient}/lesions/{lesion}",
        summary="One lesion over time",
        responses=errors(store=True, _422=_WRONG),
    )
    async def lesion_over_time(
        who: Viewer, patient: Code, lesion: Code, after: After = None, limit: Limit = 50
    ) -> CaseList:
        """Answer with the cases of one lesion, oldest first."""
        filters = Filters(patient, lesion, after=_read_cursor(after), oldest_first=True, limit=limit)
        return await _page(ask, store, filters)

    @router.get("/cases/{case}", summary="Read a case", responses=errors(store=True, _404=_NO_CASE, _422=_WRONG))
    async def get_case(who: Viewer, case: CaseId) -> CaseRecord:
        """Answer with everything but the picture's bytes."""
        return await ask(partial(store.get, case))

    @router.get(
        "/cases/{case}/picture",
        summary="Get a case's picture",
        response_class=Response,
        responses={
            200: file_answer("The picture without its metadata.", "image/jpeg", "image/png"),
            **errors(store=True, _404=_NO_CASE, _422=_WRONG),
        },
    )
    async def get_picture(who: Viewer, case: CaseId) -> Response:
        """Answer with the picture file."""
        content, kind, digest = await ask(partial(store.picture, case))
        return Response(content, media_type=kind, headers={"ETag": f'"{digest}"'})

    @router.get(
        "/cases/{case}/thumbnail",
        summary="Get a small version of a case's picture",
        response_class=Response,
        responses={
            200: file_answer(f"A JPEG of at most {THUMBNAIL} pixels a side.", "image/jpeg"),
            **errors(store=True, _404=_NO_CASE, _422=_WRONG),
        },
    )
    async def get_thumbnail(who: Viewer, case: CaseId) -> Response:
        """Answer with what a list shows of the picture."""
        return Response(await ask(lambda: thumbnail(store.picture(case)[0])), media_type="image/jpeg")

    @router.patch(
        "/cases/{case}",
        summary="Change a case",
        openapi_extra=json_body(CaseChange, "What is to be changed."),
        responses=errors(
            queue=True,
            _400="The body is empty or cut off.",
            _404=_NO_CASE,
            _409="It has changed since the version given.",
            _413="The body is too large.",
            _415="A compressed body.",
            _422=_WRONG,
        ),
    )
    async def change_case(request: Request, case: CaseId, who: Clinician) -> CaseRecord:
        """Change facts or notes; picture, answer and consent stay as they were recorded."""
        change = await read_json(request, CaseChange, limits)
        return await ask(partial(store.edit, case, change, who.name))

    @router.put(
        "/cases/{case}/diagnosis",
        summary="Confirm a diagnosis",
        openapi_extra=json_body(NewDiagnosis, "What the lesion turned out to be, and how that is known."),
        responses=errors(
            queue=True,
            _400="The body is empty or cut off.",
            _404=_NO_CASE,
            _413="The body is too large.",
            _415="A compressed body.",
            _422=_WRONG,
        ),
    )
    async def confirm(request: Request, case: CaseId, who: Clinician) -> CaseRecord:
        """Record what the lesion turned out to be."""
        given = await read_json(request, NewDiagnosis, limits)
        return await ask(partial(store.confirm, case, given, who.name))

    @router.delete("/cases/{case}", summary="Delete a case", responses=errors(store=True, _404=_NO_CASE, _422=_WRONG))
    async def delete_case(case: CaseId, who: Admin) -> Deleted:
        """Delete a case and its picture for good. Backups are the business of whoever makes them."""
        await ask(partial(store.delete, case, who.name))
        return Deleted(deleted=case)

    @router.get("/audit", summary="Read the audit trail", responses=errors(store=True, _422=_WRONG))
    async def audit(
        who: Admin, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None, limit: Limit = 50
    ) -> AuditList:
        """Answer who changed what when, newest first; never what a case holds."""
        found = await ask(partial(store.audit, limit, before))
        return AuditList(entries=found, next=found[-1].id if len(found) == limit else None)

    @router.get("/terms", summary="List the terms", responses=errors())
    async def terms() -> Terms:
        """Answer with every diagnosis, sex and site that a case may name, in English and Spanish."""
        return Terms(
            diagnoses=[
                DiagnosisTerm(code=d.code, parent=d.parent, malignancy=d.malignancy, en=d.en, es=d.es)
                for d in all_diagnoses().values()
            ],
            sexes=[Term(code=c.name, en=c.en, es=c.es) for c in SEXES],
            sites=[Term(code=c.name, en=c.en, es=c.es) for c in SITES],
        )

    return router


def _taken_apart(parts: Sequence[Part], max_upload_bytes: int) -> tuple[NewCase, bytes]:
    by_name = {part.name: part for part in parts}
    for name in ("case", "picture"):
        if name not in by_name or not by_name[name].content:
            raise ApiError(400, "bad_form", "the form must have the parts case (JSON) and picture (a file)")
    if len(by_name["picture"].content) > max_upload_bytes or len(by_name["case"].content) > MAX_JSON_BYTES:
        raise ApiError(413, "too_large", "the picture or the JSON is over the limit; make it smaller")
    return parse_json(bytes(by_name["case"].content), NewCase), bytes(by_name["picture"].content)


def _stripped(picture: bytes) -> StoredPicture:
    try:
        return strip(picture)
    except ImageError as error:
        raise ApiError(422, "unreadable_image", str(error)) from None


async def _page(ask: Callable[..., object], store: CaseStore, filters: Filters) -> CaseList:
    # One more than is shown tells whether there are more.
    found: list[CaseRecord] = await ask(partial(store.search, replace(filters, limit=filters.limit + 1)))  # type: ignore[misc]
    shown = found[: filters.limit]
    return CaseList(cases=shown, next=_cursor(shown[-1]) if len(found) > len(shown) else None)


def _cursor(record: CaseRecord) -> str:
    return base64.urlsafe_b64encode(f"{record.taken_at.isoformat()} {record.id}".encode()).decode()


def _read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    try:
        moment, _, case = base64.b64decode(text, altchars=b"-_", validate=True).decode("ascii").partition(" ")
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed, UUID(case)
    except (ValueError, binascii.Error):
        raise ApiError(422, "bad_parameter", "after: give what next was in the answer before") from None
