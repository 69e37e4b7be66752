"""Pictures for tests, with file formats written by hand where Pillow cannot write them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


def noise(height: int = 37, width: int = 53, seed: int = 0) -> NDArray[np.uint8]:
    """``uint8[height, width, 3]`` in which every pixel differs from its neighbours."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """``uint8[height, width, 3]`` that survives lossy compression, and has no symmetry."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = [60 + 120 * x / width, 60 + 120 * y / height, 200 - 60 * x / width - 60 * y / height]
    return np.stack(rgb, axis=-1).round().astype(np.uint8)


def encode(picture: Image.Image | NDArray[Any], kind: str, **options: Any) -> bytes:
    """The file that Pillow writes."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def with_orientation(orientation: int) -> Image.Exif:
    """An EXIF block that says nothing but how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png16(samples: NDArray[np.uint16]) -> bytes:
    """A PNG with 16 bits a sample: grey ``[H, W]``, grey and alpha ``[H, W, 2]``, RGB or RGBA."""
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return png(samples.shape[1], samples.shape[0], 16, colour_type, zlib.compress(rows))


def png(width: int, height: int, bits: int, colour_type: int, compressed: bytes) -> bytes:
    """A PNG around compressed rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", compressed) + chunk(b"IEND", b"")


def bomb(side: int = 20_000) -> bytes:
    """A valid black PNG of ``side`` x ``side`` pixels in a few kilobytes."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    block = row * 100
    compressed = b"".join(packer.compress(block) for _ in range(side // 100)) + packer.flush()
    return png(side, side, 1, 0, compressed)


def tiff(
    data: bytes, width: int, height: int, *, bits: int, channels: int = 1, photometric: int, order: str = "<"
) -> bytes:
    """An uncompressed TIFF of one strip around packed samples."""
    bits_offset = 8 + len(data)
    directory_offset = bits_offset + 2 * channels + (len(data) % 2)
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, bits if channels == 1 else bits_offset),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
    ]

    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        short = kind == 3 and count == 1
        packed = struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
        return struct.pack(order + "HHI", tag, kind, count) + packed

    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, directory_offset)
    body = data + struct.pack(order + f"{channels}H", *[bits] * channels) + b"\0" * (len(data) % 2)
    directory = struct.pack(order + "H", len(entries)) + b"".join(entry(*item) for item in entries)
    return start + body + directory + struct.pack(order + "I", 0)
