"""The recipes and studies of the repository: valid, buildable, with commands in their heads that lead to their data."""

from __future__ import annotations

import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pytest
import typer

from tejido import recipe as recipes
from tejido import taxonomy
from tejido.cli.main import VERBS
from tejido.experiments.study import plan as study
from tejido.imaging import geometry
from tejido.imaging.steps import registry
from tejido.models import segmenter, zoo
from tejido.models.gan import pair
from tejido.recipe import SegmentationRecipe, SynthesisRecipe
from tejido.sources.catalogue import SOURCES

FOLDER = Path(__file__).parents[1] / "recipes"
EVERY = sorted(FOLDER.glob("*.yaml"))
OUTLINES = [path for path in EVERY if path.stem.startswith("lesion_outline")]
GENERATORS = [path for path in EVERY if path.stem.startswith("synthesis_")]
RECIPES = [path for path in EVERY if path not in OUTLINES + GENERATORS]
STUDIES = sorted((FOLDER / "studies").glob("*.yaml"))
THESES = {
    "uis2022_teacher", "uis2022_skin3", "uba2020_segmentation", "uba2020_color", "uba2020_arl_resnet50",
    "uba2020_arl_efficientnet", "upc2020_cnn", "uma2022_patches", "ugr2024_mobile",
}  # fmt: skip


def commands(path: Path) -> list[list[str]]:
    """The ``tejido`` commands in the comment at the head of a file."""
    head = path.read_text(encoding="utf-8").split("\nname:")[0]
    lines = re.sub(r"\\\n# *", "", head).splitlines()
    return [shlex.split(line[1:], comments=True)[1:] for line in lines if re.match(r"#   tejido ", line)]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of them; an unknown option or value is an error."""
    verb, *rest = arguments
    command: Any = typer.main.get_command(import_module(VERBS[verb][0]).app)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    return dict(command.make_context(verb, rest).params)


@cache
def buildable(name: str, size: int, attention: Literal["none", "arl"], squeeze_excitation: bool) -> None:
    """Fails where there is no such network. Weights are a matter of files; tests/models has those."""
    zoo.build(name, 2, size=size, attention=attention, squeeze_excitation=squeeze_excitation)


def test_every_thesis_has_its_recipes_each_with_a_small_twin() -> None:
    names = {path.stem for path in RECIPES}
    assert THESES | {f"{name}_small" for name in THESES} <= names


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_named_after_its_file_and_can_be_built(path: Path) -> None:
    recipe = recipes.load(path)
    assert recipe.name == path.stem
    image = recipe.image
    geometry.build(image.geometry, image.size, image.short_side)
    registry.build(image.steps)
    assert len(taxonomy.task(recipe.task).labels) >= 2
    network = recipe.network
    buildable(network.name, image.size, network.attention, network.squeeze_excitation)


@pytest.mark.parametrize("path", OUTLINES, ids=lambda path: path.stem)
def test_a_segmenters_recipe_can_be_built_and_followed(path: Path) -> None:
    recipe = recipes.load_as(SegmentationRecipe, path)
    assert recipe.name == path.stem
    segmenter.build(recipe.network.encoder, size=recipe.image.size, decoder=recipe.network.decoder)
    *before, last = commands(path)
    made = {str(parsed(arguments)["out"]) for arguments in before}
    data = recipe.data
    assert {data.manifest, data.split, data.cache} <= made
    cached = parsed(before[-1])
    assert (cached["geometry"], cached["size"]) == ("stretch", recipe.image.size)
    assert last == ["segment", f"recipes/{path.name}"]


@pytest.mark.parametrize("path", GENERATORS, ids=lambda path: path.stem)
def test_a_generators_recipe_can_be_built_and_followed(path: Path) -> None:
    recipe = recipes.load_as(SynthesisRecipe, path)
    assert recipe.name == path.stem
    assert pair.build(recipe, 7).generator.size == recipe.image.size
    *before, last = commands(path)
    assert {recipe.data.manifest, recipe.data.split} == {str(parsed(arguments)["out"]) for arguments in before}
    assert last == ["synthesize", "train", f"recipes/{path.name}"]
    parsed(last)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_commands_at_its_head_lead_to_the_files_that_it_names(path: Path) -> None:
    recipe = recipes.load(path)
    made: set[str] = set()
    for arguments in commands(path):
        values = parsed(arguments)
        if arguments[:2] == ["data", "build"]:
            assert {source.partition("=")[0] for source in values["source"]} <= set(SOURCES)
            assert values.get("task") is None or taxonomy.task(values["task"]).name == taxonomy.task(recipe.task).name
        if arguments[:2] == ["data", "cache"]:
            cut = recipe.image.patches
            grid = "" if cut is None else f"{cut.size}x{cut.size}:{cut.columns}x{cut.rows}"
            asked = (values["geometry"], values["size"], values["short_side"] or None, values["patches"])
            assert asked == (recipe.image.geometry, recipe.image.size, recipe.image.short_side, grid)
        if "out" in values:
            made.add(str(values["out"]))
    data = recipe.data
    assert {data.manifest, data.split} | ({data.cache} - {None}) <= made
    verb = "train" if recipe.distillation is None else "distill"
    assert commands(path)[-1] == [verb, f"recipes/{path.name}"]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_is_named_after_its_file_and_all_its_runs_are_valid(path: Path) -> None:
    plan = study.load(path)
    assert plan.study.name == path.stem
    assert len(plan.study.seeds) >= (1 if plan.study.figures == "val" else 3)  # one that chooses judges nothing
    assert plan.trials
    *_, last = commands(path)
    assert last[:2] == ["study", f"recipes/studies/{path.name}"]
    parsed(last)
