from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tejido import recipe as recipes
from tejido.errors import RecipeError
from tejido.experiments.study import plan as studies
from tests.support.study import TEXT, plan

AXES = """
name: two
recipe: base.yaml
overrides: {training: {epochs: 3}, image.size: 64}
axes:
  colour:
    plain:
    strong: {augmentation.brightness: 0.4, augmentation: {contrast: 0.4}}
  training.rate: [0.001, 0.01]
seeds: [3, 5, 8]
baseline: {colour: plain}
"""
BASE = """
name: base
model: base
task: skin-suspicion
data: {manifest: m.parquet, split: s.parquet}
network: {name: mobilenetv1_025}
training: {batch: 32, rate: 0.5}
"""


def test_axes_and_seeds_multiply_and_values_lie_over_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    found = plan(tmp_path, AXES)
    assert found.axes == ("colour", "training.rate")
    assert found.cells == (("plain", "0.001"), ("plain", "0.01"), ("strong", "0.001"), ("strong", "0.01"))
    assert [(trial.levels, trial.seed) for trial in found.trials] == [
        (cell, seed) for seed in (3, 5, 8) for cell in found.cells
    ]
    last = found.trials[-1].recipe
    by_hand = recipes.load(
        tmp_path / "base.yaml",
        (
            *("training.epochs=3", "image.size=64", "augmentation.brightness=0.4", "augmentation.contrast=0.4"),
            *("training.rate=0.01", "seed=8"),
        ),
    )
    assert last == by_hand
    assert last.training.batch == 32
    assert found.trials[0].recipe.augmentation == recipes.Augmentation()
    assert str(found.trials[-1]) == "strong / 0.01, seed 8"


