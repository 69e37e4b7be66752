"""What a prediction means, with a model whose answers can be computed in one's head."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

import tejido
from tejido.errors import ImageError, ModelFileError
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import RefusalRule
from tests.support.pictures import encode, noise, with_orientation
from tests.support.tiny_model import METADATA, tiny_model, with_metadata

if TYPE_CHECKING:
    from pathlib import Path


def flat(value: int) -> np.ndarray:
    return np.full((20, 30, 3), value, np.uint8)


def test_an_answer() -> None:
    prediction = Classifier(tiny_model()).predict(flat(51))
    assert prediction.label == "dark"
    assert prediction.probabilities == pytest.approx({"dark": 0.8, "bright": 0.2})
    assert prediction.quality == pytest.approx({"blur": 0.0, "darkness": 0.8, "glare": 0.2})
    assert (prediction.refused, prediction.reason, prediction.model) == (False, None, "tiny")
    np.testing.assert_allclose(prediction.heatmap, [[0.8, 0], [0, 0]], atol=1e-6)
    assert prediction.heatmap is not None
    assert prediction.heatmap.dtype == np.float32


def test_the_heatmap_is_that_of_the_label_given() -> None:
    heatmap = Classifier(tiny_model(thresholds={"bright": 0.1})).predict(flat(51)).heatmap
    np.testing.assert_allclose(heatmap, [[0.2, 0], [0, 0]], atol=1e-6)


@pytest.mark.parametrize(("above", "label"), [(0, "bright"), (1e-6, "dark")])
def test_a_probability_at_the_threshold_is_positive(above: float, label: str) -> None:
    exact = Classifier(tiny_model()).predict(flat(100)).probabilities["bright"]
    classifier = Classifier(tiny_model(thresholds={"bright": exact + above}))
    assert classifier.predict(flat(100)).label == label


@pytest.mark.parametrize(("value", "label"), [(100, "dark"), (150, "bright")])
def test_without_a_positive_label_the_most_probable_wins(value: int, label: str) -> None:
    classifier = Classifier(tiny_model(positive=None, thresholds={"bright": 0.9}))
    assert classifier.predict(flat(value)).label == label


def test_the_positive_label_may_come_first() -> None:
    classifier = Classifier(tiny_model(positive="dark", thresholds={"dark": 0.9}))
    assert classifier.predict(flat(51)).label == "bright"


def with_novelty(expression: tuple[str, list[str]]) -> bytes:
    """The tiny model with one output more, and a rule that looks at it."""
    model = onnx.load_from_string(tiny_model(refusal=(RefusalRule("unlabelled", "novelty", 0, 0.6),)))
    kind, inputs = expression
    model.graph.node.append(helper.make_node(kind, inputs, ["novelty"]))
    model.graph.output.append(helper.make_tensor_value_info("novelty", TensorProto.FLOAT, [1]))
    return model.SerializeToString()


def test_a_picture_of_something_else_is_refused() -> None:
    classifier = Classifier(with_novelty(("Identity", ["bright"])))
    answer = classifier.predict(flat(255))
    assert (answer.novelty, answer.refused, answer.reason) == (1.0, True, "unlabelled")
    assert not classifier.predict(flat(100)).refused
    assert Classifier(tiny_model()).predict(flat(100)).novelty is None


def test_a_novelty_that_is_no_number_is_an_error_and_not_a_pass() -> None:
    classifier = Classifier(with_novelty(("Div", ["zero", "zero"])))
    with pytest.raises(ModelFileError, match="answers with novelty that are not numbers"):
        classifier.predict(flat(100))


@pytest.mark.parametrize(("value", "reason"), [(0, "darkness"), (255, "glare"), (128, None)])
def test_refusal(value: int, reason: str | None) -> None:
    prediction = Classifier(tiny_model()).predict(flat(value))
    assert (prediction.refused, prediction.reason) == (reason is not None, reason)


def test_the_first_rule_that_holds_gives_the_reason_and_equality_does_not_hold() -> None:
    rules = (
        RefusalRule("never", "quality", 0, 0.0),  # quality[0] is 0, which is not above 0
        RefusalRule("first", "probabilities", 1, 0.5),
        RefusalRule("second", "quality", 2, 0.1),
    )
    assert Classifier(tiny_model(refusal=rules)).predict(flat(255)).reason == "first"
    assert Classifier(tiny_model(refusal=rules)).predict(flat(100)).reason == "second"


def test_path_bytes_and_pixels_answer_alike(tmp_path: Path) -> None:
    data = encode(noise(), "PNG", exif=with_orientation(6))
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    classifier = Classifier(tiny_model())
    answers = [classifier.predict(item) for item in (path, str(path), data, np.rot90(noise(), -1))]
    assert all(answer == answers[0] for answer in answers)


@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_any_picture_gives_probabilities(height: int, width: int, seed: int) -> None:
    pixels = noise(height, width, seed)
    prediction = CLASSIFIER.predict(pixels)
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert prediction.probabilities["bright"] == pytest.approx(pixels.mean() / 255, abs=1e-5)


CLASSIFIER = Classifier(tiny_model())


def test_threads_share_a_classifier() -> None:
    pictures = [flat(value) for value in range(0, 250, 5)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(CLASSIFIER.predict, pictures))
    assert answers == [CLASSIFIER.predict(picture) for picture in pictures]


def test_pixels_must_be_rgb_bytes() -> None:
    with pytest.raises(ImageError, match="expected uint8"):
        CLASSIFIER.predict(np.zeros((50, 50, 3), np.float64))  # type: ignore[arg-type]


def test_the_package_loads_by_path(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_model())
    assert tejido.load(path).predict(flat(51)).label == "dark"
    assert tejido.load(str(path)).metadata == METADATA


def other_graph(
    kind: int = TensorProto.UINT8, quality: int = 3, heatmap: list[int] | None = None, value: float = 0.5, **names: str
) -> bytes:
    """A model with Tejido's metadata whose graph answers with constants."""
    outputs = {"probabilities": [2], "quality": [quality], **({"heatmap": heatmap} if heatmap else {})}
    nodes, infos = [], []
    for name, shape in outputs.items():
        constant = helper.make_tensor("c", TensorProto.FLOAT, shape, np.full(shape, value).ravel())
        nodes.append(helper.make_node("Constant", [], [names.get(name, name)], value=constant))
        infos.append(helper.make_tensor_value_info(names.get(name, name), TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info(names.get("image", "image"), kind, ["h", "w", 3])
    graph = helper.make_graph(nodes, "g", [image], infos)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"tejido": METADATA.to_json()})
    return model.SerializeToString()


