"""One picture of every kind that a browser and Python must see alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tests.support.pictures import encode, noise, png16, smooth, with_orientation

RAW, SOFT = noise(101, 149), smooth(101, 149)
"""Odd sizes; every pixel another one, and one that looks as a photo does."""


def swapped_profile() -> bytes:
    """A colour profile in which red and green are exchanged: whoever applies it gives other pixels."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = profile[green : green + 4], profile[red : red + 4]
    return bytes(profile)


def translucent() -> Image.Image:
    """Every degree of opacity, over colours that all differ."""
    alpha = np.linspace(0, 255, RAW.shape[0] * RAW.shape[1]).reshape(RAW.shape[:2]).astype(np.uint8)
    return Image.fromarray(np.dstack([RAW, alpha]))


def large(megapixels: float) -> np.ndarray:
    """A picture in 4:3 with coarse and fine structure."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    small = Image.fromarray(noise(30, 40)).resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(small)
    pixels[::7, ::5] ^= 16
    return pixels


def pictures() -> dict[str, bytes]:
    """Name -> bytes of the file."""
    palette = Image.fromarray(RAW).quantize(64)
    return {
        **{f"jpeg-{name}": encode(RAW, "JPEG", subsampling=kind) for kind, name in enumerate(("444", "422", "420"))},
        **{f"jpeg-soft-{quality}": encode(SOFT, "JPEG", quality=quality) for quality in (30, 75, 95)},
        **{f"jpeg-exif-{side}": encode(SOFT, "JPEG", exif=with_orientation(side)) for side in range(1, 9)},
        **{f"png-exif-{side}": encode(RAW, "PNG", exif=with_orientation(side)) for side in (3, 6)},
        **{f"webp-exif-{side}": encode(SOFT, "WEBP", exif=with_orientation(side)) for side in range(1, 9)},
        "jpeg-exif-of-no-meaning": encode(SOFT, "JPEG", exif=with_orientation(9)),
        "jpeg-progressive": encode(RAW, "JPEG", progressive=True),
        "jpeg-grey": encode(RAW[:, :, 0], "JPEG"),
        "jpeg-cmyk": encode(Image.fromarray(RAW).convert("CMYK"), "JPEG"),
        "jpeg-profile": encode(RAW, "JPEG", icc_profile=swapped_profile()),
        "jpeg-16x16": encode(noise(16, 16), "JPEG"),
        "jpeg-17x301": encode(noise(301, 17), "JPEG"),
        "png": encode(RAW, "PNG"),
        "png-profile": encode(RAW, "PNG", icc_profile=swapped_profile()),
        "png-grey": encode(RAW[:, :, 0], "PNG"),
        "png-two-colours": encode(Image.fromarray(RAW).convert("1"), "PNG"),
        "png-palette": encode(palette, "PNG"),
        "png-palette-transparent": encode(palette, "PNG", transparency=3),
        "png-alpha": encode(translucent(), "PNG"),
        "png-grey-alpha": encode(translucent().convert("LA"), "PNG"),
        "png-alpha-large": encode(
            translucent().resize((2100, 2060), Image.Resampling.NEAREST), "PNG", compress_level=1
        ),
        "png-opaque-alpha": encode(Image.fromarray(RAW).convert("RGBA"), "PNG"),
        "png-16-bit": png16(np.random.default_rng(0).integers(0, 65536, (40, 50, 3)).astype(np.uint16)),
        "png-16-bit-grey": png16(np.random.default_rng(1).integers(0, 65536, (40, 50)).astype(np.uint16)),
        "png-animated": encode(RAW, "PNG", save_all=True, append_images=[Image.fromarray(SOFT)]),
        "webp": encode(SOFT, "WEBP"),
        "webp-fine": encode(RAW, "WEBP"),
        "webp-lossless": encode(RAW, "WEBP", lossless=True),
        "webp-alpha": encode(translucent(), "WEBP"),
        "webp-lossless-alpha": encode(translucent(), "WEBP", lossless=True, exact=True),
        "webp-animated": encode(RAW, "WEBP", save_all=True, append_images=[Image.fromarray(SOFT)], lossless=True),
        "gif": encode(palette, "GIF"),
        "gif-transparent": encode(palette, "GIF", transparency=5),
        "gif-animated": encode(palette, "GIF", save_all=True, append_images=[Image.fromarray(SOFT).quantize(20)]),
        "bmp": encode(RAW, "BMP"),
        "jpeg-12-megapixels": encode(large(12), "JPEG", quality=90),
    }


def lesions(shared: Path) -> dict[str, bytes]:
    """Real pictures: ten of HAM10000, five at their full size, and the examples of the page."""
    small = sorted((shared / "data" / "ham10000").rglob("*.jpg"))[:2000:200]
    full = sorted((shared / "data" / "ham10000_600x450").rglob("*.jpg"))[:5]
    return {path.stem + f"-{path.parent.name}": path.read_bytes() for path in [*small, *full]}
