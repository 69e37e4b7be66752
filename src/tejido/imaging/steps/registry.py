"""From the names in a recipe to image steps."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tejido.errors import RecipeError
from tejido.imaging.steps.ben_graham import BenGraham
from tejido.imaging.steps.border import CropBorder
from tejido.imaging.steps.chain import ImageSteps
from tejido.imaging.steps.hair import RemoveHair
from tejido.imaging.steps.illuminant import GreyWorld, MaxRgb, ShadesOfGray
from tejido.imaging.steps.lesion import CropToLesion, GreyOutside, HideLesion, SolidOutside
from tejido.imaging.steps.macenko import Macenko
from tejido.imaging.steps.step import Step

STEPS: dict[str, type[Step]] = {
    step.name: step
    for step in (
        CropBorder, CropToLesion, RemoveHair, MaxRgb, ShadesOfGray, GreyWorld, Macenko, GreyOutside, SolidOutside,
        HideLesion, BenGraham,
    )
}  # fmt: skip
"""Every step by its name in a recipe, in an order in which they may stand."""


def build(steps: Sequence[str | Mapping[str, Any]]) -> ImageSteps:
    """The steps of a recipe's ``image.steps``.

    Args:
        steps: each a name, or ``{name: {option: value}}``; the options are the arguments of the step's class.

    Raises:
        RecipeError: a step or option does not exist (the nearest one is named), a value is out of range, or the steps
            stand in an impossible order.
    """
    built = [_step(item) for item in steps]
    for before, after in pairwise(built):
        _check(before, after)
    return ImageSteps(built)


def _step(item: str | Mapping[str, Any]) -> Step:
    name, options = next(iter(item.items())) if isinstance(item, Mapping) and len(item) == 1 else (item, None)
    if not isinstance(name, str) or not isinstance(options, Mapping | None):
        raise RecipeError(f"image.steps: a step is a name or {{name: {{option: value}}}}, not {item!r}")
    if name not in STEPS:
        raise RecipeError(f"image.steps: no step is called {name!r}; {_hint(name, STEPS)}")
    parameters = inspect.signature(STEPS[name]).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.default is not parameter.empty]
    for option in options or {}:
        if option not in known:
            hint = _hint(str(option), known) if known else "it has none"
            raise RecipeError(f"image.steps: {name} has no option {option!r}; {hint}")
    return STEPS[name](**(options or {}))


def _check(before: Step, after: Step) -> None:
    if before.group == after.group:
        raise RecipeError(f"image.steps: {before.name} and {after.name} both {before.group.purpose}; keep one of them")
    if before.group > after.group:
        raise RecipeError(f"image.steps: {after.name} cannot follow {before.name}; put it before")


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
