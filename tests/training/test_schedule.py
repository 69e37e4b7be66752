from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from tejido.training.schedule import SHAPES, constant, cosine, one_cycle, staged


def test_one_cycle_by_hand() -> None:
    assert one_cycle(0) == pytest.approx(1 / 25)
    assert one_cycle(0.15) == pytest.approx((1 + 1 / 25) / 2)
    assert one_cycle(0.3) == pytest.approx(1)
    assert one_cycle(1) == pytest.approx(1e-4)


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)


def test_one_cycle_equals_torchs() -> None:
    theirs = optimizer()
    # torch ends at 1/25/final_div_factor and counts the last step as the end
    scheduler = OneCycleLR(theirs, 1.0, total_steps=101, final_div_factor=400)
    for step in range(100):
        assert one_cycle(step / 100) == pytest.approx(scheduler.get_last_lr()[0], abs=0.03)
        theirs.step()
        scheduler.step()


def test_cosine_equals_torchs() -> None:
    theirs = optimizer()
    scheduler = CosineAnnealingLR(theirs, T_max=50)
    for step in range(51):
        assert cosine(step / 50) == pytest.approx(scheduler.get_last_lr()[0], abs=1e-9)
        theirs.step()
        scheduler.step()
    assert [cosine(0), cosine(1 / 3), cosine(1)] == pytest.approx([1, 0.75, 0])


def test_the_stages_follow_each_other() -> None:
    plan = {"steps_per_epoch": 10, "head_epochs": 2, "epochs": 3}
    assert [staged(step, **plan)[0] for step in (0, 19, 20, 49)] == [0, 0, 1, 1]
    assert staged(20, **plan)[1] == pytest.approx(1 / 25)
    assert staged(0, steps_per_epoch=10, head_epochs=0, epochs=3) == (1, pytest.approx(1 / 25))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_each_stage_runs_through_its_whole_shape(name: str) -> None:
    shape = SHAPES[name]
    plan = {"steps_per_epoch": 10, "head_epochs": 2, "epochs": 3, "shape": shape}
    assert [staged(step, **plan)[1] for step in range(20)] == pytest.approx([shape(k / 20) for k in range(20)])
    assert [staged(20 + step, **plan)[1] for step in range(30)] == pytest.approx([shape(k / 30) for k in range(30)])
    assert staged(50, **plan)[1] == shape(1)  # asked for once, after the last step


def test_a_linear_probe_has_one_stage() -> None:
    plan = {"steps_per_epoch": 10, "head_epochs": 2, "epochs": 0, "shape": constant}
    assert {staged(step, **plan) for step in range(22)} == {(0, 1.0)}
