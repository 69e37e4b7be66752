"""Interrupted and resumed, a training ends as if nothing had happened, whatever its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from tejido.recipe import Augmentation, Recipe
from tejido.training import classify
from tejido.training.fit import fit
from tests.support.stub_network import images, network
from tests.training.plan import recipe


class InterruptedTrainingError(Exception):
    """Stands for whatever ends a process."""


def mixed(batch: Tensor, shares: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mixup with one random share a batch."""
    share = torch.rand((), generator=generator)
    order = torch.randperm(len(batch), generator=generator)
    pixels = share * batch.float() + (1 - share) * batch[order].float()
    return pixels.to(torch.uint8), share * shares + (1 - share) * shares[order]


def run(settings: Recipe, folder: Path, *, stop_at: int | None = None) -> Tensor:
    """Train, and raise in the middle of the step ``stop_at``; returns all weights and buffers."""
    torch.manual_seed(torch.seed() % 2**31)  # what this process drew before must not matter
    steps = iter(range(10**6))
    with pytest.MonkeyPatch.context() as patch:
        real = classify.classification_loss

        def loss(*arguments: Any, **keys: Any) -> Tensor:
            if next(steps) == stop_at:
                raise InterruptedTrainingError
            return real(*arguments, **keys)

        patch.setattr(classify, "classification_loss", loss)
        net = fit(network(attended=True), images(72), images(40, 1), settings, folder)
    return torch.cat([value.flatten().double() for value in net.state_dict().values()])


@pytest.mark.parametrize(
    ("settings", "mix"),
    [
        (recipe(epochs=3, ema=0.8), True),
        (recipe(epochs=3, ema=0.5, optimizer="sgd", momentum=0.9, schedule="cosine", balance="weights"), False),
        (recipe(epochs=3, optimizer="rmsprop", momentum=0.5, focal_gamma=2.0, monitor="val_loss"), True),
        (
            recipe(
                {"accumulate_grad_batches": 2, "gradient_clip_val": 0.1},
                head_epochs=0, epochs=4, optimizer="adam", weight_decay_on="weights", label_smoothing=0.1, ema=0.8,
                monitor="val_balanced_accuracy",
            ),
            False,
        ),
        (recipe({"precision": "bf16-mixed"}, head_epochs=4, epochs=0, schedule="constant", balance="none"), False),
    ],
    ids=["ema", "sgd", "rmsprop", "accumulate", "probe"],
)  # fmt: skip
def test_an_interruption_changes_nothing(settings: Recipe, mix: bool, tmp_path: Path) -> None:
    if mix:
        settings = settings.model_copy(update={"augmentation": Augmentation(mixup=0.4, cutmix=1.0)})
    calm = run(settings, tmp_path / "calm")
    stormy = tmp_path / "stormy"
    for stop_at in (6, 5):  # in the second epoch; then in the third, the second having been redone
        with pytest.raises(InterruptedTrainingError):
            run(settings, stormy, stop_at=stop_at)
    assert torch.equal(run(settings, stormy), calm)
    for name in ("metrics.csv", "attention.csv"):
        tables = [pd.read_csv(folder / name) for folder in (stormy, tmp_path / "calm")]
        pd.testing.assert_frame_equal(*tables, check_exact=True)
        assert len(tables[0]) == 4
