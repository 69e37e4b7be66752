"""Bad pictures end in an ``ImageError`` of one line, whatever is wrong with them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.errors import ImageError
from tejido.runtime import decode as decode_module
from tejido.runtime.decode import decode
from tejido.runtime.limits import check_pixels
from tests.support.bad_pictures import BAD_BYTES
from tests.support.dicom import dicom
from tests.support.pictures import encode, noise, png16, smooth, with_orientation

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", BAD_BYTES)
def test_bad_bytes(name: str) -> None:
    data, message = BAD_BYTES[name]
    with pytest.raises(ImageError, match=message) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (lambda folder: folder / "missing.jpg", "no such file"),
        (lambda folder: folder, "is a directory"),
        (lambda folder: folder / "nul\0.jpg", "cannot be read"),
        (lambda folder: folder / ("long" * 200 + ".jpg"), "cannot be read"),
        (lambda folder: folder / "file" / "below.jpg", "cannot be read"),
    ],
)
def test_bad_paths(tmp_path: Path, path: Callable[[Path], Path], message: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ImageError, match=message):
        decode(path(tmp_path))


def test_unreadable_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encode(noise(), "PNG"))
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser reads everything

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageError, match=r"cannot be read \(Permission denied\)"):
        decode(path)


def test_endless_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_module, "MAX_BYTES", 2**20)
    with pytest.raises(ImageError, match="at most 1 MB"):
        decode("/dev/zero")


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((50, 50, 3), np.float32),
        np.zeros((50, 50), np.uint8),
        np.zeros((50, 50, 4), np.uint8),
        np.zeros((1, 50, 3), np.uint8),
        np.broadcast_to(np.uint8(0), (20_000, 20_000, 3)),
    ],
)
def test_bad_arrays(pixels: np.ndarray) -> None:
    with pytest.raises(ImageError):
        check_pixels(pixels)


SEEDS = [
    encode(smooth(), "JPEG", exif=with_orientation(6)),
    encode(smooth(), "JPEG", progressive=True),
    encode(noise(20, 20), "PNG", exif=with_orientation(3)),
    png16(np.arange(400, dtype=np.uint16).reshape(20, 20) * 160),
    encode(smooth(), "WEBP"),
    encode(noise(20, 20), "BMP"),
    encode(smooth(), "TIFF", compression="tiff_lzw"),
    encode(smooth()[:, :, 0], "GIF"),
    dicom(noise(20, 20), "RGB"),
]


def _picture_or_error(data: bytes) -> None:
    message = ""
    try:
        check_pixels(decode(data))
    except ImageError as error:
        message = str(error)
    assert "\n" not in message


@given(st.binary(max_size=600), st.sampled_from([b"", *(seed[:132] for seed in SEEDS)]))
@settings(max_examples=300, deadline=None)
def test_random_bytes(data: bytes, start: bytes) -> None:
    _picture_or_error(start + data)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_mutated_files(data: st.DataObject) -> None:
    mutated = io.BytesIO(data.draw(st.sampled_from(SEEDS)))
    size = len(mutated.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers are where parsers can be led astray, so half of the changes fall there.
        limit = data.draw(st.sampled_from([min(size, 200), size]))
        mutated.seek(data.draw(st.integers(0, limit - 1)))
        mutated.write(data.draw(st.binary(min_size=1, max_size=4)))
    cut = data.draw(st.sampled_from([None, None, size // 2, size - 3]))
    _picture_or_error(mutated.getvalue()[:cut])
