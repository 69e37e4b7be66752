"""Age, sex and site, as a model file takes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tejido.errors import ContextError, ModelFileError
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import Input, Metadata
from tests.support.context_model import CONTEXT_METADATA, INPUTS, context_model
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from collections.abc import Mapping

PICTURE = np.zeros((20, 30, 3), np.uint8)
CLASSIFIER = Classifier(context_model())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 0.0),
        ({"age": 55}, 0.055),
        ({"age": 0.0}, 0.0),
        ({"sex": "female"}, 0.1),
        ({"sex": "male", "site": "posterior_torso", "age": 50}, 0.27),
        ({"site": "head_neck"}, 0.01),
        # other words for the same
        ({"site": "Back"}, 0.02),
        ({"site": "espalda"}, 0.02),
        ({"site": "posterior torso"}, 0.02),
        ({"site": "head/neck"}, 0.01),
        ({"site": " FACE "}, 0.01),
        # unknown, said in several ways
        ({"age": None, "sex": "unknown", "site": ""}, 0.0),
        ({"age": math.nan, "sex": None, "site": "Unknown"}, 0.0),
    ],
)
def test_what_is_told_reaches_the_graph(given: Mapping[str, Any], expected: float) -> None:
    assert CLASSIFIER.predict(PICTURE, **given).probabilities["bright"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sex": "m"}, "the model knows no sex 'm'; there are: female, male, unknown"),
        ({"site": "knee"}, "the model knows no site 'knee'; there are: head_neck, posterior_torso, unknown"),
        ({"site": "0"}, "knows no site"),
        ({"age": -1}, "age -1 is no number from 0 to 120"),
        ({"age": math.inf}, "age inf is no number"),
        ({"age": "old"}, "age 'old' is no number"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(given: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ContextError, match=message) as caught:
        CLASSIFIER.predict(PICTURE, **given)
    assert "\n" not in str(caught.value)


def test_a_model_that_looks_at_the_picture_alone() -> None:
    plain = Classifier(tiny_model())
    assert plain.predict(PICTURE, age=None, sex="unknown", site=None) == plain.predict(PICTURE)
    with pytest.raises(ContextError, match="'tiny' takes no site; it looks at the picture alone"):
        plain.predict(PICTURE, site="back")
    with pytest.raises(ContextError, match="'asks' takes no shoe; it takes age, sex, site"):
        CLASSIFIER.encode(shoe=43)


def test_the_vocabulary_stands_in_the_file() -> None:
    assert CLASSIFIER.metadata == CONTEXT_METADATA
    older = CONTEXT_METADATA.to_json().replace('"inputs"', '"newer"').replace('"patches"', '"other"')
    assert Metadata.from_json(older).inputs == ()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((), "one input image"),
        (INPUTS[:2], r"inputs image uint8\[H, W, 3\], age float\[\], sex int64\[\]"),
        ((INPUTS[1], INPUTS[0], INPUTS[2]), "does not have the inputs"),
        ((INPUTS[0], Input("sex", None), INPUTS[2]), r"sex float\[\]"),
        ((INPUTS[0], INPUTS[0], INPUTS[2]), "two inputs have one name"),
        (({"name": "age"},), "lacks 'choices'"),
        (({"name": "age", "choices": ["old"]},), "wrong kind"),
        (({"name": 3, "choices": None},), "not made of texts"),
    ],
)
def test_metadata_that_does_not_fit_its_graph(inputs: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        Classifier(context_model(inputs=inputs))
