from __future__ import annotations

from pathlib import Path

import pytest

from tejido import recipe
from tejido.errors import RecipeError

MINIMAL = """
name: a
model: a-b
task: skin-7
data: {manifest: m.parquet, split: s.parquet}
network: {name: mobilenetv1_050}
"""
TAUGHT = ("distillation.teachers=[runs/teacher]",)


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def test_a_resolved_recipe_reads_back_as_itself(tmp_path: Path) -> None:
    options = ("training.trainer.precision=bf16-mixed", "training.trainer.gradient_clip_val=0.5")
    first = recipe.load(write(tmp_path, MINIMAL), ("training.epochs=3", "seed=7", *options))
    assert (first.training.epochs, first.seed) == (3, 7)
    assert first.training.trainer == {"precision": "bf16-mixed", "gradient_clip_val": 0.5}
    again = recipe.load(write(tmp_path, first.to_yaml()))
    assert again == first
    assert again.sha256() == first.sha256()
    assert recipe.load(write(tmp_path, MINIMAL)).sha256() != first.sha256()


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("- a list", (), "not a recipe"),
        ("a: [1", (), "not YAML"),
        (MINIMAL + "taks: 1", (), "unknown key 'taks'; did you mean 'task'?"),
        (MINIMAL, ("training.epoch=3",), "unknown key 'training.epoch'; did you mean 'epochs'?"),
        (MINIMAL, ("training.epochs=many",), "training.epochs: input should be a valid integer"),
        (MINIMAL, ("training.epochs=-1",), "training.epochs: input should be greater than or equal to 0"),
        (MINIMAL, ("training.epochs=0", "training.head_epochs=0"), "training: head_epochs and epochs are both 0"),
        (MINIMAL, ("training.momentum=0.9",), "training: momentum is for sgd and rmsprop; adamw has its own"),
        (MINIMAL, ("training.optimiser=sgd",), "unknown key 'training.optimiser'; did you mean 'optimizer'?"),
        (MINIMAL, ("training.optimizer=lamb",), "training.optimizer: input should be 'adamw', 'adam', 'sgd' or"),
        (MINIMAL, ("training.monitor=auc",), "training.monitor: input should be 'val_auc'"),
        (MINIMAL, ("training.ema=1",), "training.ema: input should be less than 1"),
        (MINIMAL, ("training.trainer=fast",), "training.trainer: input should be a valid dictionary"),
        (MINIMAL, ("training.trainer.callbacks=[x]",), "training: trainer.callbacks takes a number, a word,"),
        (MINIMAL, ("data.fold=1", "data.allow_leaks=true"), "data: folds never leak"),
        (MINIMAL, ("data.fold=-1",), "data.fold: input should be greater than or equal to 0"),
        (MINIMAL, ("data.limit=0",), "data.limit: input should be greater than or equal to 1"),
        (MINIMAL, ("network.atention=arl",), "unknown key 'network.atention'; did you mean 'attention'?"),
        (MINIMAL, ("network.attention=se",), "network.attention: input should be 'none' or 'arl'"),
        (MINIMAL, ("network.dropout=1.5",), "network.dropout"),
        (MINIMAL, ("training.balance=all",), "training.balance"),
        (MINIMAL, ("training.epochs",), "is not an override"),
        (MINIMAL, ("distillation.kind=response",), "distillation: response needs teachers"),
        (MINIMAL, (*TAUGHT, "distillation.temperature=0"), "distillation.temperature: input should be greater than 0"),
        (MINIMAL, (*TAUGHT, "distillation.temperature=-1"), "distillation.temperature: input should be greater than 0"),
        (MINIMAL, (*TAUGHT, "distillation.alpha=1.1"), "distillation.alpha: input should be less than or equal to 1"),
        (MINIMAL, (*TAUGHT, "distillation.alpha=-.1"), "distillation.alpha: input should be greater than or equal"),
        (MINIMAL, (*TAUGHT, "distillation.alpha=0", "distillation.beta=0"), "distillation: alpha and beta are both 0"),
        (MINIMAL, (*TAUGHT, "distillation.kind=self"), "distillation: self has no finished teachers"),
        (MINIMAL, (*TAUGHT, "distillation.tau=3"), "unknown key 'distillation.tau'"),
        (MINIMAL, (*TAUGHT, "distillation.peer.name=resnet18"), "distillation: a peer is for online, not for response"),
        (MINIMAL, ("distillation.kind=online",), "distillation: online needs a peer"),
        (MINIMAL, ("distillation.teachers=[a, b]", "distillation.kind=feature"), "distillation: feature takes one"),
        (MINIMAL, (*TAUGHT, "distillation.hints.a=b"), "distillation: hints are for feature, not for response"),
        (MINIMAL, (*TAUGHT, "distillation.kind=relation", "distillation.views=2"), "distillation: views are for resp"),
        (
            MINIMAL,
            (*TAUGHT, "distillation.views=2", "augmentation.mixup=1"),
            "recipe: distillation.views are of",
        ),
        (MINIMAL, ("seed.deep=1", "name.x=2"), "is a value, not a section"),
        ("name: a", (), "key 'model' is missing"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message.replace("?", r"\?")) as error:
        recipe.load(write(tmp_path, text), overrides)
    assert "\n" not in str(error.value)


def test_a_missing_recipe() -> None:
    with pytest.raises(RecipeError, match="no such recipe"):
        recipe.load(Path("nowhere.yaml"))


def test_paths_take_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEJIDO_SHARED", raising=False)
    assert recipe.resolve_path("${TEJIDO_SHARED}/weights") == Path("../shared/weights")
    monkeypatch.setenv("TEJIDO_SHARED", "elsewhere")
    assert recipe.resolve_path("${TEJIDO_SHARED}/weights") == Path("elsewhere/weights")
    with pytest.raises(RecipeError, match="NOT_SET_ANYWHERE"):
        recipe.resolve_path("${NOT_SET_ANYWHERE}/x")


@pytest.mark.parametrize(
    ("kind", "name", "command"),
    [
        (recipe.SegmentationRecipe, "skin_suspicion", "tejido train or distill"),
        (recipe.Recipe, "lesion_outline", "tejido segment"),
        (recipe.Recipe, "synthesis_lesions", "tejido synthesize train"),
    ],
)
def test_a_recipe_of_another_kind_is_called_one(kind: type[recipe.Experiment], name: str, command: str) -> None:
    path = Path(__file__).parents[1] / "recipes" / f"{name}.yaml"
    with pytest.raises(RecipeError) as raised:
        recipe.load_as(kind, path)
    assert str(raised.value) == f"{path}: it is a recipe for {command}"
