"""What happens around epochs: tables of figures, and early stopping that survives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EarlyStopping
from tensorboardX import SummaryWriter

from tejido.files import replacing
from tejido.models.network import Network
from tejido.training.optimizer import rates


class Table(Callback):
    """Keeps one row an epoch and rewrites a CSV file after each; part of the checkpoint.

    Args:
        path: the CSV file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def add(self, row: dict[str, float]) -> None:
        """Add an epoch's row."""
        self.rows.append(row)
        with replacing(self.path) as temporary:
            pd.DataFrame(self.rows).to_csv(temporary, index=False)

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of a checkpoint, dropping those of the epoch to be redone."""
        self.rows = list(state_dict["rows"])


class History(Table):
    """Losses, scores and learning rates of training and validation."""

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row."""
        figures = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        last = {f"rate_{part}": rate for part, rate in rates(trainer.optimizers[0]).items()}
        self.add({"epoch": trainer.current_epoch, **figures, **last})


class Attention(Table):
    """The learned scale of every attention block, where the network has any; as validation saw it."""

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row. Averaged weights are still in the network, if this callback stands before theirs."""
        network: Network = pl_module.network  # type: ignore[assignment]
        scales = network.attention()
        if scales:
            values = {name: float(scale.detach()) for name, scale in scales.items()}
            self.add({"epoch": trainer.current_epoch, **values})


class TensorBoard(Callback):
    """Shows the newest row of tables in TensorBoard, with the epoch as step.

    Args:
        folder: of the event files.
        history: scores, each under its name.
        attention: scales, under ``attention/``.
    """

    def __init__(self, folder: Path, history: History, attention: Attention | None = None) -> None:
        self.folder = folder
        self.tables: list[tuple[str, Table]] = [("", history)]
        if attention is not None:
            self.tables.append(("attention/", attention))
        self._writer: SummaryWriter | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the epoch. What an interrupted process wrote of this epoch or later is hidden."""
        epoch = trainer.current_epoch
        if self._writer is None:
            self._writer = SummaryWriter(str(self.folder), purge_step=epoch, filename_suffix=f".{epoch}")
        for prefix, table in self.tables:
            row = table.rows[-1] if table.rows else {}
            for name, value in row.items():
                if name != "epoch":
                    self._writer.add_scalar(prefix + name, value, epoch)
        self._writer.flush()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Close the file."""
        self._close()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Patience(EarlyStopping):
    """Early stopping that, resumed after it had decided to stop, stops at once instead of training one more epoch."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Repeat the decision that the checkpoint holds."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
