"""Training a segmenter in two stages, as a Lightning module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional

from tejido.imaging.steps.lesion import INSIDE
from tejido.models.segmenter import Segmenter
from tejido.recipe import SegmentationRecipe
from tejido.recipe.segmentation import Outlining
from tejido.training import optimizer as optimizers
from tejido.training.callbacks import History, TensorBoard
from tejido.training.classify import Change
from tejido.training.course import carry_out, trainer_of
from tejido.training.failures import check_finite
from tejido.training.fit import augment_of
from tejido.training.images import Images, LabelledImages, batches
from tejido.training.loaders import all_batches, shuffled_batches
from tejido.training.memory import kept_memory
from tejido.training.sampler import generator_for


def fit_segmenter(
    network: Segmenter, train: Images, val: Images, recipe: SegmentationRecipe, folder: Path
) -> Segmenter:
    """Train in place and return the network with the weights of the epoch that is best on validation.

    Files and resuming are those of ``training.fit.fit``.

    Args:
        network: untrained but for its encoder.
        train: ``uint8[N, 4, S, S]``, the fourth channel the lesion mask, 0 or 255.
        val: likewise.
        recipe: says how.
        folder: of the run.

    Raises:
        TejidoError: as ``fit``.
    """
    settings = recipe.training
    module = SegmentModule(network, augment_of(recipe.augmentation), settings, recipe.seed)
    history = History(folder / "metrics.csv")
    records = [history, TensorBoard(folder / "tensorboard", history)]
    trainer = trainer_of(settings, settings.monitor, folder, records)
    train_batches = shuffled_batches(_unlabelled(train), settings.batch, recipe.seed)
    val_batches = all_batches(_unlabelled(val), settings.batch)
    return carry_out(trainer, module, network, train_batches, val_batches, settings, folder)


class SegmentModule(pl.LightningModule):
    """Stage 1 trains the decoder on a frozen encoder, stage 2 both; randomness as in ``ClassifyModule``.

    Args:
        network: to be trained.
        augment: changes picture and mask alike.
        settings: the recipe's ``training`` section.
        seed: of the run.
    """

    def __init__(self, network: Segmenter, augment: Change, settings: Outlining, seed: int) -> None:
        super().__init__()
        self.network = network
        self.augment = augment
        self.settings = settings
        self.seed = seed
        self._generator = torch.Generator()

    def on_train_epoch_start(self) -> None:
        """Set the stage and the randomness of this epoch."""
        head_only = self.current_epoch < self.settings.head_epochs
        self.network.body.requires_grad_(not head_only)
        self.network.body.train(not head_only)
        self._generator = generator_for(self.seed, self.current_epoch, purpose=2)

    def training_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Loss of an augmented batch."""
        with torch.autocast(batch[0].device.type, enabled=False):
            images = self.augment(batch[0], self._generator)
        loss, dice = self._judged(images)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(images))
        self.log("train_dice", dice, on_step=False, on_epoch=True, batch_size=len(images))
        return loss

    def validation_step(self, batch: tuple[Tensor, ...], _: int) -> None:
        """Loss and mean Dice coefficient of an untouched batch."""
        loss, dice = self._judged(batch[0])
        check_finite(loss, f"the validation loss of epoch {self.current_epoch}")
        self.log("val_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]))
        self.log("val_dice", dice, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch[0]))

    def configure_optimizers(self) -> Any:
        """The optimiser and a per-step scheduler, in Lightning's form."""
        epochs = self.settings.head_epochs + self.settings.epochs
        steps = int(self.trainer.estimated_stepping_batches) // epochs
        optimizer, scheduler = optimizers.build([self.network], self.settings, steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def _judged(self, images: Tensor) -> tuple[Tensor, Tensor]:
        truth = (images[:, 3:] >= INSIDE).float()
        logits = self.network(images[:, :3]).float()
        share = self.settings.dice
        by_pixel = functional.binary_cross_entropy_with_logits(logits, truth)
        return (1 - share) * by_pixel + share * dice_loss(logits, truth), dice_of(logits.detach() > 0, truth > 0)


def dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """One minus the soft Dice coefficient of each image (Milletari et al. 2016, without squares), mean over a batch.

    segmentation-models-pytorch's counts all pixels of a batch together, which makes small lesions count little; the
    mean over images is what is reported. With a pixel added to both, so that an empty mask has a gradient.

    Args:
        logits: ``float32[B, 1, S, S]``.
        truth: likewise, 0 or 1.

    Returns:
        A scalar in 0..1.
    """
    seen = logits.sigmoid()
    both = (seen * truth).sum((1, 2, 3))
    sizes = seen.sum((1, 2, 3)) + truth.sum((1, 2, 3))
    return 1 - ((2 * both + 1) / (sizes + 1)).mean()


def dice_of(found: Tensor, truth: Tensor) -> Tensor:
    """Mean over a batch ``bool[B, 1, S, S]`` of the Dice coefficient; 1 where both are empty."""
    both = (found & truth).sum((1, 2, 3))
    sizes = found.sum((1, 2, 3)) + truth.sum((1, 2, 3))
    return torch.where(sizes > 0, 2 * both / sizes.clamp(min=1), 1.0).mean()


@torch.inference_mode()
def outlines_of(network: Segmenter, images: Images, *, batch: int = 64) -> Tensor:
    """What a segmenter sees in ``uint8[N, 3, S, S]``: masks ``uint8[N, 1, S, S]``, 0 or 255."""
    network.eval()
    with kept_memory():
        return torch.cat([(network(part[:, :3]) >= 0).to(torch.uint8) * 255 for part in batches(images, batch)])


def _unlabelled(images: Images) -> LabelledImages:
    return LabelledImages(images, torch.zeros(len(images), dtype=torch.int64))
