from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tejido.data.duplicates.search import find
from tests.data.pictures import blotch, thumbnail


def jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=40)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (jpeg, "copy"),
        (lambda image: image.resize((60, 45)), "copy"),
        (lambda image: image.resize((180, 180)), "copy"),
        (lambda image: image.transpose(Image.Transpose.ROTATE_90), "turned"),
        (lambda image: image.transpose(Image.Transpose.TRANSVERSE), "turned"),
        (lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "turned"),
        (lambda image: image.point(lambda value: value * 0.9), "similar"),
        (lambda image: image.crop((15, 0, 105, 90)), "cropped"),
    ],
)
def test_a_changed_picture_is_found_among_others(change: object, kind: str) -> None:
    pictures = [blotch(seed) for seed in range(40)]
    changed = [change(picture) for picture in pictures[:20]]  # type: ignore[operator]
    found = find(np.stack([thumbnail(picture) for picture in pictures + changed]))
    assert {(pair.first, pair.second, pair.kind) for pair in found} == {(n, 40 + n, kind) for n in range(20)}


def test_flat_pictures_are_like_nothing() -> None:
    flat = np.full((5, 32, 32, 3), 240, np.uint8)
    assert find(flat) == []
    assert find(np.zeros((0, 32, 32, 3), np.uint8)) == []
