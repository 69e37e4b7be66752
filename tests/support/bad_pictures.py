"""Every kind of file that cannot be judged, and what a person is told about it."""

from __future__ import annotations

import numpy as np

from tests.support.pictures import bomb, encode, noise, png, tiff

BAD_BYTES = {
    "zero bytes": (b"", "the file is empty"),
    "a text": (b"This is not a picture.\n" * 20, "not a picture in a known format"),
    "random bytes": (np.random.default_rng(1).bytes(5000), "not a picture in a known format"),
    "a zip archive": (b"PK\x03\x04" + bytes(100), "not a picture in a known format"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"/>', "not a picture in a known format"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC pictures are not supported"),
    "truncated jpeg": (encode(noise(200, 300), "JPEG")[:4000], "damaged picture"),
    "truncated png": (encode(noise(200, 300), "PNG")[:4000], "damaged picture"),
    "truncated webp": (encode(noise(200, 300), "WEBP")[:4000], "damaged picture"),
    "truncated tiff": (encode(noise(200, 300), "TIFF")[:4000], "damaged picture"),
    "half a header": (encode(noise(), "PNG")[:20], "picture"),
    "1x1": (encode(noise(1, 1), "PNG"), "1x1 pixels is too small to judge"),
    "a thin line": (encode(noise(300, 5), "PNG"), "5x300 pixels is too small to judge"),
    "0x0": (png(0, 0, 8, 2, b""), "picture"),
    "decompression bomb": (bomb(), "too many pixels"),
    "large": (png(10_000, 9_000, 1, 0, b""), "megapixels"),
    "32-bit samples": (
        tiff(np.zeros((20, 30), np.float32).tobytes(), 30, 20, bits=32, photometric=1),
        "32-bit samples are not a photograph",
    ),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "not a picture in a known format"),
}
"""Name -> (bytes of the file, part of the message)."""
