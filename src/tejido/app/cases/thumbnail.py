"""Small versions of pictures, for lists."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

THUMBNAIL = 320
"""Pixels of the longer side."""


def thumbnail(picture: bytes) -> bytes:
    """A small JPEG of a picture that is kept, upright and without metadata.

    Args:
        picture: a JPEG or PNG that ``strip`` has made.
    """
    with Image.open(io.BytesIO(picture)) as image:
        image.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))  # a JPEG is decoded at about that size: ten times as fast
        small = ImageOps.exif_transpose(image).convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
