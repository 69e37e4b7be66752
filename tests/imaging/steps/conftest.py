"""Real pictures, masks and tissue at a network's size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tejido.imaging.geometry import CentreSquare, Stretch

SIDE = 96


def load(paths: list[Path], geometry: torch.nn.Module) -> torch.Tensor:
    pixels = [np.asarray(Image.open(path).convert("RGB")).copy() for path in paths]
    return torch.stack([geometry(torch.from_numpy(p).permute(2, 0, 1)) for p in pixels]).float()


@pytest.fixture(scope="session")
def lesions(shared: Path) -> torch.Tensor:
    """``float32[7, 3, 96, 96]``: with a ruler, a dark border, reflections, pale and dark lesions."""
    return load(sorted((shared / "data" / "isic2017_pairs").glob("*.jpg")), CentreSquare(SIDE))


@pytest.fixture(scope="session")
def masks(shared: Path) -> torch.Tensor:
    """``float32[7, 1, 96, 96]``, 0 or 255."""
    loaded = load(sorted((shared / "data" / "isic2017_pairs").glob("*.png")), CentreSquare(SIDE))
    return (loaded[:, :1] >= 128) * 255.0


@pytest.fixture(scope="session")
def framed(shared: Path) -> torch.Tensor:
    """``float32[8, 3, 96, 96]``, whole pictures: four with a round dark border of a dermatoscope, four without."""
    names = ["0033969", "0027924", "0029018", "0033275", "0024306", "0024412", "0025032", "0025353"]
    return load([shared / "data" / "ham10000" / "images" / f"ISIC_{name}.jpg" for name in names], Stretch(SIDE))


@pytest.fixture(scope="session")
def hairy(shared: Path) -> torch.Tensor:
    """``float32[3, 3, 96, 96]``."""
    names = ["ISIC_2458609", "ISIC_3192233", "ISIC_6184478"]
    return load([shared / "data" / "isic2020" / "images" / f"{name}.jpg" for name in names], CentreSquare(SIDE))


@pytest.fixture(scope="session")
def tissue(shared: Path) -> torch.Tensor:
    """``float32[9, 3, 96, 96]``: six of BreakHis, three of the IDC patches."""
    paths = sorted((shared / "data" / "breakhis").glob("*.png"))[::5]
    paths += sorted((shared / "data" / "idc").glob("*/1/*.png"))[::600]
    return load(paths, CentreSquare(SIDE))
