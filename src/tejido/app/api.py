"""The REST API: a picture in, an answer out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request

import tejido
from tejido.app.body import read_picture
from tejido.app.describe import errors, picture_body
from tejido.app.schemas import Classification, Health, ModelList

if TYPE_CHECKING:
    from tejido.app.service import Service

Model = Annotated[str | None, Query(description="name from /api/v1/models; by default the server's")]
WithHeatmap = Annotated[bool, Query(description="also answer what influenced the score")]
WithMask = Annotated[bool, Query(description="also answer where the model sees the lesion, if it outlines one")]
Age = Annotated[float | None, Query(description="in years, for a model whose card lists it in inputs")]
Sex = Annotated[str | None, Query(description="a choice of the model's card, likewise")]
Site = Annotated[str | None, Query(description="place on the body, a choice of the model's card")]

_SAMPLE = "curl --data-binary @lesion.jpg 'http://127.0.0.1:8000/api/v1/classify?heatmap=true'"


def api_router(service: Service) -> APIRouter:
    """``classify`` and ``models`` under ``/api/v1``, and ``/healthz``."""
    router = APIRouter()

    @router.post(
        "/api/v1/classify",
        summary="Classify one picture",
        openapi_extra=picture_body(_SAMPLE),
        responses=errors(
            queue=True,
            _400="The body is empty or was cut off.",
            _404="No model has that name.",
            _413="The picture is over the limit.",
            _415="A form, or a compressed body; send the picture's bytes as they are.",
            _422="The bytes are not a picture that can be judged, a parameter is wrong, or the model cannot be used.",
        ),
    )
    async def classify(
        request: Request,
        model: Model = None,
        heatmap: WithHeatmap = False,
        mask: WithMask = False,
        age: Age = None,
        sex: Sex = None,
        site: Site = None,
    ) -> Classification:
        """Answer with label, probabilities and capture quality. The picture is not stored.

        `curl --data-binary @lesion.jpg http://127.0.0.1:8000/api/v1/classify`
        """
        name = service.shelf.default if model is None else model
        context: dict[str, Any] = {"age": age, "sex": sex, "site": site}
        # The name is looked up first: nobody should upload megabytes to learn that it was misspelt.
        await anyio.to_thread.run_sync(service.check, name, context)
        place = service.room.enter()
        try:
            picture = await read_picture(request, service.max_upload_bytes, service.limits)
            return await place.run(partial(service.classify, name, picture, context, heatmap=heatmap, mask=mask))
        finally:
            place.leave()

    @router.get("/api/v1/models", summary="List the models", responses=errors())
    async def models() -> ModelList:
        """Every model by name with its card: labels, thresholds, training data, licence, figures on the test split."""
        return await anyio.to_thread.run_sync(service.library)

    @router.get("/healthz", summary="Is the server up?")
    async def healthz() -> Health:
        """Answer as soon as the server can classify."""
        return Health(version=tejido.__version__)

    return router
