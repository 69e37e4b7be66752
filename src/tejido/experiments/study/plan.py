"""What a study is: a recipe, axes of values laid over it, seeds and folds; and the trials that follow from them.

A study is a YAML file; every key is documented here, unknown keys are errors.
"""

from __future__ import annotations

import copy
import difflib
import itertools
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tejido import recipe as recipes
from tejido.errors import RecipeError
from tejido.recipe import Count, Recipe

_TAKEN = ("trial", "level", "seed", "fold", "status", "seconds")
_FIGURES = ("auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "macro_f1", "weighted_f1")
_OF_ONE_CLASS = ("sensitivity_", "recall_", "f1_")

Values = dict[str, Any]
"""Values laid over a recipe: ``{"training.rate": 0.01}`` or ``{"training": {"rate": 0.01}}``."""


class Study(BaseModel):
    """A study. Its trials are all combinations of levels, seeds and folds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    """Also the name of its folder."""
    recipe: str | Values
    """The recipe that all trials begin from: a path, from the folder of the study's file, or the recipe itself."""
    overrides: Values = {}
    """Values laid over the recipe, in all trials."""
    axes: dict[str, dict[Any, Values | None] | list[Any]] = {}
    """Several axes multiply. An axis is a mapping of its levels, each with the values that it lays over the recipe
    (``colour: {none: {}, max_rgb: {image.steps: [max_rgb]}}``), or a recipe key with a list of its values
    (``training.rate: [0.001, 0.01]``)."""
    variants: dict[Any, Values | None] = {}
    """Instead of axes: named variants, each with the values that it lays over the recipe."""
    seeds: Annotated[list[Count], Field(min_length=1)] = [0, 1, 2]
    """Values of the recipe key ``seed``."""
    folds: list[Count] = []
    """Values of the recipe key ``data.fold``; without them every trial uses the split of the recipe."""
    splits: str | None = None
    """A split of its own for each seed: the recipe key ``data.split``, in which ``{seed}`` stands for the seed."""
    baseline: Any = None
    """The level that the others are compared with; with several axes a mapping of axis to level, in which an axis that
    is left out is held equal."""
    figures: Literal["test", "val"] = "test"
    """Of which images: ``val`` for a study that chooses values, so that the test images are left to judge them."""
    metrics: list[str] = []
    """Figures of the table, the most important one first; ``auc_histology`` is ``auc`` on histology-confirmed images.
    By default: AUC on all and on histology-confirmed images, balanced accuracy, accuracy, sensitivity, specificity."""


@dataclass(frozen=True)
class Trial:
    """One run of a study.

    Attributes:
        id: the beginning of the hash of its resolved recipe; also the name of its folder.
        levels: one of each axis.
        seed: of the run.
        fold: that tests, or None.
        recipe: resolved.
    """

    id: str
    levels: tuple[str, ...]
    seed: int
    fold: int | None
    recipe: Recipe

    def __str__(self) -> str:
        fold = "" if self.fold is None else f", fold {self.fold}"
        return f"{title(self.levels)}, seed {self.seed}{fold}"


@dataclass(frozen=True)
class Plan:
    """A study and what follows from it.

    Attributes:
        study: as read.
        axes: their names, in order.
        cells: all combinations of levels, in order.
        trials: all of them; those of one seed and fold stand together, so that an unfinished study compares like with
            like.
        baseline: axis -> level; empty where nothing is compared.
    """

    study: Study
    axes: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    trials: tuple[Trial, ...]
    baseline: dict[str, str]

    def baseline_of(self, levels: tuple[str, ...]) -> tuple[str, ...] | None:
        """The cell that ``levels`` are compared with; None for a baseline itself, or where nothing is compared."""
        found = tuple(self.baseline.get(axis, level) for axis, level in zip(self.axes, levels, strict=True))
        return None if found == levels else found


def title(levels: tuple[str, ...]) -> str:
    """Levels in words, as in tables."""
    return " / ".join(levels) or "recipe"


def load(path: Path, overrides: tuple[str, ...] = ()) -> Plan:
    """Read a study and resolve every trial's recipe.

    Args:
        path: YAML file.
        overrides: such as ``training.epochs=3``, laid over the recipe of every trial.

    Raises:
        RecipeError: the study or the recipe of a trial is not what it must be; nothing has run.
    """
    study = recipes.validate(Study, recipes.read(path), str(path))
    base = study.recipe
    if isinstance(base, str):
        base = recipes.read(path.parent / base)
    base = _over(copy.deepcopy(base), study.overrides, f"{path}: overrides")
    for text in overrides:
        recipes.override(base, text)
    return expand(study, base, str(path))


def expand(study: Study, base: Values, origin: str) -> Plan:
    """Every combination of levels, seeds and folds, with its recipe.

    Args:
        study: to be expanded.
        base: recipe of all trials, as read from YAML.
        origin: what error messages begin with.

    Raises:
        RecipeError: an axis, a level, the baseline or the recipe of a trial is not what it must be.
    """
    axes = _axes(study, origin)
    cells = tuple(itertools.product(*axes.values()))
    plan = Plan(study, tuple(axes), cells, (), _baseline(study, axes, origin))
    for metric in study.metrics:
        _check_metric(metric, f"{origin}: metrics")
    for name, numbers in {"seeds": study.seeds, "folds": study.folds}.items():
        if len(set(numbers)) < len(numbers):
            raise RecipeError(f"{origin}: {name} repeats {Counter(numbers).most_common(1)[0][0]}")
    folds: list[int | None] = [*study.folds] or [None]
    trials = []
    for seed, fold, cell in itertools.product(study.seeds, folds, cells):
        values = base
        for axis, level in zip(axes, cell, strict=True):
            values = _over(values, axes[axis][level], f"{origin}: {axis}: {level}")
        values = _over(values, _repeat(study, seed, fold), origin)
        recipe = recipes.validate(Recipe, values, f"{origin}: {title(cell)}")
        trials.append(Trial(recipe.sha256()[:12], cell, seed, fold, recipe))
    _check_different(trials, origin)
    return replace(plan, trials=tuple(trials))


def _axes(study: Study, origin: str) -> dict[str, dict[str, Values]]:
    """Axis -> level -> values."""
    if study.axes and study.variants:
        raise RecipeError(f"{origin}: axes and variants exclude each other; make the variants an axis")
    given = {"variant": study.variants} if study.variants else study.axes
    axes: dict[str, dict[str, Values]] = {}
    for axis, levels in given.items():
        where = f"{origin}: {axis}"
        if axis in _TAKEN:
            raise RecipeError(f"{where}: this name is taken; call the axis something else")
        if not levels:
            raise RecipeError(f"{where}: an axis needs at least one level")
        if isinstance(levels, list):
            named = [(_name(value), {axis: value}) for value in levels]
        else:
            if any(isinstance(name, bool) for name in levels):
                raise RecipeError(f"{where}: YAML reads on, off, yes and no as true and false; put the level in quotes")
            named = [(_name(name), values or {}) for name, values in levels.items()]
        axes[axis] = dict(named)
        if len(axes[axis]) < len(named):
            raise RecipeError(f"{where}: two levels have the same name")
    _check_keys(axes, study, origin)
    return axes


def _name(value: Any) -> str:
    """How a value is called in tables."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_name, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_name(item)}" for key, item in value.items())
    return str(value)


def _check_keys(axes: dict[str, dict[str, Values]], study: Study, origin: str) -> None:
    """Each recipe key is set in one place."""
    owner = {"seed": "seeds"} | ({"data.fold": "folds"} if study.folds else {})
    owner |= {"data.split": "splits"} if study.splits else {}
    for axis, levels in axes.items():
        keys = {key for values in levels.values() for key in _leaves(values)}
        for key in sorted(keys):
            if key in owner:
                raise RecipeError(f"{origin}: {axis} sets {key!r}, which {owner[key]} sets too")
        owner |= dict.fromkeys(keys, axis)


def _leaves(values: Values, prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in values.items():
        found += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [f"{prefix}{key}"]
    return found


def _baseline(study: Study, axes: dict[str, dict[str, Values]], origin: str) -> dict[str, str]:
    given = study.baseline
    if given is None:
        return {}
    if not isinstance(given, dict):
        if len(axes) != 1:
            raise RecipeError(f"{origin}: baseline: with {len(axes)} axes, name a level of each: {{AXIS: LEVEL, ...}}")
        given = {next(iter(axes)): given}
    found = {}
    for axis, level in given.items():
        if axis not in axes:
            raise RecipeError(f"{origin}: baseline: no axis is called {axis!r}{_near(str(axis), axes)}")
        found[axis] = _name(level)
        if found[axis] not in axes[axis]:
            raise RecipeError(
                f"{origin}: baseline: {axis} has no level {found[axis]!r}{_near(found[axis], axes[axis])}"
            )
    return found


def _repeat(study: Study, seed: int, fold: int | None) -> Values:
    values: Values = {"seed": seed}
    if fold is not None:
        values["data.fold"] = fold
    if study.splits is not None:
        values["data.split"] = study.splits.replace("{seed}", str(seed))
    return values


def _check_metric(name: str, where: str) -> None:
    figure = name.removesuffix("_histology")
    if figure not in _FIGURES and not figure.startswith(_OF_ONE_CLASS):
        known = [*_FIGURES, *(f"{item}_histology" for item in _FIGURES)]
        raise RecipeError(f"{where}: no figure is called {name!r}{_near(name, known)}")


def _check_different(trials: list[Trial], origin: str) -> None:
    seen: dict[str, Trial] = {}
    for trial in trials:
        if trial.id in seen:
            raise RecipeError(f"{origin}: the recipes of {seen[trial.id]} and of {trial} are the same")
        seen[trial.id] = trial


def _over(raw: Values, values: Values, where: str) -> Values:
    """A copy of ``raw`` with ``values`` laid over it: mappings are merged, everything else is replaced."""
    result = dict(raw)
    for key, value in values.items():
        head, _, rest = str(key).partition(".")
        under = {rest: value} if rest else value
        if isinstance(under, dict):
            old = result.get(head) or {}
            if not isinstance(old, dict):
                raise RecipeError(f"{where}: {head} is a value, not a section")
            under = _over(old, under, where)
        result[head] = under
    return result


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
