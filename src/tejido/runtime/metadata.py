"""The metadata that a model file carries: one JSON text under ``metadata_props["tejido"]``.

Everything a caller needs beside the graph stands here: labels and their names, thresholds, refusal rule, provenance,
licence and measured performance. Runtimes only look up and compare.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from tejido.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
class Choice:
    """One value of an input: its name, display names, and other terms that mean it."""

    name: str
    en: str
    es: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Input:
    """Something that the model may be told beside the picture; it answers also where it is not known.

    An input with ``choices`` is an ``int64[]``: the place of the value among them, counted from 1, and 0 for unknown.
    One without is a number, ``float32[]`` (``age`` in years), and NaN for unknown.
    """

    name: str
    choices: tuple[Choice, ...] | None


@dataclass(frozen=True)
class Patches:
    """The model looks at ``columns`` x ``rows`` patches of ``width`` x ``height`` pixels, spread evenly over a picture.

    Patch i of n begins at ``round(i (side - patch) / (n - 1))``, halves to the even number. The answer for the picture
    follows from its patches by the rule ``aggregate`` (``vote``, ``mean``, ``max``, or ``top_k`` with its ``k``), and
    the heatmap is the grid of the patches' own probabilities.
    """

    width: int
    height: int
    columns: int
    rows: int
    aggregate: str
    top_k: int | None


@dataclass(frozen=True)
class Metadata:
    """What a model file says about itself (schema 1).

    ``labels`` are in the order of the graph's ``probabilities`` output. ``positive`` is the label of a binary task
    that is given when its probability is at least ``thresholds[positive]``; other tasks take the most probable label.
    ``calibration`` records what the graph already applies. ``metrics`` are figures on the test split, each either a
    number or ``{"value", "low", "high"}`` with a 95 % interval by group. ``frame`` says which part of the picture
    the heatmap covers: ``centre_square`` (the largest centred square) or ``whole``. ``scale`` is what a pixel must
    measure (``{"um_per_pixel": 0.49}``), where it matters. ``patches`` is None where the picture is judged as one.
    ``inputs`` are those of the graph beside the picture, in order. ``derivation`` says how the model came from others:
    ``teachers`` that it was distilled from (``name``, ``network``, ``recipe_sha256``), and how it was compressed.
    ``operating`` says how to read scores: ``points``, thresholds for several sensitivities; ``bands``, what scores have
    meant on test; ``sets``, prediction sets (see ``experiments.operating``).
    ``gate`` names the elements of the graph's ``gate`` output, where it has one (see ``models.gate``).
    ``kind`` is what the model does; one that outlines has a single label, the name of what it outlines.
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
    patches: Patches | None = None
    inputs: tuple[Input, ...] = ()
    derivation: dict[str, Any] = field(default_factory=dict)
    gate: tuple[str, ...] = ()
    operating: dict[str, Any] = field(default_factory=dict)
    kind: Literal["classification", "segmentation"] = "classification"
    schema: int = field(default=SCHEMA)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Machine names of the labels, in the order of the probabilities."""
        return tuple(label.name for label in self.labels)

    def to_json(self) -> str:
        """The JSON text that goes into the file.

        Raises:
            ValueError: a number is infinite or not a number, which JSON cannot say.
        """
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read the JSON text of a file; keys that this version does not know are ignored.

        Raises:
            ModelFileError: not JSON, another schema version, or a field that is missing or of the wrong kind.
        """
        raw = _parse(text)
        schema = raw.get("schema")
        if schema != SCHEMA or isinstance(schema, bool):
            raise ModelFileError(f"its metadata has schema {schema!r}; this version of Tejido reads {SCHEMA}")
        try:
            values = {f.name: raw[f.name] for f in fields(cls) if f.name in raw or f.name not in _ADDED}
            values["labels"] = tuple(_build(Label, item) for item in _list(values["labels"]))
            values["refusal"] = tuple(_build(RefusalRule, item) for item in _list(values["refusal"]))
            values["training_data"] = tuple(_build(TrainingData, item) for item in _list(values["training_data"]))
            values["quality"] = tuple(_list(values["quality"]))
            values["gate"] = tuple(_list(values.get("gate", [])))
            if values.get("patches") is not None:
                values["patches"] = _build(Patches, values["patches"])
            values["inputs"] = tuple(_input(item) for item in _list(values.get("inputs", [])))
            metadata = cls(**values)
        except KeyError as error:
            raise ModelFileError(f"its metadata lacks {error.args[0]!r}") from None
        except TypeError:
            raise ModelFileError("its metadata has fields of the wrong kind") from None
        problem = next(_problems(metadata), None)
        if problem is not None:
            raise ModelFileError(f"its metadata is wrong: {problem}")
        return metadata


