"""Training a classifier in two stages, as a Lightning module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import AUROC, MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from tejido.models.network import Network
from tejido.recipe import Training
from tejido.training import optimizer as optimizers
from tejido.training.context import drop_context
from tejido.training.failures import check_finite
from tejido.training.loss import classification_loss
from tejido.training.sampler import generator_for

Change = Callable[[Tensor, torch.Generator], Tensor]
"""Random changes to a batch of images, drawn from a generator on the CPU."""
Mix = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""Mixes the images of a batch and, alike, their labels ``float32[B, C]``: mixup and its kin."""


class ClassifyModule(pl.LightningModule):
    """Stage 1 trains the head on a frozen body, stage 2 the whole network.

    Randomness of an epoch (augmentation, dropout) derives from the seed and the epoch alone, so an interrupted epoch
    can be redone exactly. A batch is images, labels and whatever else the network's ``forward`` takes after the images.

    Args:
        network: to be trained.
        augment: applied to training batches.
        settings: the recipe's ``training`` section.
        counts: training images of each label, in order.
        seed: of the run.
        mix: applied to augmented batches and their labels.
        drop_metadata: share of images whose age, sex and site are hidden.
    """

    def __init__(
        self,
        network: Network,
        augment: Change,
        settings: Training,
        counts: list[int],
        seed: int,
        mix: Mix | None = None,
        drop_metadata: float = 0.0,
    ) -> None:
        super().__init__()
        self.drop_metadata = drop_metadata
        self.network = network
        self.augment = augment
        self.settings = settings
        self.seed = seed
        self.mix = mix
        self.classes = len(counts)
        weights = sum(counts) / (self.classes * torch.tensor(counts, dtype=torch.float32))
        self.register_buffer("class_weights", weights if settings.balance == "weights" else None, persistent=False)
        self.train_metrics = _metrics(self.classes, "train_")
        self.val_metrics = _metrics(self.classes, "val_")
        self._generator = torch.Generator()
        self._dropping = torch.Generator()

    @property
    def learners(self) -> list[Network]:
        """The networks that are trained, with a body and a head each."""
        return [self.network]

    @property
    def trained(self) -> list[nn.Module]:
        """Everything that is trained."""
        return [*self.learners]

    def forward(self, images: Tensor, *context: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]`` to logits ``float32[B, C]``."""
        return self.network(images, *context)  # type: ignore[no-any-return]

    def on_train_epoch_start(self) -> None:
        """Set the stage and the randomness of this epoch's augmentation."""
        head_only = self.current_epoch < self.settings.head_epochs
        for network in self.learners:
            network.body.requires_grad_(not head_only)
            network.body.train(not head_only)
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
        """Loss of an augmented batch; figures of it are those of the images as they were seen, balanced and mixed."""
        images, labels, *context = batch
        context = [drop_context(part, self.drop_metadata, self._dropping) for part in context]
        targets = labels
        with torch.autocast(images.device.type, enabled=False):
            images = self.augment(images, self._generator)
            if self.mix is not None:
                shares = functional.one_hot(labels, self.classes).float()
                images, targets = self.mix(images, shares, self._generator)
                labels = targets.argmax(1)
        logits, loss = self.learn(images, targets, context)
        self.train_metrics.update(logits.detach().float().softmax(1), labels)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(labels))
        self.log_dict(self.train_metrics, on_step=False, on_epoch=True, batch_size=len(labels))
        return loss

    def learn(self, images: Tensor, targets: Tensor, context: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The network's logits for a batch as it is seen, and the loss that is minimised."""
        logits = self(images, *context)
        return logits, self.loss_of_labels(logits, targets)

    def loss_of_labels(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy or focal loss, as the recipe says."""
        return classification_loss(
            logits,
            targets,
            weights=self.class_weights,  # type: ignore[arg-type]
            smoothing=self.settings.label_smoothing,
            gamma=self.settings.focal_gamma,
        )

    def validation_step(self, batch: tuple[Tensor, ...], _: int) -> None:
        """Cross-entropy, AUC (macro, one against the rest) and accuracies of an untouched batch."""
        images, labels, *context = batch
        logits = self(images, *context)
        loss = functional.cross_entropy(logits, labels)
        check_finite(loss, f"the validation loss of epoch {self.current_epoch}")
        self.val_metrics.update(logits.float().softmax(1), labels)
        self.log("val_loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        self.log_dict(self.val_metrics, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(labels))

    def configure_optimizers(self) -> Any:
        """The optimiser and a per-step scheduler, in Lightning's form."""
        epochs = self.settings.head_epochs + self.settings.epochs
        steps = int(self.trainer.estimated_stepping_batches) // epochs
        optimizer, scheduler = optimizers.build(self.trained, self.settings, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def _metrics(classes: int, prefix: str) -> MetricCollection:
    # labels are not checked at every step, for which a GPU would have to be waited for
    return MetricCollection(
        {
            "auc": AUROC(task="multiclass", num_classes=classes, validate_args=False),
            "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
            "balanced_accuracy": MulticlassAccuracy(classes, average="macro", validate_args=False),
        },
        prefix=prefix,
    )
