"""What can go wrong in the middle of a training, said in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from tejido.errors import TrainingError
from tejido.training.optimizer import rates

_KEPT = "checkpoints of the finished epochs are kept"
_REMEDY = "try a lower training.rate and training.body_rate, or training.trainer.gradient_clip_val=1"
_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory|cannot allocate memory", re.IGNORECASE)
_STEPS = {"cpu": 1}
_STEPS_ELSEWHERE = 32


def check_finite(value: Tensor, what: str, remedy: str = _REMEDY) -> None:
    """Stop a training in which a number is none.

    Args:
        value: a scalar.
        what: the number's name, with when and where.
        remedy: what to try.

    Raises:
        TrainingError: it is infinite or not a number.
    """
    if not torch.isfinite(value):
        raise TrainingError(f"{what} is {value.item()}; {_KEPT}; {remedy}")


class FiniteLoss(Callback):
    """Stops the training at the first loss that is infinite or not a number, before anything is saved.

    On a processor every loss is looked at when it is known. A GPU would have to wait each time, so there it is done
    every few dozen steps, and at the end of the epoch; the message names the first bad step either way.

    Args:
        remedy: what to try.
    """

    def __init__(self, remedy: str = _REMEDY) -> None:
        self._remedy = remedy
        self._losses: list[Tensor] = []
        self._steps: list[str] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget what an interrupted epoch left."""
        self._losses, self._steps = [], []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Note when and at which rates the step is made; afterwards the rates are those of the next."""
        now = rates(trainer.optimizers[0])
        text = ", ".join(f"{rate:.1e} ({part})" for part, rate in now.items())
        self._steps.append(
            f"epoch {trainer.current_epoch}, step {batch_idx} of {trainer.num_training_batches}, learning rate {text}"
        )

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the step's loss, or keep it for later."""
        loss = outputs["loss"].detach()
        self._losses.append(loss)
        if len(self._losses) >= _STEPS.get(loss.device.type, _STEPS_ELSEWHERE):
            self._look()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at what is left of the epoch."""
        self._look()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Likewise, where nothing validates."""
        self._look()

    def _look(self) -> None:
        if self._losses:
            losses = torch.stack(self._losses).cpu()
            for value, step in zip(losses, self._steps, strict=True):
                check_finite(value, f"the loss ({step})", self._remedy)
        self._losses, self._steps = [], []


@contextmanager
def memory_explained(batch: int, *, accumulates: bool = True) -> Iterator[None]:
    """Turn running out of memory, on a processor or a GPU, into a line with the batch size to try.

    Args:
        batch: the batch size in use.
        accumulates: whether several batches can make a step.

    Raises:
        TrainingError: memory ran out.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and not _NO_MEMORY.search(str(error)):
            raise
        raise TrainingError(f"out of memory with batches of {batch}; {_smaller(batch, accumulates)}") from None


def _smaller(batch: int, accumulates: bool) -> str:
    if batch < 4:
        return "try a smaller image.size or a smaller network"
    half = batch // 2
    same = f" (with training.trainer.accumulate_grad_batches=2 every step still sees {half * 2} images)"
    return f"try training.batch={half}{same if accumulates else ''} or a smaller image.size"
