"""The metadata that a model file carries: one JSON text under ``metadata_props["tejido"]``.

Everything a caller needs beside the graph stands here: labels and their names, thresholds, refusal rule, provenance,
licence and measured performance. Runtimes only look up and compare.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

from tejido.errors import ModelFileError

KEY = "tejido"
SCHEMA = 1


@dataclass(frozen=True)
class Label:
    """One class: its machine name and how it is shown to people."""

    name: str
    en: str
    es: str


@dataclass(frozen=True)
class RefusalRule:
    """Refuse with reason ``code`` when output ``output[index]`` lies above ``above``."""

    code: str
    output: str
    index: int
    above: float


@dataclass(frozen=True)
class TrainingData:
    """One source that the model was trained on."""

    source: str
    images: int
    groups: int
    licence: str
    attribution: str


@dataclass(frozen=True)
class Metadata:
    """What a model file says about itself (schema 1).

    ``labels`` are in the order of the graph's ``probabilities`` output. ``positive`` is the label of a binary task
    that is given when its probability is at least ``thresholds[positive]``; other tasks take the most probable label.
    ``calibration`` records what the graph already applies. ``metrics`` are figures on the test split, each either a
    number or ``{"value", "low", "high"}`` with a 95 % interval by group. ``frame`` says which part of the picture
    the heatmap covers: ``centre_square`` (the largest centred square) or ``whole``.
    """

    name: str
    task: str
    labels: tuple[Label, ...]
    positive: str | None
    thresholds: dict[str, float]
    calibration: dict[str, Any]
    refusal: tuple[RefusalRule, ...]
    modality: str
    frame: Literal["centre_square", "whole"]
    input_size: int
    quality: tuple[str, ...]
    training_data: tuple[TrainingData, ...]
    split: dict[str, Any]
    metrics: dict[str, Any]
    intended_use: dict[str, str]
    licence: str
    recipe_sha256: str
    created: str
    tejido_version: str
    scale: dict[str, Any] | None = None
    schema: int = field(default=SCHEMA)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Machine names of the labels, in the order of the probabilities."""
        return tuple(label.name for label in self.labels)

    def to_json(self) -> str:
        """The JSON text that goes into the file."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read the JSON text of a file; keys that this version does not know are ignored.

        Raises:
            ModelFileError: not JSON, another schema version, or a field that is missing or of the wrong kind.
        """
        try:
            raw = json.loads(text)
        except ValueError:
            raise ModelFileError("its metadata is not JSON") from None
        if not isinstance(raw, dict):
            raise ModelFileError("its metadata is not a JSON object")
        if raw.get("schema") != SCHEMA:
            raise ModelFileError(f"its metadata has schema {raw.get('schema')!r}; this version of Tejido reads {SCHEMA}")
        try:
            values = {f.name: raw[f.name] for f in fields(cls)}
            values["labels"] = tuple(_build(Label, item) for item in values["labels"])
            values["refusal"] = tuple(_build(RefusalRule, item) for item in values["refusal"])
            values["training_data"] = tuple(_build(TrainingData, item) for item in values["training_data"])
            values["quality"] = tuple(values["quality"])
            metadata = cls(**values)
            _check(metadata)
        except KeyError as error:
            raise ModelFileError(f"its metadata lacks {error.args[0]!r}") from None
        except (TypeError, AttributeError, ValueError):
            raise ModelFileError("its metadata has fields of the wrong kind") from None
        return metadata


def _build(kind: type[Any], item: dict[str, Any]) -> Any:
    return kind(**{f.name: item[f.name] for f in fields(kind)})


def _check(metadata: Metadata) -> None:
    names = metadata.label_names
    if len(names) < 2 or len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
        raise ValueError
    if metadata.positive is not None and (len(names) != 2 or metadata.positive not in names):
        raise ValueError
    if metadata.frame not in ("centre_square", "whole"):
        raise ValueError
    if metadata.positive is not None:
        threshold = metadata.thresholds[metadata.positive]
        if not 0.0 <= float(threshold) <= 1.0:
            raise ValueError
    for rule in metadata.refusal:
        float(rule.above)
        if cast("object", rule.index) is not int(rule.index):
            raise ValueError
