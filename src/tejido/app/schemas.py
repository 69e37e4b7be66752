"""What the API answers, as it stands in ``/api/openapi.json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="stable machine name", examples=["unreadable_image"])
    message: str = Field(description="one line for a person", examples=["damaged picture (image file is truncated)"])


class ErrorAnswer(BaseModel):
    """Every answer with a status of 400 or more."""

    error: ErrorBody


class HeatmapGrid(BaseModel):
    """What influenced the score; not the outline of a tumour."""

    rows: list[list[float]] = Field(description="0..1, top row first, to be stretched over the frame")
    frame: Literal["centre_square", "whole"] = Field(
        description="part of the upright picture that the rows cover: the largest centred square, or all of it"
    )


class MaskRuns(BaseModel):
    """Where the model sees the lesion, pixel by pixel of the upright picture."""

    width: int
    height: int
    runs: list[int] = Field(
        description="lengths of runs of pixels outside and inside the lesion in turn, row by row, beginning outside",
        examples=[[5, 2, 9]],
    )


class PossibleLabels(BaseModel):
    """Labels that cannot be excluded, so that the right one is among them often enough."""

    coverage: float = Field(description="how often it is, for new lesions like those of validation", examples=[0.9])
    labels: list[str] = Field(description="their names; none for a picture unlike all that this rests on")


class Classification(BaseModel):
    """The answer for one picture. Where ``refused`` is true the label means nothing."""

    label: str = Field(description="name of the label given", examples=["benign"])
    probabilities: dict[str, float] = Field(
        description="calibrated probability of every label; they sum to 1",
        examples=[{"benign": 0.91, "suspicious": 0.09}],
    )
    refused: bool = Field(description="the picture cannot be judged")
    reason: str | None = Field(description="why it was refused: blur, darkness, glare ...", examples=[None])
    quality: dict[str, float] = Field(
        description="measures of the capture in 0..1, higher is worse",
        examples=[{"blur": 0.12, "darkness": 0.05, "glare": 0.02}],
    )
    possible: PossibleLabels | None = Field(
        default=None, description="labels that cannot be excluded; null where the model file does not say"
    )
    model: str = Field(description="name of the model that answered", examples=["skin-suspicion"])
    heatmap: HeatmapGrid | None = Field(description="only with heatmap=true, and only if the model has one")
    mask: MaskRuns | None = Field(default=None, description="only with mask=true, and only if the model draws one")


class BatchLine(BaseModel):
    """What one picture of a batch got: exactly one of ``answer`` and ``error`` is not null."""

    index: int = Field(description="place of the picture in the form, from 0")
    answer: Classification | None = None
    error: ErrorBody | None = None


class LabelCard(BaseModel):
    """One class: its machine name, and how people read it in English and Spanish."""

    name: str
    en: str
    es: str


class RefusalCard(BaseModel):
    """The model refuses with reason ``code`` where output ``output[index]`` is above ``above``."""

    code: str
    output: str
    index: int
    above: float


class ChoiceCard(BaseModel):
    """One value of an input, and how people read it; ``terms`` mean it too."""

    name: str
    en: str
    es: str
    terms: list[str]


class InputCard(BaseModel):
    """What the model may be told beside the picture; unknown is always possible."""

    name: str = Field(examples=["sex"])
    choices: list[ChoiceCard] | None = Field(description="null for a number")


class PatchesCard(BaseModel):
    """The patches that the model looks at, spread evenly over the picture, and how its answer follows from them."""

    width: int
    height: int
    columns: int
    rows: int
    aggregate: str
    top_k: int | None


class TrainingDataCard(BaseModel):
    """One source that the model was trained on."""

    source: str
    images: int
    groups: int
    licence: str
    attribution: str


class ModelCard(BaseModel):
    """What the model file says about itself."""

    kind: Literal["classification", "segmentation"]
    task: str
    modality: str
    labels: list[LabelCard]
    positive: str | None = Field(description="binary tasks: the label given from its threshold upward")
    thresholds: dict[str, float]
    frame: Literal["centre_square", "whole"]
    input_size: int
    quality: list[str] = Field(description="names of the capture measures")
    refusal: list[RefusalCard]
    calibration: dict[str, Any]
    training_data: list[TrainingDataCard]
    split: dict[str, Any]
    metrics: dict[str, Any] = Field(
        description='figures on the test split; {"value", "low", "high"} with 95 % interval'
    )
    operating: dict[str, Any] = Field(
        default={},
        description="how to read scores: thresholds, what scores have meant, prediction sets",
    )
    gate: list[str] = Field(default=[], description="what the model says of the kind of a picture")
    intended_use: dict[str, str] = Field(description="by language: en, es")
    licence: str
    scale: dict[str, Any] | None
    patches: PatchesCard | None = None
    inputs: list[InputCard] = Field(default=[], description="optional parameters of classify that the model takes")
    recipe_sha256: str
    created: str
    tejido_version: str


class ModelEntry(BaseModel):
    """One model of the library; exactly one of ``card`` and ``error`` is null."""

    name: str = Field(description="what to give as ?model=", examples=["skin-suspicion"])
    bundled: bool = Field(description="came with Tejido, rather than from the local folder")
    size_bytes: int
    sha256: str | None = Field(description="of the file; null where it cannot be read", examples=["9f86d081..."])
    card: ModelCard | None
    error: str | None = Field(description="why the file cannot be used")


class ModelList(BaseModel):
    """The library, and what the page needs to know before it sends anything."""

    default: str = Field(description="the model that answers when a request names none")
    max_upload_bytes: int
    max_batch_bytes: int = Field(description="largest form that /api/v1/batch takes")
    max_batch_pictures: int
    cases: bool = Field(description="whether the server keeps cases")
    models: list[ModelEntry]


class Health(BaseModel):
    """The server is up and has its model."""

    status: Literal["ok"] = "ok"
    version: str
