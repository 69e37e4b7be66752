from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tejido.errors import DataError
from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.training.images import CachedImages
from tejido.training.masks import decode_masks, with_masks


def rows(**masks: Path | None) -> pd.DataFrame:
    """Manifest rows of pictures of 60 x 40."""
    paths = pd.Series([None if path is None else str(path) for path in masks.values()], dtype="string")
    count = len(masks)
    return pd.DataFrame(
        {
            "image_id": pd.Series(list(masks), dtype="string"),
            "mask_path": paths,
            "width": pd.Series([60] * count, dtype="Int32"),
            "height": pd.Series([40] * count, dtype="Int32"),
            "aspect": pd.Series([pd.NA] * count, dtype="Float32"),
        }
    )


def save(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    image = Image.fromarray(pixels.astype(np.uint8))
    (image if mode is None else image.convert(mode)).save(path)
    return path


def spot(height: int = 40, width: int = 60, *, inside: int = 255) -> np.ndarray:
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 4 : height // 2, width // 3 : width // 2] = inside
    return pixels


def test_masks_of_every_kind_and_size_come_out_alike(tmp_path: Path) -> None:
    table = rows(
        grey=save(tmp_path / "grey.png", spot()),
        ones=save(tmp_path / "ones.png", spot(inside=1)),
        palette=save(tmp_path / "palette.png", spot(), "P"),
        colour=save(tmp_path / "colour.png", np.stack([spot(), 0 * spot(), 0 * spot()], 2)),
        large=save(tmp_path / "large.png", spot(80, 120)),
        bilevel=save(tmp_path / "bilevel.png", spot(), "1"),
    )
    masks = decode_masks(table, Stretch(48))
    assert masks.shape == (6, 1, 48, 48)
    assert masks.dtype == torch.uint8
    expected = torch.zeros(48, 48, dtype=torch.uint8)
    expected[12:24, 16:24] = 255
    for mask in masks:
        assert torch.equal(mask[0], expected)


def test_a_mask_lies_where_its_lesion_lies(shared: Path) -> None:
    """The same geometry on picture and mask: real lesions are darker than their skin, wherever the crop puts them."""
    folder = shared / "data" / "ham10000"
    names = [f"ISIC_00{number}" for number in range(24306, 24330)]
    table = rows(**{name: folder / "masks" / f"{name}_segmentation.png" for name in names})
    masks = decode_masks(table.assign(width=200, height=150), CentreSquare(64))[:, 0] == 255
    darker = []
    for name, mask in zip(names, masks, strict=True):
        picture = torch.from_numpy(np.asarray(Image.open(folder / "images" / f"{name}.jpg")).copy())
        grey = CentreSquare(64)(picture.permute(2, 0, 1)).float().mean(0)
        darker.append(bool(grey[mask].mean() < grey[~mask].mean()))
    assert sum(darker) >= 23


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (spot(40, 40), "40×40, another shape than 60×40"),
        (np.zeros((40, 60)), "it is empty"),
        (np.linspace(0, 255, 2400).reshape(40, 60), "it has 256 grey levels; a mask has two, and 0 is outside"),
        (spot(inside=200) + np.uint8(1), "it has 2 grey levels; a mask has two, and 0 is outside"),
        (None, "no such file"),
    ],
)
def test_a_mask_that_is_none_is_named(tmp_path: Path, pixels: np.ndarray | None, message: str) -> None:
    path = tmp_path / "b.png" if pixels is None else save(tmp_path / "b.png", pixels)
    with pytest.raises(DataError, match=message) as error:
        decode_masks(rows(good=save(tmp_path / "a.png", spot()), ISIC_7=path), Stretch(48))
    assert str(error.value).startswith("ISIC_7: its mask b.png is of no use (")
    assert "\n" not in str(error.value)


def test_missing_masks_are_counted(tmp_path: Path) -> None:
    good = save(tmp_path / "a.png", spot())
    with pytest.raises(DataError, match="2 of 3 images have none, such as second; leave them out"):
        decode_masks(rows(first=good, second=None, third=None), Stretch(48))
    with pytest.raises(DataError, match="reads lesion masks, and the manifest has none"):
        decode_masks(rows(first=None, second=None), Stretch(48))


def test_images_and_their_masks_stay_together() -> None:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    chosen = np.array([4, 0, 2])
    masks = torch.from_numpy(generator.integers(0, 2, (3, 1, 8, 8), dtype=np.uint8) * np.uint8(255))
    plain = with_masks(torch.from_numpy(pixels[chosen]).permute(0, 3, 1, 2), masks)
    cached = with_masks(CachedImages(pixels, chosen), masks)
    assert len(plain) == len(cached) == 3
    for index in (1, slice(0, 2), np.array([2, 2, 0])):
        assert torch.equal(cached[index], plain[index])
    assert torch.equal(cached[1][:3], torch.from_numpy(pixels[0]).permute(2, 0, 1))
    assert torch.equal(cached[1][3:], masks[1])