def test_overrides_on_the_command_line_reach_every_trial(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(TEXT)
    found = studies.load(path, ("training.epochs=2", "network.dropout=0.1"))
    assert {(trial.recipe.training.epochs, trial.recipe.network.dropout) for trial in found.trials} == {(2, 0.1)}
    assert found.study == plan(tmp_path).study  # which keeps the recipe as it stands there


def test_the_id_depends_on_the_resolved_recipe_alone(tmp_path: Path) -> None:
    first = plan(tmp_path)
    ids = [trial.id for trial in first.trials]
    assert ids == [trial.recipe.sha256()[:12] for trial in first.trials]
    assert len(set(ids)) == 6
    renamed = TEXT.replace("name: tiny", "name: other").replace(
        "training.balance: [none, weights, oversample]",
        "b: {a: {training.balance: none}, b: {training: {balance: weights}}, c: {training.balance: oversample}}",
    )
    said = renamed.replace("baseline: none", "baseline: a").replace(
        "{bootstrap: 200}", "{bootstrap: 200, sensitivity: 0.9}"
    )
    assert [trial.id for trial in plan(tmp_path, said).trials] == ids
    more = plan(tmp_path, TEXT.replace("[0, 1]", "[1, 0, 2]"))
    assert set(ids) < {trial.id for trial in more.trials}
    changed = plan(tmp_path, TEXT.replace("bootstrap: 200", "bootstrap: 201"))
    assert not set(ids) & {trial.id for trial in changed.trials}


def test_the_baseline_holds_the_other_axes_equal(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    found = plan(tmp_path, AXES)
    assert found.baseline_of(("strong", "0.01")) == ("plain", "0.01")
    assert found.baseline_of(("plain", "0.01")) is None
    one = plan(tmp_path, AXES.replace("{colour: plain}", "{colour: plain, training.rate: 0.001}"))
    assert one.baseline_of(("strong", "0.01")) == ("plain", "0.001")
    assert one.baseline_of(("plain", "0.01")) == ("plain", "0.001")
    assert plan(tmp_path, TEXT.replace("baseline: none", "")).baseline_of(("weights",)) is None


def test_variants_are_one_axis(tmp_path: Path) -> None:
    text = TEXT.replace("axes:\n  training.balance: [none, weights, oversample]", "variants: {a: {}, b: {seed: 1}}")
    with pytest.raises(RecipeError, match="variant sets 'seed', which seeds sets too"):
        plan(tmp_path, text)
    found = plan(tmp_path, text.replace("seed: 1", "image.size: 96").replace("baseline: none", "baseline: a"))
    assert (found.axes, found.cells) == (("variant",), (("a",), ("b",)))
    assert found.trials[1].recipe.image.size == 96


def test_no_axis_is_one_level_over_seeds(tmp_path: Path) -> None:
    text = TEXT.replace("axes:\n  training.balance: [none, weights, oversample]", "").replace("baseline: none", "")
    assert [(trial.levels, trial.seed) for trial in plan(tmp_path, text).trials] == [((), 0), ((), 1)]


def test_each_seed_may_have_its_own_split(tmp_path: Path) -> None:
    found = plan(tmp_path, TEXT + 'splits: "splits/{seed}.parquet"')
    assert {(trial.seed, trial.recipe.data.split) for trial in found.trials} == {
        (0, "splits/0.parquet"),
        (1, "splits/1.parquet"),
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds:", "seedz:", "unknown key 'seedz'; did you mean 'seeds'?"),
        ("name: tiny", "", "key 'name' is missing"),
        ("seeds: [0, 1]", "seeds: []", "seeds: list should have at least 1 item"),
        ("seeds: [0, 1]", "seeds: 3", "seeds: input should be a valid list"),
        ("seeds: [0, 1]", "seeds: [1, 0, 1]", "seeds repeats 1"),
        ("training.balance", "training.balanse", "none: unknown key 'training.balanse'; did you mean 'balance'?"),
        ("training.balance", "task.x", "task.x: none: task is a value, not a section"),
        ("[none, weights", "[none, wait", "wait: training.balance"),
        ("baseline: none", "baseline: weight", "has no level 'weight'; did you mean 'weights'?"),
        ("baseline: none", "baseline: {balance: none}", "no axis is called 'balance'; did you mean"),
        ("[none, weights, oversample]", "[none, none]", "two levels have the same name"),
        ("[none, weights, oversample]", "[]", "an axis needs at least one level"),
        ("[none, weights, oversample]", "{on: {}, off: {}}", "put the level in quotes"),
        ("[none, weights, oversample]", "{none: {}, b: {}}", "of none, seed 0 and of b, seed 0 are the same"),
        ("[none, weights, oversample]", "{none: {}, b: 3}", "axes"),
        ("training.balance: [", "seed: [", "this name is taken"),
        ("training.balance: [none, ", "a: {none: {seed: 3}}\n  b: [none, ", "a sets 'seed', which seeds sets too"),
        ("axes:", "axes:\n  other: {a: {training: {balance: none}}}", "training.balance sets 'training.balance', w"),
        ("baseline: none", "metrics: [aucs]", "no figure is called 'aucs'; did you mean 'auc'?"),
        ("seeds: [0, 1]", "variants: {a: {}}", "axes and variants exclude each other"),
    ],
)  # fmt: skip
def test_mistakes_are_named_before_anything_runs(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(RecipeError) as error:
        plan(tmp_path, TEXT.replace(old, new))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_folds_multiply_too(tmp_path: Path) -> None:
    found = plan(tmp_path, TEXT + "folds: [0, 3]")
    assert [(trial.seed, trial.fold) for trial in found.trials[::3]] == [(0, 0), (0, 3), (1, 0), (1, 3)]
    assert all(trial.recipe.data.fold == trial.fold for trial in found.trials)
    assert str(found.trials[3]) == "none, seed 0, fold 3"


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"base\.yaml: no such recipe"):
        plan(tmp_path, AXES)


def test_plans_are_values(tmp_path: Path) -> None:
    assert plan(tmp_path) == replace(plan(tmp_path))
