from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from tejido.data.cache.build import build_cache
from tejido.data.cache.read import open_cache
from tejido.data.geometry import Steps
from tejido.data.patches import PatchGrid
from tejido.errors import DataError
from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.training.images import CachedImages, LabelledImages, as_batch, batches, decode_all
from tests.data.cache.pictures import manifest_of, picture, pictures


@pytest.fixture
def cached(tmp_path: Path) -> tuple[CachedImages, np.ndarray]:
    """Rows 5, 0 and 3 of a file of six pictures, and those rows as they must come out."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    rows = np.array([5, 0, 3])
    mapped = np.asarray(np.load(tmp_path / "pixels.npy", mmap_mode="r"))
    return CachedImages(mapped, rows), pixels[rows].transpose(0, 3, 1, 2)


def test_a_cache_is_indexed_like_a_tensor(cached: tuple[CachedImages, np.ndarray]) -> None:
    images, expected = cached
    assert len(images) == 3
    assert np.array_equal(images[1].numpy(), expected[1])
    assert np.array_equal(images[0:2].numpy(), expected[:2])
    batch = images[np.array([2, 2, 0])]
    assert np.array_equal(batch.numpy(), expected[[2, 2, 0]])
    assert batch.is_contiguous(memory_format=torch.channels_last)
    batch.zero_()  # a copy: what training does to a batch never reaches the file
    assert np.array_equal(torch.cat(list(batches(images, 2))).numpy(), expected)


@pytest.mark.parametrize("kind", ["cache", "tensor", "view"])
def test_batches_are_the_same_from_everywhere(cached: tuple[CachedImages, np.ndarray], kind: str) -> None:
    images, expected = cached
    tensor = torch.from_numpy(expected.copy())
    source = {"cache": images, "tensor": tensor, "view": tensor.to(memory_format=torch.channels_last)}[kind]
    data = LabelledImages(source, torch.tensor([4, 5, 6]))
    loader = DataLoader(data, 2, sampler=[2, 0, 1], collate_fn=as_batch)
    (one, labels), (two, _) = loader
    assert labels.tolist() == [6, 4]
    assert np.array_equal(torch.cat([one, two]).numpy(), expected[[2, 0, 1]])
    assert data[1][1] == 5
    assert np.array_equal(data[1][0].numpy(), expected[1])


def test_files_and_cache_give_the_same_patches(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 3)
    grid = PatchGrid(24, 24, 3, 2)
    build_cache(table, tmp_path / "cache", Steps("stretch", 24, grid), workers=1)
    cache = open_cache(tmp_path / "cache")
    rows = cache.locate(table)
    from_cache = CachedImages(cache.pixels, rows["row"].to_numpy())[0:18]
    from_files = decode_all(table["path"], Stretch(24), patches=grid)
    assert torch.equal(from_cache, from_files)


def test_files_and_cache_restore_what_was_squashed(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png", 1, 60, 60)
    picture(tmp_path / "images" / "b.png", 2, 60, 60)
    table = manifest_of(tmp_path / "images")
    table["aspect"] = pd.Series([pd.NA, 4 / 3], dtype="Float32")
    plain = decode_all(table["path"], CentreSquare(32))
    from_files = decode_all(table["path"], CentreSquare(32), aspects=table["aspect"])
    assert torch.equal(plain[0], from_files[0])
    assert not torch.equal(plain[1], from_files[1])
    build_cache(table, tmp_path / "cache", Steps("centre_square", 32), workers=1)
    from_cache = torch.from_numpy(open_cache(tmp_path / "cache").pixels.copy()).permute(0, 3, 1, 2)
    assert (from_cache.int() - from_files.int()).abs().max() <= 2  # noise: ties, as in the tests of the geometry


def test_a_picture_smaller_than_a_patch_is_named(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 1)
    with pytest.raises(DataError, match=r"image_0000\.png: 60x40 pixels are smaller"):
        decode_all(table["path"], Stretch(24), patches=PatchGrid(50, 50, 2, 2))
