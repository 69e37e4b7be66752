"""A picture file without anything but the picture: no place, no camera, no comment, no thumbnail, nothing behind it.

A JPEG keeps its compressed pixels bit for bit; of its segments only those that decoding needs stay, and of its EXIF
block only how the camera was held. Everything else is written anew as PNG. Either way ``decode`` gives the same pixels
before and after, which is checked for every picture.
"""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tejido.errors import ImageError
from tejido.runtime.decode import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MAX_STORED_BYTES = 64 * 2**20
"""Largest file kept. A picture of another kind than JPEG can grow when it is written as PNG."""

_SOI, _EOI, _SOS, _APP0, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xEE
_RESTARTS = range(0xD0, 0xD8)
# Quantisation and Huffman tables, arithmetic conditioning, restart interval, number of lines, and frames.
_NEEDED = {0xDB, 0xC4, 0xCC, 0xDD, 0xDC, *(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC})}
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class StoredPicture:
    """A picture as it is kept.

    Attributes:
        content: the file.
        media_type: ``image/jpeg`` or ``image/png``.
        width: in pixels, upright.
        height: in pixels, upright.
    """

    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()


def strip(picture: bytes) -> StoredPicture:
    """The picture without its metadata.

    Args:
        picture: a file that ``decode`` reads.

    Raises:
        ImageError: it cannot be read, or would be too large to keep.
    """
    pixels = decode(picture)
    content, kind = _bare_jpeg(picture, pixels), "image/jpeg"
    if content is None:
        content, kind = _png(pixels), "image/png"
    if len(content) > MAX_STORED_BYTES:
        raise ImageError(f"the picture is too large to keep; at most {MAX_STORED_BYTES // 2**20} MB, send it as JPEG")
    return StoredPicture(content, kind, pixels.shape[1], pixels.shape[0])


def _bare_jpeg(picture: bytes, pixels: NDArray[np.uint8]) -> bytes | None:
    """The JPEG's needed segments, or None where it is no JPEG or this does not give the same pixels."""
    if not picture.startswith(b"\xff\xd8\xff"):
        return None
    try:
        content = _rebuilt(picture, _orientation(picture))
        same = np.array_equal(decode(content), pixels)
    except (_OddJpegError, ImageError):
        return None
    return content if same else None


class _OddJpegError(Exception):
    """The segments cannot be followed."""


def _rebuilt(picture: bytes, orientation: int) -> bytes:
    kept = bytearray(b"\xff\xd8")
    held = b"" if orientation == 1 else _segment(0xE1, _exif(orientation))
    for marker, content in _segments(picture):
        if marker == _APP0 and content.startswith(b"JFIF\0") and len(content) >= 12:
            kept += _segment(marker, content[:12] + b"\0\0")  # without its thumbnail
            continue
        if marker == _APP14 and content.startswith(b"Adobe") and len(content) >= 12:
            kept += _segment(marker, content[:12])  # says how the colours are coded
            continue
        if marker in _NEEDED or marker == _SOS:
            kept += held  # after JFIF, where readers look for it
            held = b""
            kept += b"\xff" + bytes([marker]) + content if marker == _SOS else _segment(marker, content)
    return bytes(kept + b"\xff\xd9")


def _segments(picture: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their contents, up to the end of the image; a scan's content is its header and its data."""
    at = 2
    while True:
        while picture[at : at + 2] == b"\xff\xff":  # padding
            at += 1
        if at + 4 > len(picture) and picture[at : at + 2] != b"\xff\xd9":
            raise _OddJpegError
        if picture[at] != 0xFF:
            raise _OddJpegError
        marker = picture[at + 1]
        if marker == _EOI:
            return
        (length,) = struct.unpack_from(">H", picture, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(picture):
            raise _OddJpegError
        if marker == _SOS:
            end = _end_of_scan(picture, end)
            yield marker, picture[at + 2 : end]
        else:
            yield marker, picture[at + 4 : end]
        at = end


def _end_of_scan(picture: bytes, at: int) -> int:
    while True:
        at = picture.find(b"\xff", at)
        if at < 0 or at + 1 >= len(picture):
            raise _OddJpegError
        if picture[at + 1] != 0 and picture[at + 1] not in _RESTARTS and picture[at + 1] != 0xFF:
            return at
        at += 1 if picture[at + 1] == 0xFF else 2


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def _exif(orientation: int) -> bytes:
    """An EXIF block with one entry."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def _orientation(picture: bytes) -> int:
    """How the camera was held, as the decoder understands it: 1 to 8."""
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
            found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a malformed block says nothing, as for the decoder
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()