def with_external_data() -> bytes:
    model = onnx.load_from_string(tiny_model())
    tensor = model.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model.SerializeToString()


BAD_MODELS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "damaged, or not an ONNX model file"),
    "a text": (b"not a model", "damaged, or not an ONNX model file"),
    "truncated": (tiny_model()[:-400], "damaged|without Tejido's metadata"),
    "without metadata": (with_metadata(None), "without Tejido's metadata"),
    "metadata not JSON": (with_metadata("{"), "its metadata is not JSON"),
    "other schema": (tiny_model(schema=2), "schema 2; this version of Tejido reads 1"),
    "reads other files": (with_external_data(), "damaged, or not an ONNX model file"),
    "float input": (other_graph(TensorProto.FLOAT), "one input image uint8"),
    "other input": (other_graph(image="picture"), "one input image uint8"),
    "name that is no text": (other_graph(image="picture").replace(b"picture", b"\xffpictur"), "not text"),
    "other output": (other_graph(probabilities="logits"), "does not have the outputs"),
    "too few measures": (other_graph(quality=2), "does not have the outputs"),
    "heatmap of one layer": (other_graph(heatmap=[1, 4, 4]), "one layer for each label"),
    "rule without output": (tiny_model(refusal=(RefusalRule("new", "novelty", 0, 1.0),)), "'new' looks at an output"),
    "rule beyond output": (tiny_model(refusal=(RefusalRule("far", "quality", 3, 1.0),)), "'far' looks at an output"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_model_files(name: str, tmp_path: Path) -> None:
    data, message = BAD_MODELS[name]
    with pytest.raises(ModelFileError, match=message) as caught:
        Classifier(data)
    assert "\n" not in str(caught.value)
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"bad\.onnx: "):
        tejido.load(path)


def test_an_answer_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ModelFileError, match="not numbers"):
        Classifier(other_graph(value=float("nan"))).predict(flat(0))


def test_a_model_may_have_no_heatmap() -> None:
    without = Classifier(with_metadata(METADATA.to_json(), heatmap=False))
    assert (CLASSIFIER.has_heatmap, without.has_heatmap) == (True, False)
    assert without.predict(flat(51)).heatmap is None
    assert without.predict(flat(51)) == CLASSIFIER.predict(flat(51))


@pytest.mark.parametrize("path", ["missing.onnx", ".", "nul\0.onnx"])
def test_bad_model_paths(path: str) -> None:
    with pytest.raises(ModelFileError, match=r"no such model file|cannot be read"):
        Classifier(path)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_damaged_model_files_are_refused_or_run(data: st.DataObject) -> None:
    damaged = bytearray(tiny_model())
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    message = ""
    try:
        Classifier(bytes(damaged)).predict(flat(100))
    except ModelFileError as error:
        message = str(error)
    assert "\n" not in message
