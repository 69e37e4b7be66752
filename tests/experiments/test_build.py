from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tejido import recipe as recipes
from tejido.data.patches import PatchGrid
from tejido.errors import TejidoError
from tejido.experiments.build import build
from tejido.imaging.geometry import ShortSide

TEXT = """
name: a
model: a
task: skin-suspicion
data: {manifest: m.parquet, split: s.parquet}
network: {name: mobilenetv1_025}
"""
GRID = "image.patches={size: 64, columns: 3, rows: 2}"


def recipe(folder: Path, *overrides: str) -> recipes.Recipe:
    (folder / "recipe.yaml").write_text(TEXT)
    return recipes.load(folder / "recipe.yaml", overrides)


def test_what_a_recipe_is_made_of(tmp_path: Path) -> None:
    plain = build(recipe(tmp_path))
    assert (plain.geometry.name, plain.geometry.size, plain.grid, plain.masks) == ("centre_square", 128, None, False)
    cut = build(recipe(tmp_path, GRID, "image.geometry=short_side", "image.size=48", "image.short_side=56"))
    assert isinstance(cut.geometry, ShortSide)
    assert (cut.geometry.short_side, cut.grid) == (56, PatchGrid(64, 64, 3, 2))
    assert build(recipe(tmp_path, "image.steps=[crop_to_lesion]")).masks


def test_the_seed_decides_where_a_network_starts(tmp_path: Path) -> None:
    first, again, other = (
        build(recipe(tmp_path, f"seed={seed}")).network.body.state_dict()["conv_stem.weight"] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("task=skin-suspicions",), "did you mean 'skin-suspicion'"),
        (("network.name=resnet_18",), "no network is called 'resnet_18'; did you mean 'resnet18'?"),
        (("image.steps=[ben_grahem]",), "no step is called 'ben_grahem'; did you mean 'ben_graham'?"),
        (("image.steps=[ben_graham, max_rgb]",), "max_rgb cannot follow ben_graham; put it before"),
        (("image.short_side=200",), "belongs to the geometry short_side"),
        (("image.steps=[grey_outside]", GRID), "need whole images, not patches"),
        (("image.steps=[grey_outside]", "augmentation.mixup=0.2"), "augmentation.mixup cannot be used"),
        (("training.trainer.max_epochs=3",), "training.trainer.max_epochs cannot be set"),
        (("network.attention=arl",), "attention arl goes into the blocks of ResNet and EfficientNet"),
        (("network.weights=nowhere.safetensors",), "nowhere.safetensors"),
    ],
)
def test_mistakes_are_said_in_a_line(tmp_path: Path, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(TejidoError) as error:
        build(recipe(tmp_path, *overrides))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
