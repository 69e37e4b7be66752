"""What happens around epochs: the history table and early stopping that survives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EarlyStopping

from tejido.files import replacing


class History(Callback):
    """Keeps one row of figures an epoch and rewrites ``metrics.csv`` after each; part of the checkpoint.

    Args:
        path: the CSV file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row."""
        figures = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        rates = {f"rate_{name}": g["lr"] for name, g in zip(("head", "body"), trainer.optimizers[0].param_groups)}  # noqa: B905
        self.rows.append({"epoch": trainer.current_epoch, **figures, **rates})
        with replacing(self.path) as temporary:
            pd.DataFrame(self.rows).to_csv(temporary, index=False)

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of a checkpoint, dropping those of the epoch to be redone."""
        self.rows = list(state_dict["rows"])


class Patience(EarlyStopping):
    """Early stopping that, resumed after it had decided to stop, stops at once instead of training one more epoch."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Repeat the decision that the checkpoint holds."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
