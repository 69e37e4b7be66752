"""The decoder against arrays made without it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from tejido.runtime.decode import decode
from tests.support.pictures import encode, noise, png16, smooth, tiff, with_orientation

if TYPE_CHECKING:
    from pathlib import Path

LUMA = np.array([299, 587, 114])


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_lossless_formats_give_the_very_pixels(kind: str, options: dict[str, Any]) -> None:
    pixels = noise()
    decoded = decode(encode(pixels, kind, **options))
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    np.testing.assert_array_equal(decoded, pixels)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("JPEG", {"quality": 95, "subsampling": 2, "progressive": True}),
        ("WEBP", {"quality": 95}),
        ("TIFF", {"compression": "jpeg", "quality": 95}),
    ],
)
def test_lossy_formats_are_close(kind: str, options: dict[str, Any]) -> None:
    pixels = smooth()
    difference = np.abs(decode(encode(pixels, kind, **options)).astype(int) - pixels)
    assert difference.mean() < 2
    assert difference.max() < 20


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_equals_exif_transpose(kind: str, orientation: int) -> None:
    data = encode(smooth(), kind, exif=with_orientation(orientation))
    with Image.open(io.BytesIO(data)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(decode(data), upright)
    if orientation >= 5:
        assert decode(data).shape == (64, 48, 3)


def test_exif_orientation_6_turns_clockwise() -> None:
    pixels = noise()
    data = encode(pixels, "PNG", exif=with_orientation(6))
    np.testing.assert_array_equal(decode(data), np.rot90(pixels, k=-1))


def test_a_malformed_exif_block_says_nothing_about_orientation() -> None:
    pixels = noise()
    np.testing.assert_array_equal(decode(encode(pixels, "PNG", exif=b"Exif\0\0garbage")), pixels)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG"])
def test_grey_is_repeated(kind: str) -> None:
    grey = smooth()[:, :, 0]
    options = {"quality": 100} if kind == "JPEG" else {}
    decoded = decode(encode(grey, kind, **options))
    assert np.ptp(decoded, axis=2).max() == 0
    assert np.abs(decoded[:, :, 0].astype(int) - grey).max() <= (2 if kind == "JPEG" else 0)


def test_one_bit_is_black_and_white() -> None:
    bits = noise()[:, :, 0] > 127
    expected = np.repeat(bits[:, :, None] * np.uint8(255), 3, axis=2)
    np.testing.assert_array_equal(decode(encode(Image.fromarray(bits), "PNG")), expected)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette(kind: str) -> None:
    index, palette = _palette_picture()
    image = _palette_image(index, palette)
    np.testing.assert_array_equal(decode(encode(image, kind)), palette[index])


@pytest.mark.parametrize("transparency", [3, bytes(range(0, 256, 16))])
def test_palette_with_transparency_keeps_its_colours(transparency: int | bytes) -> None:
    index, palette = _palette_picture()
    data = encode(_palette_image(index, palette), "PNG", transparency=transparency)
    np.testing.assert_array_equal(decode(data), palette[index])


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_alpha_is_dropped_not_blended(kind: str, options: dict[str, Any]) -> None:
    pixels = noise()
    alpha = noise(seed=1)[:, :, :1]
    data = encode(np.concatenate([pixels, alpha], axis=2), kind, **options)
    np.testing.assert_array_equal(decode(data), pixels)


def test_grey_with_alpha() -> None:
    samples = noise()[:, :, :2]
    data = encode(samples, "PNG")
    np.testing.assert_array_equal(decode(data), np.repeat(samples[:, :, :1], 3, axis=2))


def test_a_transparent_colour_of_rgb_stays_that_colour() -> None:
    pixels = noise()
    data = encode(pixels, "PNG", transparency=tuple(int(v) for v in pixels[0, 0]))
    np.testing.assert_array_equal(decode(data), pixels)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str) -> None:
    rgb = smooth()
    cmyk = np.concatenate([255 - rgb, np.zeros_like(rgb[:, :, :1])], axis=2)
    image = Image.frombytes("CMYK", (rgb.shape[1], rgb.shape[0]), cmyk.tobytes())
    options = {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    difference = np.abs(decode(encode(image, kind, **options)).astype(int) - rgb)
    assert difference.max() <= (12 if kind == "JPEG" else 0)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_the_high_byte(channels: int) -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, channels), dtype=np.uint16)
    colour = samples[:, :, :1] if channels <= 2 else samples[:, :, :3]
    expected = np.broadcast_to((colour >> 8).astype(np.uint8), (20, 30, 3))
    np.testing.assert_array_equal(decode(png16(samples[:, :, 0] if channels == 1 else samples)), expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_tiff_keeps_the_high_byte(order: str, channels: int) -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, channels), dtype=np.uint16)
    packed = samples.astype(f"{order}u2").tobytes()
    data = tiff(packed, 30, 20, bits=16, channels=channels, photometric=1 if channels == 1 else 2, order=order)
    np.testing.assert_array_equal(decode(data), np.broadcast_to((samples >> 8).astype(np.uint8), (20, 30, 3)))


def test_16_bit_tiff_where_zero_is_white() -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30), dtype=np.uint16)
    data = tiff(samples.astype("<u2").tobytes(), 30, 20, bits=16, photometric=0)
    np.testing.assert_array_equal(decode(data)[:, :, 0], 255 - (samples >> 8))


def test_12_bit_tiff_uses_the_whole_range() -> None:
    samples = np.random.default_rng(0).integers(0, 4096, (20, 30), dtype=np.uint16)
    first, second = samples[:, ::2], samples[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1).astype(np.uint8)
    data = tiff(packed.tobytes(), 30, 20, bits=12, photometric=1)
    np.testing.assert_array_equal(decode(data)[:, :, 0], samples >> 4)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})])
def test_of_several_frames_the_first_is_taken(kind: str, options: dict[str, Any]) -> None:
    first, second = np.full((20, 30, 3), 255, np.uint8), np.zeros((20, 30, 3), np.uint8)
    data = encode(first, kind, save_all=True, append_images=[Image.fromarray(second)], **options)
    np.testing.assert_array_equal(decode(data), first)


def test_of_a_phones_multi_picture_file_the_first_is_taken() -> None:
    second = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    data = encode(smooth(), "MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(decode(data).astype(int) - smooth()).mean() < 2


def test_an_icc_profile_changes_nothing() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(decode(encode(noise(), "PNG", icc_profile=profile)), noise())


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really a png.jpg"
    path.write_bytes(encode(noise(), "PNG"))
    np.testing.assert_array_equal(decode(path), noise())
    np.testing.assert_array_equal(decode(str(path)), noise())


def _palette_picture() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.integers(0, 16, (37, 53), dtype=np.uint8), generator.integers(0, 256, (16, 3), dtype=np.uint8)


def _palette_image(index: np.ndarray, palette: np.ndarray) -> Image.Image:
    image = Image.frombytes("P", (index.shape[1], index.shape[0]), index.tobytes())
    image.putpalette(palette.tobytes())
    return image
