from __future__ import annotations

import inspect

import pytest
import pytorch_lightning as pl

from tejido.errors import RecipeError
from tejido.recipe import Training
from tejido.training.trainer import DECIDED, check_options, make_trainer


def test_options_reach_lightnings_trainer() -> None:
    options = {"precision": "bf16-mixed", "gradient_clip_val": 0.5, "accumulate_grad_batches": 3, "accelerator": "cpu"}
    trainer = make_trainer(Training(trainer=options), enable_checkpointing=False, max_epochs=1)
    assert trainer.precision == "bf16-mixed"
    assert trainer.gradient_clip_val == 0.5
    assert trainer.accumulate_grad_batches == 3
    assert isinstance(trainer.accelerator, pl.accelerators.CPUAccelerator)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_epochs": 3}, "training.trainer.max_epochs cannot be set; it follows from training.head_epochs"),
        ({"callbacks": "x"}, "training.trainer.callbacks cannot be set; the run decides it"),
        ({"precison": "bf16-mixed"}, "no option 'precison'; did you mean 'precision'?"),
        ({"precision": "bf16-true"}, "choose one of 32-true, bf16-mixed, 16-mixed, not 'bf16-true'"),
    ],
)
def test_options_that_a_recipe_cannot_set(options: dict[str, str | int], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        check_options(Training(trainer=options))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"accelerator": "abacus"}, {"gradient_clip_val": "much"}])
def test_values_that_lightning_does_not_take(options: dict[str, str | int]) -> None:
    with pytest.raises(RecipeError, match=r"training\.trainer: ") as error:
        make_trainer(Training(trainer=options))
    assert "\n" not in str(error.value)


def test_every_option_that_is_decided_exists() -> None:
    assert set(DECIDED) <= set(inspect.signature(pl.Trainer.__init__).parameters)
