from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from tejido import recipe as recipes
from tejido.data import manifest as manifests
from tejido.data.cache.build import build_cache
from tejido.data.geometry import Steps
from tejido.data.patches import PatchGrid
from tejido.data.splitting import splits
from tejido.data.splitting.folds import folds_by_group
from tejido.errors import DataError, RecipeError, SplitLeakError
from tejido.experiments.datasets import load_parts
from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.training.images import CachedImages, batches
from tests.support.experiment import prepare


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("tiny"), shared)


def test_a_recipe_with_a_cache_sees_the_same_images(recipe: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    build_cache(table, tmp_path / "cache", Steps("centre_square", 48), workers=1)
    plain = load_parts(recipes.load(recipe), CentreSquare(48))
    cached = load_parts(recipes.load(recipe, (f"data.cache={tmp_path}/cache",)), CentreSquare(48))
    for name, part in plain.items():
        other = cached[name]
        assert isinstance(other.images.images, CachedImages)
        assert other.rows["image_id"].tolist() == part.rows["image_id"].tolist()
        assert other.truth == part.truth
        assert torch.equal(other.images.labels, part.images.labels)
        pairs = zip(batches(part.images.images, 99), batches(other.images.images, 99), strict=True)
        off = torch.cat([(a.int() - b.int()).abs() for a, b in pairs])
        assert off.max() <= 1
        assert (off > 0).float().mean() <= 1e-2  # 150 to 48 is 25:8, full of ties; tests/data/test_geometry.py has 128


def test_masks_come_along_with_and_without_a_cache(recipe: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    build_cache(table, tmp_path / "cache", Steps("stretch", 48), workers=1)
    stretch = ("image.geometry=stretch",)
    plain = load_parts(recipes.load(recipe, stretch), Stretch(48), masks=True)
    cached = load_parts(recipes.load(recipe, (*stretch, f"data.cache={tmp_path}/cache")), Stretch(48), masks=True)
    for name, part in plain.items():
        one, other = part.images[0][0], cached[name].images[0][0]
        assert one.shape == (4, 48, 48)
        assert torch.equal(one[3], other[3])
        assert set(one[3].unique().tolist()) == {0, 255}
        batch, _ = part.images.__getitems__([3, 1])
        assert torch.equal(batch[1], part.images[1][0])


def test_a_manifest_without_masks_is_refused_before_anything_is_decoded(recipe: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(recipe.parent / "manifest.parquet")
    table["path"] = "gone.jpg"
    table["mask_path"] = pd.Series([pd.NA] * len(table), dtype="string")
    table.to_parquet(tmp_path / "manifest.parquet")
    with pytest.raises(DataError, match="an image step reads lesion masks, and the manifest has none"):
        load_parts(recipes.load(recipe, (f"data.manifest={tmp_path}/manifest.parquet",)), Stretch(48), masks=True)


def test_patches_stand_where_their_image_stands(recipe: Path, tmp_path: Path) -> None:
    grid = PatchGrid(60, 60, 3, 2)
    table = manifests.read(recipe.parent / "manifest.parquet")
    build_cache(table, tmp_path / "cache", Steps("centre_square", 48, grid), workers=1)
    split = pd.read_parquet(recipe.parent / "split.parquet").set_index("image_id")["split"]
    sizes = {}
    for override in ((), (f"data.cache={tmp_path}/cache",)):
        parts = load_parts(recipes.load(recipe, override), CentreSquare(48), grid)
        for name, part in parts.items():
            assert (part.rows["image_id"].map(split) == name).all()
            assert len(part.rows) == len(part.truth) == len(part.images) == len(part.images.labels)
            assert sizes.setdefault(name, len(part.rows)) == len(part.rows)
    assert sum(sizes.values()) == 6 * len(table)


def test_a_cache_that_does_not_fit_the_recipe(recipe: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    build_cache(table.iloc[:20], tmp_path / "cache", Steps("centre_square", 48), workers=1)
    override = f"data.cache={tmp_path}/cache"
    with pytest.raises(DataError, match="older than the manifest"):
        load_parts(recipes.load(recipe, (override,)), CentreSquare(48))
    with pytest.raises(DataError, match="holds centre_square 48, not centre_square 64"):
        load_parts(recipes.load(recipe, (override, "image.size=64")), CentreSquare(64))
    with pytest.raises(DataError, match="no packed cache"):
        load_parts(recipes.load(recipe, (f"data.cache={tmp_path}/nowhere",)), CentreSquare(48))


def test_a_fold_tests_the_next_validates_and_the_others_train(recipe: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    folds = folds_by_group(table, 4, seed=1)
    splits.write(folds, tmp_path / "folds.parquet")
    number = folds.set_index("image_id")["fold"]
    chosen = f"data.split={tmp_path}/folds.parquet"
    parts = load_parts(recipes.load(recipe, (chosen, "data.fold=3")), CentreSquare(48))
    stands_in = {name: set(part.rows["image_id"].map(number)) for name, part in parts.items()}
    assert stands_in == {"test": {3}, "val": {0}, "train": {1, 2}}
    groups = [set(part.rows["group_id"]) for part in parts.values()]
    assert sum(map(len, groups)) == len(set.union(*groups))
    with pytest.raises(RecipeError, match=r"is a table of folds; say which one tests, as data\.fold=0"):
        load_parts(recipes.load(recipe, (chosen,)), CentreSquare(48))
    with pytest.raises(RecipeError, match="is no table of folds"):
        load_parts(recipes.load(recipe, ("data.fold=0",)), CentreSquare(48))
    with pytest.raises(DataError, match="there is no fold 4; it has 4 folds"):
        load_parts(recipes.load(recipe, (chosen, "data.fold=4")), CentreSquare(48))
    group = table["group_id"].value_counts().index[0]
    members = folds["image_id"].isin(table["image_id"][table["group_id"] == group])
    folds.loc[members, "fold"] = [0, 1, *[0] * (members.sum() - 2)]
    splits.write(folds, tmp_path / "folds.parquet")
    with pytest.raises(SplitLeakError, match=str(group)):
        load_parts(recipes.load(recipe, (chosen, "data.fold=2")), CentreSquare(48))


def test_a_limit_takes_whole_groups_from_training_alone(recipe: Path) -> None:
    plain = load_parts(recipes.load(recipe), CentreSquare(48))
    found = []
    for seed in (0, 1):
        parts = load_parts(recipes.load(recipe, ("data.limit=60", f"seed={seed}")), CentreSquare(48))
        for name in ("val", "test"):
            assert parts[name].rows["image_id"].tolist() == plain[name].rows["image_id"].tolist()
        rows, everything = parts["train"].rows, plain["train"].rows
        assert 55 <= len(rows) == len(parts["train"].images) <= 60
        assert set(rows["image_id"]) <= set(everything["image_id"])
        assert not set(rows["group_id"]) & set(everything["group_id"][~everything["image_id"].isin(rows["image_id"])])
        share, whole = ((table["label"] == "suspicious").mean() for table in (rows, everything))
        assert share == pytest.approx(whole, abs=0.05)
        found.append(set(rows["image_id"]))
    assert found[0] != found[1]
    with pytest.raises(DataError, match=r"no image of '\w+' in train; raise data\.limit"):
        load_parts(recipes.load(recipe, ("data.limit=1",)), CentreSquare(48))
