from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tejido.errors import ModelFileError
from tejido.runtime.classifier import Classifier
from tejido.runtime.library import load_segmenter
from tejido.runtime.metadata import Label
from tejido.runtime.segmenter import Segmenter
from tests.support.pictures import encode, smooth, with_orientation
from tests.support.tiny_model import METADATA, outlining_model, tiny_model, with_metadata

HALF = np.zeros((20, 30, 3), np.uint8)
HALF[:, 20:] = 255


def test_an_outline() -> None:
    found = Segmenter(outlining_model()).predict(HALF)
    assert found.mask.dtype == bool
    assert (found.mask == (HALF[:, :, 0] > 0)).all()
    assert found.share == pytest.approx(1 / 3)
    assert not found.refused
    assert found.quality == pytest.approx({"blur": 0, "darkness": 2 / 3, "glare": 1 / 3})


def test_a_picture_that_cannot_be_judged() -> None:
    found = Segmenter(outlining_model()).predict(np.zeros((20, 30, 3), np.uint8))
    assert (found.refused, found.reason, found.share) == (True, "darkness", 0)


def test_a_file_that_is_turned_upright_first() -> None:
    data = encode(smooth(), "JPEG", exif=with_orientation(6))
    assert Segmenter(outlining_model()).predict(data).mask.shape == smooth().shape[1::-1]


def test_a_classifier_may_outline_too() -> None:
    classifier = Classifier(with_metadata(METADATA.to_json(), mask=True))
    assert classifier.has_mask
    mask = classifier.predict(HALF).mask
    assert mask is not None
    assert (mask == (HALF[:, :, 0] > 0)).all()
    assert Classifier(tiny_model()).predict(HALF).mask is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tiny_model(), "it classifies pictures, and something else was wanted of it"),
        (outlining_model(labels=METADATA.labels), "a model that outlines has one label"),
        (outlining_model(positive="lesion"), "a model that outlines has one label, and none is positive"),
        (outlining_model(kind="counting"), "kind 'counting' is unknown"),
        (
            tiny_model(kind="segmentation", labels=(Label("l", "l", "l"),), positive=None),
            "does not have the output mask",
        ),
        (outlining_model()[:300], "damaged"),
        (b"", "damaged"),
    ],
)
def test_files_that_do_not_outline(data: bytes, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        Segmenter(data)


def test_a_classifier_without_classes() -> None:
    text = METADATA.to_json()
    with pytest.raises(ModelFileError, match="does not have the outputs"):
        Classifier(with_metadata(text, heatmap=False, mask=True, classes=False))


def test_the_library_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(tiny_model())
    with pytest.raises(ModelFileError, match=r"a\.onnx: it classifies pictures"):
        load_segmenter(tmp_path / "a.onnx")
    assert dataclasses.replace(METADATA).kind == "classification"
