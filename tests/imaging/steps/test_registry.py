from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tejido.errors import RecipeError
from tejido.imaging.steps.registry import STEPS, build

ORDER = {
    "crop_border": 1, "crop_to_lesion": 1, "remove_hair": 2, "max_rgb": 3, "shades_of_gray": 3, "grey_world": 3,
    "macenko": 3, "grey_outside": 4, "solid_outside": 4, "hide_lesion": 4, "ben_graham": 5,
}  # fmt: skip
"""Every step and its place, as the documentation has it."""


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["max_rbg"], "no step is called 'max_rbg'; did you mean 'max_rgb'?"),
        (["shade_of_grey"], "did you mean 'shades_of_gray'?"),
        (["xyz"], "no step is called 'xyz'; there are: crop_border, "),
        ([{"shades_of_gray": {"P": 3}}], "shades_of_gray has no option 'P'; there are: p"),
        ([{"ben_graham": {"readin": "sigma"}}], "ben_graham has no option 'readin'; did you mean 'reading'?"),
        ([{"max_rgb": {"p": 3}}], "max_rgb has no option 'p'; it has none"),
        ([{"max_rgb": 3}], "a step is a name or {name: {option: value}}"),
        ([{"max_rgb": None, "macenko": None}], "a step is a name or {name: {option: value}}"),
        ([{}], "a step is a name or"),
        ([7], "a step is a name or"),
        (["ben_graham", "remove_hair"], "remove_hair cannot follow ben_graham; put it before"),
        (["ben_graham", "grey_outside"], "grey_outside cannot follow ben_graham; put it before"),
        (["max_rgb", "crop_border"], "crop_border cannot follow max_rgb; put it before"),
        (["max_rgb", "shades_of_gray"], "max_rgb and shades_of_gray both correct colour; keep one of them"),
        (["max_rgb", "max_rgb"], "max_rgb and max_rgb both correct colour"),
        (["crop_border", "crop_to_lesion"], "both crop"),
        (["grey_outside", "solid_outside"], "both paint over a part of the picture"),
        ([{"ben_graham": {"reading": "both"}}], "ben_graham.reading is variance or sigma, not 'both'"),
        ([{"crop_border": {"dark": [1]}}], "crop_border.dark is a number from 0.05 to 0.9, not [1]"),
    ],
)
def test_mistakes_are_one_line(steps: list[Any], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        build(steps)
    assert str(error.value).startswith("image.steps: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@given(st.lists(st.sampled_from(sorted(ORDER)), max_size=5))
def test_steps_stand_in_the_order_of_their_groups_and_once_each(names: list[str]) -> None:
    places = [ORDER[name] for name in names]
    if all(a < b for a, b in pairwise(places)):
        reading = [name for name in names if ORDER[name] == 4 or name == "crop_to_lesion"]
        assert build(names).mask_readers == reading
    else:
        with pytest.raises(RecipeError, match=r"cannot follow|both"):
            build(names)


def test_every_step_is_in_the_documented_order() -> None:
    assert {name: int(step.group) for name, step in STEPS.items()} == ORDER
    assert list(STEPS) == list(ORDER)


def test_options_reach_the_step() -> None:
    steps = build([{"shades_of_gray": {"p": 1}}, {"ben_graham": None}])
    assert torch.equal(
        steps(torch.full((1, 3, 32, 32), 9.0)), build(["grey_world", "ben_graham"])(torch.full((1, 3, 32, 32), 9.0))
    )
    image = torch.rand(1, 3, 32, 32) * 255
    assert torch.equal(build([{"shades_of_gray": {"p": 1}}])(image), build(["grey_world"])(image))
    assert not torch.equal(build([{"shades_of_gray": {"p": 2}}])(image), build(["grey_world"])(image))


def test_no_steps_change_nothing() -> None:
    image = torch.rand(2, 3, 8, 8)
    assert build([])(image) is image
    assert build([]).restore(image, image) is image