def _parse(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text, parse_constant=_refuse_constant)
        text.encode()
        json.dumps(raw, ensure_ascii=False).encode()  # half a surrogate pair could never be shown to anybody
    except (ValueError, RecursionError):
        raise ModelFileError("its metadata is not JSON") from None
    if not isinstance(raw, dict):
        raise ModelFileError("its metadata is not a JSON object")
    return raw


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity: Python's JSON reads them, a browser's does not


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _build(kind: type[Any], item: object) -> Any:
    if not isinstance(item, dict):
        raise TypeError
    return kind(**{f.name: item[f.name] for f in fields(kind)})


def _input(item: object) -> Input:
    found: Input = _build(Input, item)
    if found.choices is None:
        return found
    choices = [_build(Choice, choice) for choice in _list(found.choices)]
    return Input(found.name, tuple(replace(choice, terms=tuple(_list(choice.terms))) for choice in choices))


_ADDED = ("patches", "inputs", "derivation", "gate", "operating", "kind")
"""Fields that a file may lack because it was written before they were known; they have their defaults then."""
_TEXTS = ("name", "task", "modality", "licence", "recipe_sha256", "created", "tejido_version")
_OBJECTS = ("thresholds", "calibration", "split", "metrics", "intended_use", "derivation", "operating")


def _problems(metadata: Metadata) -> Iterator[str]:
    """What is wrong with it, first things first; later checks rely on the earlier ones."""
    yield from (f"{name} is not a text" for name in _TEXTS if not isinstance(getattr(metadata, name), str))
    yield from (f"{name} is not an object" for name in _OBJECTS if not isinstance(getattr(metadata, name), dict))
    scale: object = metadata.scale
    if not isinstance(scale, dict | None):
        yield "scale is not an object"
    if not _is_count(metadata.input_size) or metadata.input_size < 1:
        yield "input_size is not a positive number of pixels"
    if metadata.frame not in ("centre_square", "whole"):
        yield f"frame {metadata.frame!r} is unknown"
    yield from (
        f"{name} is not a list of texts" for name in ("quality", "gate") if not _are_texts(getattr(metadata, name))
    )
    if not all(_are_texts((label.name, label.en, label.es)) for label in metadata.labels):
        yield "a label is not made of texts"
    names = metadata.label_names
    if metadata.kind not in ("classification", "segmentation"):
        yield f"kind {metadata.kind!r} is unknown"
    elif metadata.kind == "segmentation":
        if len(names) != 1 or metadata.positive is not None:
            yield "a model that outlines has one label, and none is positive"
    elif len(names) < 2 or len(set(names)) != len(names):
        yield "it needs two or more different labels"
    if metadata.positive is not None:
        if len(names) != 2 or metadata.positive not in names:
            yield "positive is not one of two labels"
        threshold = metadata.thresholds.get(metadata.positive)
        if not _is_number(threshold) or not 0 <= threshold <= 1:
            yield "the threshold of the positive label is not in 0..1"
    for item in metadata.inputs:
        choices = item.choices or ()
        if not _are_texts([item.name, *(t for c in choices for t in (c.name, c.en, c.es, *c.terms))]):
            yield "an input is not made of texts"
    if len({item.name for item in metadata.inputs}) < len(metadata.inputs):
        yield "two inputs have one name"
    if metadata.patches is not None:
        yield from _patch_problems(metadata.patches)
    if not _are_sets(metadata.operating.get("sets"), names):
        yield "its prediction sets lack the coverage, or the least probability of a label"
    for rule in metadata.refusal:
        if not (_are_texts((rule.code, rule.output)) and _is_count(rule.index) and _is_number(rule.above)):
            yield "a refusal rule has fields of the wrong kind"
    for data in metadata.training_data:
        texts = (data.source, data.licence, data.attribution)
        if not (_are_texts(texts) and _is_count(data.images) and _is_count(data.groups)):
            yield "training_data has fields of the wrong kind"


def _patch_problems(patches: Patches) -> Iterator[str]:
    sides = (patches.width, patches.height, patches.columns, patches.rows)
    if not all(_is_count(side) and side > 0 for side in sides):
        yield "patches need positive sizes and counts"
    if patches.aggregate not in ("vote", "mean", "max", "top_k"):
        yield f"patches have an unknown rule {patches.aggregate!r}"
    if patches.top_k is not None and not _is_count(patches.top_k):
        yield "top_k is not a count"


def _are_sets(value: object, names: tuple[str, ...]) -> bool:
    if value is None:
        return True
    least = value.get("least") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(least, dict):
        return False
    return _is_number(value.get("coverage")) and all(_is_number(least.get(name)) for name in names)


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
