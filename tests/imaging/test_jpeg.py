from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from tejido.imaging.geometry import CentreSquare
from tejido.imaging.jpeg import through_file, through_jpeg
from tejido.training.images import decode_all


@pytest.fixture(scope="module")
def skin(shared: Path) -> Tensor:
    """Twelve real lesions at 96 px."""
    paths = sorted((shared / "data" / "ham10000" / "images").glob("*.jpg"))[::800][:12]
    return decode_all(pd.Series([str(path) for path in paths]), CentreSquare(96))


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_it_does_what_pillow_does(skin: Tensor, quality: int) -> None:
    ours = through_jpeg(skin, torch.full((len(skin),), quality)).int()
    theirs = torch.stack([through_file(image, quality) for image in skin]).int()
    off = (ours - theirs).abs()
    assert off.float().mean() < 0.6
    assert (off > 2).float().mean() < 0.05
    lost = (theirs - skin.int()).abs().float().mean()
    assert off.float().mean() < lost / 2  # far nearer to Pillow than to the picture itself


def test_grey_pictures_lose_next_to_nothing_else(skin: Tensor) -> None:
    """Without colour only the cosine transform and the tables are left, which are exact."""
    grey = skin[:, 1:2].expand(-1, 3, -1, -1).contiguous()
    ours = through_jpeg(grey, torch.full((len(grey),), 60)).int()
    theirs = torch.stack([through_file(image, 60) for image in grey]).int()
    assert (ours - theirs).abs().float().mean() < 0.2


def test_every_image_has_its_own_quality_and_odd_sizes_are_kept(skin: Tensor) -> None:
    odd = skin[:3, :, :50, :61]
    together = through_jpeg(odd, torch.tensor([30, 60, 90]))
    assert together.shape == odd.shape
    assert together.dtype == torch.uint8
    for index, quality in enumerate((30, 60, 90)):
        assert torch.equal(through_jpeg(odd[index : index + 1], torch.tensor([quality]))[0], together[index])
        theirs = through_file(odd[index], quality).int()
        assert (together[index].int() - theirs).abs().float().mean() < 0.7
