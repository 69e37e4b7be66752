"""The metadata of a model file: what is read back, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.errors import ModelFileError
from tejido.runtime.metadata import Metadata
from tests.support.tiny_model import METADATA

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(METADATA.to_json()), **changes})


def test_round_trip() -> None:
    assert Metadata.from_json(METADATA.to_json()) == METADATA


def test_keys_of_later_versions_are_ignored() -> None:
    assert Metadata.from_json(changed(colour="blue")) == METADATA


def test_display_names_keep_their_accents() -> None:
    assert "ñ" in Metadata.from_json(changed(intended_use={"es": "ñ"})).to_json()


LATER = {
    "patches": None,
    "inputs": (),
    "derivation": {},
    "gate": (),
    "operating": {},
    "kind": "classification",
}


@pytest.mark.parametrize("key", [key for key in json.loads(METADATA.to_json()) if key not in {"schema", *LATER}])
def test_a_missing_field_is_named(key: str) -> None:
    raw = json.loads(METADATA.to_json())
    del raw[key]
    with pytest.raises(ModelFileError, match=f"its metadata lacks '{key}'"):
        Metadata.from_json(json.dumps(raw))


@pytest.mark.parametrize("key", LATER)
def test_a_field_that_came_later_may_be_missing(key: str) -> None:
    raw = json.loads(METADATA.to_json())
    del raw[key]
    assert getattr(Metadata.from_json(json.dumps(raw)), key) == LATER[key]


@pytest.mark.parametrize("schema", [0, 2, "1", None, True, [1]])
def test_another_schema_is_refused(schema: object) -> None:
    with pytest.raises(ModelFileError, match="this version of Tejido reads 1"):
        Metadata.from_json(changed(schema=schema))


LABELS = [{"name": name, "en": name, "es": name} for name in ("a", "b", "c")]
PATCHES = {"width": 225, "height": 225, "columns": 5, "rows": 3, "aggregate": "vote", "top_k": None}
RULE = {"code": "blur", "output": "quality", "index": 0, "above": 0.5}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 5},
        {"labels": []},
        {"labels": LABELS[:1]},
        {"labels": [LABELS[0], LABELS[0]]},
        {"labels": [{"name": 1, "en": "", "es": ""}, LABELS[0]]},
        {"labels": {"a": 1}},
        {"labels": ["dark", "bright"]},
        {"labels": LABELS},  # a positive label needs a binary task
        {"positive": "other"},
        {"thresholds": {}},
        {"thresholds": {"bright": 1.5}},
        {"thresholds": {"bright": "0.5"}},
        {"thresholds": {"bright": True}},
        {"thresholds": [0.5]},
        {"frame": "left"},
        {"input_size": 0},
        {"input_size": "128"},
        {"quality": "blur"},
        {"quality": [1]},
        {"scale": 4},
        {"patches": 15},
        {"patches": PATCHES | {"columns": 0}},
        {"patches": PATCHES | {"width": "225"}},
        {"patches": PATCHES | {"aggregate": "median"}},
        {"patches": PATCHES | {"top_k": -1}},
        {"patches": {"width": 225}},
        {"inputs": {}},
        {"inputs": ["age"]},
        {"metrics": []},
        {"operating": {"sets": []}},
        {"operating": {"sets": {"coverage": 0.9, "least": {"dark": 0.1}}}},
        {"operating": {"sets": {"coverage": None, "least": {"dark": 0.1, "bright": 0.1}}}},
        {"operating": {"sets": {"coverage": 0.9, "least": {"dark": "0.1", "bright": 0.1}}}},
        {"refusal": [{**RULE, "index": 0.5}]},
        {"refusal": [{**RULE, "index": -1}]},
        {"refusal": [{**RULE, "above": None}]},
        {"refusal": [{**RULE, "above": 10**400}]},
        {"refusal": [{**RULE, "code": None}]},
        {"training_data": [{"source": "x", "images": -1, "groups": 0, "licence": "", "attribution": ""}]},
    ],
)
def test_wrong_fields_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="its metadata"):
        Metadata.from_json(changed(**changes))


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"text"', "NaN", changed(metrics={"auc": float("nan")}), "[" * 100_000, '{"a": "\\ud800"}'],
)
def test_not_a_json_object(text: str) -> None:
    with pytest.raises(ModelFileError, match="its metadata is not"):
        Metadata.from_json(text)


def test_numbers_that_json_cannot_say_are_not_written() -> None:
    import dataclasses

    with pytest.raises(ValueError, match="JSON"):
        dataclasses.replace(METADATA, metrics={"auc": float("inf")}).to_json()


@given(st.text(max_size=60) | JSON.map(json.dumps))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(ModelFileError):
        Metadata.from_json(text)


@given(st.sampled_from(sorted(json.loads(METADATA.to_json()))), JSON)
@settings(max_examples=400, deadline=None)
def test_any_value_of_a_field_is_read_or_refused(key: str, value: object) -> None:
    try:
        metadata = Metadata.from_json(changed(**{key: value}))
    except ModelFileError:
        return
    assert Metadata.from_json(metadata.to_json()) == metadata


@given(st.sampled_from(["labels", "refusal", "training_data"]), st.data())
@settings(max_examples=200, deadline=None)
def test_any_value_inside_a_list_is_read_or_refused(key: str, data: st.DataObject) -> None:
    items = json.loads(METADATA.to_json())[key]
    items[0][data.draw(st.sampled_from(sorted(items[0])))] = data.draw(JSON)
    try:
        metadata = Metadata.from_json(changed(**{key: items}))
    except ModelFileError:
        return
    assert Metadata.from_json(metadata.to_json()) == metadata
