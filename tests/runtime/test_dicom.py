"""DICOM pictures of every supported kind against arrays made without the decoder."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from tejido.errors import ImageError
from tejido.runtime.decode import decode
from tests.support.dicom import dicom
from tests.support.pictures import encode, noise, smooth


def grey(bits: int) -> np.ndarray:
    kind = np.uint8 if bits <= 8 else np.uint16
    return np.random.default_rng(0).integers(0, 1 << bits, (20, 31), dtype=kind)


def test_rgb() -> None:
    np.testing.assert_array_equal(decode(dicom(noise(), "RGB")), noise())


def test_rgb_by_planes() -> None:
    pixels = noise()
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    data = dicom(planes.tobytes(), "RGB", Rows=37, Columns=53, PlanarConfiguration=1)
    np.testing.assert_array_equal(decode(data), pixels)


def test_16_bit_rgb() -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    np.testing.assert_array_equal(decode(dicom(samples, "RGB")), samples >> 8)


def test_ybr() -> None:
    rgb = smooth().astype(float)
    y = rgb @ [0.299, 0.587, 0.114]
    ybr = np.stack([y, (rgb[..., 2] - y) / 1.772 + 128, (rgb[..., 0] - y) / 1.402 + 128], axis=-1)
    decoded = decode(dicom(ybr.round().astype(np.uint8), "YBR_FULL"))
    assert np.abs(decoded - rgb).max() <= 2


def test_jpeg_inside() -> None:
    jpeg = encode(smooth(), "JPEG", quality=95)
    data = dicom(encapsulate([jpeg]), "YBR_FULL_422", Rows=48, Columns=64, syntax=JPEGBaseline8Bit)
    assert np.abs(decode(data).astype(int) - decode(jpeg)).max() <= 3


@pytest.mark.parametrize("bits", [1, 4, 8, 10, 12, 16])
@pytest.mark.parametrize("interpretation", ["MONOCHROME1", "MONOCHROME2"])
def test_monochrome(bits: int, interpretation: str) -> None:
    samples = grey(bits)
    expected = samples >> (bits - 8) if bits >= 8 else np.round(samples * (255 / ((1 << bits) - 1)))
    expected = expected.astype(np.uint8)
    if interpretation == "MONOCHROME1":
        expected = 255 - expected
    decoded = decode(dicom(samples, interpretation, BitsStored=bits))
    np.testing.assert_array_equal(decoded, np.repeat(expected[:, :, None], 3, axis=2))


def test_bits_above_those_stored_are_not_picture() -> None:
    samples = grey(12)
    data = dicom(samples | 0x8000, "MONOCHROME2", BitsStored=12)
    np.testing.assert_array_equal(decode(data)[:, :, 0], samples >> 4)


@pytest.mark.parametrize("interpretation", ["MONOCHROME2", "RGB"])
def test_of_several_frames_the_first_is_taken(interpretation: str) -> None:
    frames = np.stack([noise(seed=0), noise(seed=1), noise(seed=2)])
    if interpretation == "MONOCHROME2":
        frames = np.ascontiguousarray(frames[..., 0])
    data = dicom(frames.tobytes(), interpretation, Rows=37, Columns=53, NumberOfFrames=3)
    expected = frames[0] if interpretation == "RGB" else np.repeat(frames[0][:, :, None], 3, axis=2)
    np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dicom(noise(), "RGB", PixelData=None), "without a picture"),
        (dicom(noise(), "RGB", PixelRepresentation=1), "signed samples"),
        (dicom(noise(), "HSV"), "colour model HSV is not supported"),
        (dicom(noise(), "RGB", Rows=None), "damaged DICOM file"),
        (dicom(noise(), "RGB", Rows=5000, Columns=5000), "damaged DICOM file"),
        (dicom(noise(), "RGB", Rows=60_000, Columns=60_000), "too large"),
        (dicom(noise(1, 1), "RGB"), "too small"),
        (dicom(encapsulate([b"nothing"]), "MONOCHROME2", Rows=20, Columns=20, syntax=RLELossless), "damaged DICOM"),
        (dicom(noise(), "RGB", syntax=DeflatedExplicitVRLittleEndian), "deflated"),
        (dicom(noise(), "RGB")[:140], "DICOM file"),
        (b"\0" * 128 + b"DICM", "DICOM file"),
    ],
)
def test_bad_files(data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dicom(noise(), "RGB")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ImageError, match=r"pip install 'tejido\[dicom\]'"):
        decode(data)
