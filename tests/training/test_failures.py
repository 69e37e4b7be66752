from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tejido.errors import TejidoError, TrainingError
from tejido.training import classify, failures
from tejido.training.course import load_best
from tejido.training.failures import memory_explained
from tejido.training.fit import fit
from tests.support.stub_network import images, network
from tests.training.plan import recipe


def trained(folder: Path, **training: Any) -> None:
    fit(network(), images(64), images(32, 1), recipe(**training), folder)


def poison(monkeypatch: pytest.MonkeyPatch, call: int, value: float) -> None:
    """Make one training loss, counted from 0, infinite or not a number."""
    real = classify.classification_loss
    calls = iter(range(10**6))

    def loss(*arguments: Any, **keys: Any) -> Tensor:
        return real(*arguments, **keys) * (value if next(calls) == call else 1)

    monkeypatch.setattr(classify, "classification_loss", loss)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("later", [False, True])
def test_a_loss_that_is_no_number_stops_the_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: float, later: bool
) -> None:
    if later:
        monkeypatch.setattr(failures, "_STEPS", {})  # as on a GPU, where losses are looked at only now and then
    poison(monkeypatch, 4 * 2 + 1, value)  # four steps an epoch: the second step of the third epoch
    with pytest.raises(TrainingError) as error:
        trained(tmp_path, head_epochs=1, epochs=4)
    message = str(error.value)
    assert re.search(
        r"the loss \(epoch 2, step 1 of 4, learning rate \d\.\de-\d+ \(head\), \d\.\de-\d+ \(body\)\)", message
    )
    assert str(value) in message
    assert "training.rate" in message
    assert "\n" not in message
    checkpoints = tmp_path / "checkpoints"
    assert torch.load(checkpoints / "last.ckpt", weights_only=True)["epoch"] == 1
    for name in ("last", "best"):
        weights = load_best(network(), checkpoints / f"{name}.ckpt").state_dict()
        assert all(value.isfinite().all() for value in weights.values())


def test_a_network_that_answers_nonsense_on_validation(tmp_path: Path) -> None:
    net = network()
    with pytest.raises(TrainingError, match="the validation loss of epoch 0 is nan"):
        fit(Broken(net), images(64), images(32, 1), recipe(), tmp_path)  # type: ignore[arg-type]


class Broken(torch.nn.Module):
    """Sound in training, not a number in evaluation, like a network whose batch-norm statistics have run away."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.body, self.head, self.classes, self.inner = inner.body, inner.head, inner.classes, inner

    def attention(self) -> dict[str, torch.nn.Parameter]:
        return {}

    def forward(self, batch: Tensor) -> Tensor:
        return self.inner(batch) * (1 if self.training else float("nan"))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried 99"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes."),
    ],
)
def test_out_of_memory_says_which_batch_to_try(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    def loss(*_: Any, **__: Any) -> Tensor:
        raise error

    monkeypatch.setattr(classify, "classification_loss", loss)
    with pytest.raises(TrainingError, match=r"out of memory with batches of 16; try training\.batch=8 \(with") as found:
        trained(tmp_path)
    assert "\n" not in str(found.value)


def test_memory_on_a_small_batch_and_other_errors() -> None:
    with pytest.raises(TrainingError, match=r"batches of 2; try a smaller image\.size"), memory_explained(2):
        raise MemoryError
    with pytest.raises(RuntimeError, match="shape mismatch") as found, memory_explained(64):
        raise RuntimeError("shape mismatch")
    assert not isinstance(found.value, TejidoError)
