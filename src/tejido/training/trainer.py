"""Lightning's Trainer: the options that a recipe may set, and those that the run decides."""

from __future__ import annotations

import difflib
import inspect
import logging
import warnings
from typing import Any, Protocol

import pytorch_lightning as pl
import torch

from tejido.errors import RecipeError

_EPOCHS = "it follows from training.head_epochs and training.epochs"
_ONE_DEVICE = "a run uses one device; CUDA_VISIBLE_DEVICES says which"
_EXACT = "the run decides it, so that it can be resumed exactly"
_FOLDER = "the run decides it and keeps its files in one folder"
DECIDED = {
    "max_epochs": _EPOCHS,
    "min_epochs": _EPOCHS,
    "max_steps": _EPOCHS,
    "min_steps": _EPOCHS,
    "max_time": _EPOCHS,
    "fast_dev_run": _EPOCHS,
    "overfit_batches": "use data.limit",
    "limit_train_batches": "use data.limit",
    "limit_val_batches": "the split decides which images are used",
    "limit_test_batches": "the split decides which images are used",
    "limit_predict_batches": "the split decides which images are used",
    "devices": _ONE_DEVICE,
    "num_nodes": _ONE_DEVICE,
    "strategy": _ONE_DEVICE,
    "use_distributed_sampler": _ONE_DEVICE,
    "sync_batchnorm": _ONE_DEVICE,
    "val_check_interval": _EXACT,
    "check_val_every_n_epoch": _EXACT,
    "num_sanity_val_steps": _EXACT,
    "reload_dataloaders_every_n_epochs": _EXACT,
    "deterministic": _EXACT,
    "callbacks": "the run decides it",
    "plugins": "the run decides it",
    "barebones": "the run decides it",
    "enable_checkpointing": "the run decides it",
    "enable_model_summary": "the run decides it",
    "logger": _FOLDER,
    "default_root_dir": _FOLDER,
    "model_registry": _FOLDER,
    "enable_autolog_hparams": _FOLDER,
}
"""Option of the Trainer: why a recipe does not set it."""
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
"""Weights are float32 in each of them."""


class Settings(Protocol):
    """A section of a recipe that may set options of the Trainer."""

    @property
    def trainer(self) -> dict[str, Any]:
        """Them."""


def check_options(settings: Settings) -> dict[str, Any]:
    """The recipe's ``training.trainer``, once every name in it is known to be one that a recipe may set.

    Raises:
        RecipeError: an option that does not exist, with the nearest that does, or one that the run decides, or a
            precision in which weights are not float32.
    """
    known = [name for name in inspect.signature(pl.Trainer.__init__).parameters if name != "self"]
    for name in settings.trainer:
        if name in DECIDED:
            raise RecipeError(f"training.trainer.{name} cannot be set; {DECIDED[name]}")
        if name not in known:
            near = difflib.get_close_matches(name, [key for key in known if key not in DECIDED], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise RecipeError(f"training.trainer: Lightning's Trainer has no option {name!r}{hint}")
    precision = settings.trainer.get("precision", PRECISIONS[0])
    if precision not in PRECISIONS:
        raise RecipeError(f"training.trainer.precision: choose one of {', '.join(PRECISIONS)}, not {precision!r}")
    return dict(settings.trainer)


def make_trainer(settings: Settings, **decided: Any) -> pl.Trainer:
    """A Trainer with the recipe's options and the run's own, on one device, as repeatable as torch can be.

    Raises:
        RecipeError: as ``check_options``, or a value that the Trainer does not take on this machine.
    """
    options = check_options(settings)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # costs time, changes nothing
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # hardware listings and advertisements
    try:
        return pl.Trainer(**decided, **options, devices=1, logger=False, enable_model_summary=False)
    except Exception as error:  # Lightning reports a bad value with many types
        if not options:
            raise
        raise RecipeError(f"training.trainer: {' '.join(str(error).split())}") from None


class quiet(warnings.catch_warnings):  # noqa: N801
    """Silence the trainer's hints about workers, which do not apply to images held in memory."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", module="pytorch_lightning.*")
        warnings.filterwarnings("ignore", module="torch.*")
