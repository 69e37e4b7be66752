from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tejido.imaging.stain import STAINS, jitter


def tissue(shared: Path) -> torch.Tensor:
    paths = sorted((shared / "data" / "breakhis").glob("*.png"))[:4]
    pictures = [np.asarray(Image.open(path).convert("RGB").resize((64, 64))) for path in paths]
    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy()).float()


def test_equals_splitting_changing_and_mixing(shared: Path) -> None:
    """Each stain on its own, solved for with NumPy, at the changes that the generator gives."""
    batch = tissue(shared)
    result = jitter(batch, 0.2, torch.Generator().manual_seed(4)).numpy()
    drawn = (torch.rand(4, 2, 3, generator=torch.Generator().manual_seed(4)).numpy() * 2 - 1) * 0.2
    for image, changed, (factor, offset) in zip(batch.numpy(), result, drawn, strict=True):
        density = -np.log((image.reshape(3, -1) + 1) / 256)
        amounts = np.linalg.solve(np.array(STAINS).T, density)
        amounts = amounts * (1 + factor[:, None]) + offset[:, None]
        expected = 256 * np.exp(-np.array(STAINS).T @ amounts) - 1
        assert np.abs(changed - np.clip(expected, 0, 255).reshape(image.shape)).max() < 0.05


def test_no_change_changes_nothing(shared: Path) -> None:
    batch = tissue(shared)
    assert (jitter(batch, 0.0, torch.Generator()) - batch).abs().max() < 0.01


def test_every_image_is_changed_in_its_own_way(shared: Path) -> None:
    batch = tissue(shared)[:1].expand(3, -1, -1, -1)
    first, second, third = jitter(batch, 0.1, torch.Generator().manual_seed(0)).mean((2, 3))
    assert (first - second).abs().max() > 1
    assert (first - third).abs().max() > 1
