"""Training a classifier in two stages, as a Lightning module."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics import AUROC, Metric

from tejido.imaging.augment import Augment
from tejido.models.network import Network
from tejido.recipe import Training
from tejido.training.context import drop_context
from tejido.training.sampler import generator_for
from tejido.training.schedule import staged


class ClassifyModule(pl.LightningModule):
    """Stage 1 trains the head on a frozen body, stage 2 the whole network; One-Cycle rates in each.

    Randomness of an epoch (augmentation, dropout) derives from the seed and the epoch alone, so an interrupted epoch
    can be redone exactly.

    Args:
        network: to be trained.
        augment: applied to training batches.
        settings: the recipe's ``training`` section.
        counts: training images of each label, in order.
        seed: of the run.
        drop_metadata: share of images whose age, sex and site are hidden.
    """

    def __init__(
        self,
        network: Network,
        augment: Augment,
        settings: Training,
        counts: list[int],
        seed: int,
        drop_metadata: float = 0.0,
    ) -> None:
        super().__init__()
        self.drop_metadata = drop_metadata
        self.network = network
        self.augment = augment
        self.settings = settings
        self.seed = seed
        weights = sum(counts) / (len(counts) * torch.tensor(counts, dtype=torch.float32))
        self.register_buffer("class_weights", weights if settings.balance == "weights" else None, persistent=False)
        self.val_auc: Metric = AUROC(task="multiclass", num_classes=len(counts))
        self._generator = torch.Generator()
        self._dropping = torch.Generator()

    def forward(self, images: Tensor, *context: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]``, with ``float32[B, 3]`` where metadata is used, to logits ``float32[B, C]``."""
        return self.network(images, *context)  # type: ignore[no-any-return]

    def on_train_epoch_start(self) -> None:
        """Set the stage and the randomness of this epoch's augmentation."""
        head_only = self.current_epoch < self.settings.head_epochs
        self.network.body.requires_grad_(not head_only)
        self.network.body.train(not head_only)
        self._generator = generator_for(self.seed, self.current_epoch, purpose=2)
        self._dropping = generator_for(self.seed, self.current_epoch, purpose=4)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the randomness of dropout, which draws from the global generator.

        Only here, because before the first batch others draw from it too, and in another order after a restart. The
        number drawn and thrown away keeps the masks that the bundled models were trained with.
        """
        if batch_idx == 0:
            torch.manual_seed(generator_for(self.seed, self.current_epoch, purpose=3).initial_seed())
            if self.current_epoch > 0:
                torch.empty((), dtype=torch.int64).random_()

    def training_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Cross-entropy of an augmented batch."""
        images, labels, *context = batch
        context = [drop_context(part, self.drop_metadata, self._dropping) for part in context]
        logits = self(self.augment(images, self._generator), *context)
        loss = functional.cross_entropy(
            logits,
            labels,
            weight=self.class_weights,  # type: ignore[arg-type]
            label_smoothing=self.settings.label_smoothing,
        )
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(labels))
        return loss

    def validation_step(self, batch: tuple[Tensor, ...], _: int) -> None:
        """Loss and AUC (macro, one against the rest) of an untouched batch."""
        images, labels, *context = batch
        logits = self(images, *context)
        loss = functional.cross_entropy(logits, labels)
        self.val_auc.update(logits.softmax(1), labels)
        self.log("val_loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        self.log("val_auc", self.val_auc, on_step=False, on_epoch=True, prog_bar=True)

    def predict_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Logits of an untouched batch."""
        images, _labels, *context = batch
        return self(images, *context)  # type: ignore[no-any-return]

    def configure_optimizers(self) -> Any:
        """AdamW (its Lightning form: optimizer and a per-step scheduler), a rate for the head and one for the body."""
        settings = self.settings
        groups = [
            {"params": list(self.network.head.parameters()), "lr": 1.0},
            {"params": list(self.network.body.parameters()), "lr": 1.0},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches) // (settings.head_epochs + settings.epochs)

        def rate(step: int, *, first: float, second: float) -> float:
            stage, factor = staged(
                step, steps_per_epoch=steps, head_epochs=settings.head_epochs, epochs=settings.epochs
            )
            return factor * (second if stage else first)

        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            [
                lambda step: rate(step, first=settings.head_rate, second=settings.rate),
                lambda step: rate(step, first=0.0, second=settings.body_rate),
            ],
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
