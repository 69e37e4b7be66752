"""What is remembered of a picture: hashes of its bytes and pixels, its size, and a thumbnail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tejido.data.duplicates.phash import SIDE
from tejido.errors import ImageError
from tejido.runtime.decode import decode


@dataclass(frozen=True)
class Fingerprint:
    """Of one file.

    Attributes:
        sha256: of the file's bytes.
        pixels: hash of the decoded pixels; equal in files of any lossless format.
        width: in pixels.
        height: in pixels.
        thumbnail: the picture stretched to a square, ``uint8[32, 32, 3]``.
    """

    sha256: str
    pixels: str
    width: int
    height: int
    thumbnail: NDArray[np.uint8]


def fingerprint(path: Path) -> Fingerprint:
    """Read a file.

    Raises:
        ImageError: it cannot be read, or is no picture.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror or error})") from None
    picture = decode(data)
    height, width, _ = picture.shape
    content = hashlib.blake2b(f"{height}x{width}".encode(), digest_size=16)
    content.update(picture.data)
    # Each point of the thumbnail is the mean of the same part of the picture, whatever its size and aspect.
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX)
    return Fingerprint(hashlib.sha256(data).hexdigest(), content.hexdigest(), width, height, np.asarray(small))
