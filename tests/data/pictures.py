"""Pictures that look as little alike as lesions do, and sources made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tejido.sources.record import ImageRecord


def blotch(seed: int, width: int = 120, height: int = 90) -> Image.Image:
    """A smooth random picture in the colours of skin."""
    draw = np.random.default_rng(seed)
    coarse = draw.integers(-60, 60, (7, 9, 1)) + draw.integers(-12, 12, (7, 9, 3)) + np.array([190, 140, 120])
    return Image.fromarray(coarse.clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)


def thumbnail(image: Image.Image) -> np.ndarray:
    """As a fingerprint has it."""
    return np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BOX))


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def record(path: Path | None, name: str | None = None, **changes: object) -> ImageRecord:
    values = {
        "image_id": name or (path.stem if path else ""),
        "path": path,
        "source": "ham10000",
        "modality": "dermoscopy",
        "licence": "CC0-1.0",
        "attribution": "us",
        "diagnosis": "nevus",
    }
    return ImageRecord(**(values | changes))  # type: ignore[arg-type]
