from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tejido.data.duplicates import find
from tejido.data.hamming import HashIndex
from tejido.data.phash import ORIENTATIONS, UPRIGHT, as_hex, hashes, view_hashes
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


def test_views_are_the_hashes_of_turned_pictures() -> None:
    thumbnails = np.stack([thumbnail(blotch(seed)) for seed in range(50)])
    for view, seen in zip(ORIENTATIONS, view_hashes(thumbnails, ORIENTATIONS), strict=True):
        turned = next(view_hashes(np.ascontiguousarray(view.apply(thumbnails)), (UPRIGHT,)))
        assert np.bitwise_count(seen ^ turned).max() <= 1
    assert len(as_hex(hashes(thumbnails)[0])) == 16


def test_flat_pictures_are_like_nothing() -> None:
    flat = np.full((5, 32, 32, 3), 240, np.uint8)
    assert find(flat) == []
    assert find(np.zeros((0, 32, 32, 3), np.uint8)) == []


def test_the_index_finds_what_comparing_all_finds() -> None:
    draw = np.random.default_rng(1)
    base = draw.integers(0, 2**63, 400, dtype=np.uint64)
    flips = [
        np.bitwise_or.reduce(np.uint64(1) << draw.permutation(64)[:k].astype(np.uint64))
        for k in range(1, 4)
        for _ in range(100)
    ]
    near = base[:300] ^ np.array(flips, np.uint64)
    both = np.concatenate([base, near])
    asked, hit = HashIndex(both).near(both, 3)
    found = set(zip(asked.tolist(), hit.tolist(), strict=True))
    distance = np.bitwise_count(both[:, None] ^ both[None, :])
    truth = set(zip(*(part.tolist() for part in np.nonzero(distance <= 3)), strict=True))
    assert found <= truth
    assert len(found) >= 0.99 * len(truth)


def test_a_crowd_of_equal_hashes_costs_no_time() -> None:
    asked, _ = HashIndex(np.zeros(20_000, np.uint64)).near(np.zeros(20_000, np.uint64), 8)
    assert len(asked) == 0
