"""Small folders in the true layout of a data set."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def image(path: Path, size: tuple[int, int] = (30, 20)) -> Path:
    """An image of this width and height; another name, another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(zlib.crc32(path.name.encode()))
    Image.fromarray(noise.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)
    return path


def table(path: Path, *lines: str) -> Path:
    """A text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
