"""Manifests of small pictures on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from tejido.data import manifest
from tejido.sources.record import ImageRecord


def picture(path: Path, seed: int, width: int = 60, height: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


def manifest_of(folder: Path) -> pd.DataFrame:
    """A manifest of the pictures in ``folder``, two to a lesion, read back as the command line does."""
    records = [
        ImageRecord(
            image_id=path.stem,
            path=path,
            source="test",
            modality="dermoscopy",
            licence="CC0-1.0",
            attribution="us",
            diagnosis="nevus",
            lesion_id=path.stem[:-1],
        )
        for path in sorted(folder.glob("*.png"))
    ]
    table, _ = manifest.build(records, folder)
    manifest.write(table, folder / "manifest.parquet")
    return manifest.read(folder / "manifest.parquet")


def pictures(folder: Path, count: int) -> pd.DataFrame:
    """So many pictures with their manifest."""
    for number in range(count):
        picture(folder / f"image_{number:04}.png", number)
    return manifest_of(folder)
