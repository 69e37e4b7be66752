"""The course of any training: the callbacks around its epochs, going on after a kill, and its best weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging, ModelCheckpoint, RichProgressBar
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tejido.errors import DataError
from tejido.recipe import Stages
from tejido.training.callbacks import Patience
from tejido.training.failures import FiniteLoss, memory_explained
from tejido.training.memory import kept_memory
from tejido.training.trainer import make_trainer, quiet

N = TypeVar("N", bound=nn.Module)


def trainer_of(settings: Stages, monitor: str, folder: Path, records: Sequence[Callback]) -> pl.Trainer:
    """A Trainer that keeps checkpoints in ``folder`` and stops early.

    Args:
        settings: of the recipe.
        monitor: the figure that decides which epoch is best; a loss is better when it is lower.
        folder: of the run.
        records: callbacks that write down figures.

    Raises:
        RecipeError: an option of the trainer that is not the recipe's to set.
    """
    mode = "min" if monitor.endswith("loss") else "max"
    checkpoints = folder / "checkpoints"
    always: dict[str, Any] = {"enable_version_counter": False, "save_on_train_epoch_end": True}
    callbacks = [  # in the order in which they act
        FiniteLoss(),
        *records,
        Patience(monitor, mode=mode, patience=settings.patience, check_on_train_epoch_end=True),
        ModelCheckpoint(checkpoints, "best", monitor=monitor, mode=mode, **always),
        ModelCheckpoint(checkpoints, "last", **always),
    ]
    if settings.ema:
        callbacks.append(EMAWeightAveraging(decay=settings.ema))
    if settings.trainer.get("enable_progress_bar", True):
        callbacks.append(RichProgressBar(leave=True))
    return make_trainer(
        settings,
        max_epochs=settings.head_epochs + settings.epochs,
        callbacks=callbacks,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )


def carry_out(
    trainer: pl.Trainer,
    module: pl.LightningModule,
    network: N,
    train: DataLoader[Any],
    val: DataLoader[Any],
    settings: Stages,
    folder: Path,
) -> N:
    """Train, or go on where a training was interrupted, and return ``network`` with its best weights.

    Args:
        trainer: of ``trainer_of``.
        module: holds ``network`` under that name.
        network: what is wanted of it.
        train: batches of an epoch.
        val: all validation images.
        settings: of the recipe.
        folder: of the run.

    Raises:
        DataError: a checkpoint cannot be read, or belongs to another network.
        TrainingError: a loss that is not finite, or no memory left; checkpoints of finished epochs are kept.
    """
    last = folder / "checkpoints" / "last.ckpt"
    if last.is_file():
        _load(network, last)  # so that a damaged or foreign one is said in a line
    with quiet(), memory_explained(settings.batch), kept_memory():
        trainer.fit(module, train, val, ckpt_path=last if last.is_file() else None, weights_only=True)
    return load_best(network, folder / "checkpoints" / "best.ckpt")


def load_best(network: N, path: Path) -> N:
    """Put the weights of a checkpoint into ``network``, in evaluation mode.

    Raises:
        DataError: the checkpoint is missing or damaged, or belongs to another network.
    """
    _load(network, path)
    return network.cpu().eval()


def _load(network: nn.Module, path: Path) -> None:
    """The weights in a checkpoint; nothing in the file is executed."""
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such checkpoint") from None
    except Exception as error:  # torch reports damaged files with many types
        raise DataError(f"{path}: not a checkpoint ({str(error).splitlines()[0]})") from None
    prefix = "network."
    try:
        network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    except RuntimeError as error:
        raise DataError(f"{path}: a checkpoint of another network ({str(error).splitlines()[0]})") from None
