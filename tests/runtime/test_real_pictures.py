"""Real pictures, where the shared data lie: everything there can be decoded, just as Pillow alone would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tejido.runtime.classifier import Classifier
from tejido.runtime.decode import decode
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("ham10000_600x450", "ham10000/images", "isic2017_pairs", "isic2020", "isic9", "pad_ufes_20", "breakhis")
KINDS = {".jpg", ".jpeg", ".png"}


def some(folder: Path, count: int = 12) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS)
    assert found
    return found[:: max(1, len(found) // count)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_decoded_as_pillow_does(shared: Path, folder: str) -> None:
    for path in some(shared / "data" / folder):
        with Image.open(path) as image:
            assert image.getexif().get(0x0112, 1) == 1
            np.testing.assert_array_equal(decode(path), np.asarray(image.convert("RGB")))


def test_path_and_bytes_answer_alike(shared: Path) -> None:
    classifier = Classifier(tiny_model())
    for path in some(shared / "data" / "ham10000_600x450"):
        assert classifier.predict(path) == classifier.predict(path.read_bytes()) == classifier.predict(decode(path))
        assert decode(path).shape == (450, 600, 3)
