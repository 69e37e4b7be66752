"""One training, from a network to its best weights, resumable after a kill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tejido.imaging.augment import Augment
from tejido.models.network import Network
from tejido.recipe import Augmentation, Recipe
from tejido.training.callbacks import Attention, History, TensorBoard
from tejido.training.classify import ClassifyModule
from tejido.training.course import carry_out, trainer_of
from tejido.training.distil.guides import Guide, Response
from tejido.training.distil.module import DistilModule
from tejido.training.distil.views import Views
from tejido.training.images import Images, LabelledImages, batches
from tejido.training.loaders import resident, training_batches, validation_batches
from tejido.training.memory import kept_memory


@dataclass(frozen=True)
class Teaching:
    """What a student hears besides the labels.

    Attributes:
        guide: of the training.
        alpha: weight of the labels' loss.
        beta: weight of the guide's.
        views: number of prepared views; 0 augments anew in every epoch. Only with ``Response``.
        answers: folder in which the teachers' answers about views are kept, or None.
    """

    guide: Guide
    alpha: float
    beta: float
    views: int = 0
    answers: Path | None = None


def fit(
    network: Network,
    train: LabelledImages,
    val: LabelledImages,
    recipe: Recipe,
    folder: Path,
    teaching: Teaching | None = None,
) -> Network:
    """Train in place and return the network with the weights of the epoch that is best on validation.

    ``folder`` gets ``metrics.csv``, ``attention.csv`` where the network has attention, ``tensorboard/`` and
    ``checkpoints/{last,best}.ckpt``. Where ``last.ckpt`` exists, training goes on after the epoch that it closed; with
    the same seed, on a CPU, the result equals that of an uninterrupted training.

    Raises:
        DataError: a checkpoint cannot be read, or belongs to another network.
        RecipeError: an option of the trainer that is not the recipe's to set.
        TrainingError: a loss that is not finite, or no memory left; checkpoints of finished epochs are kept.
    """
    settings = recipe.training
    counts = torch.bincount(train.labels, minlength=network.classes).tolist()
    augment = augment_of(recipe.augmentation)
    dropped = recipe.augmentation.drop_metadata
    mix = augment.mix if augment.mixes else None
    arguments = network, augment, settings, counts, recipe.seed, mix, dropped
    if teaching is None:
        module = ClassifyModule(*arguments)
    else:
        module = DistilModule(teaching.guide, teaching.alpha, teaching.beta, *arguments, told=teaching.views > 0)
    history, attention = History(folder / "metrics.csv"), Attention(folder / "attention.csv")
    records = [history, attention, TensorBoard(folder / "tensorboard", history, attention)]
    trainer = trainer_of(settings, settings.monitor, folder, records)
    device = trainer.strategy.root_device
    train = resident(train, device)
    if teaching is not None and teaching.views:
        assert isinstance(teaching.guide, Response)
        teaching.guide.move(device)
        train = Views(train, augment, teaching.views, recipe.seed, teaching.guide.teachers, teaching.answers)
        module.augment = unchanged
    train_loader = training_batches(train, settings, recipe.seed)
    val_loader = validation_batches(resident(val, device), settings)
    return carry_out(trainer, module, network, train_loader, val_loader, settings, folder)


def unchanged(images: Tensor, _: torch.Generator) -> Tensor:
    """Images that were augmented before."""
    return images


def augment_of(section: Augmentation) -> Augment:
    """What a recipe does to training images."""
    return Augment(**section.model_dump(exclude={"drop_metadata"}))


@torch.inference_mode()
def logits_of(network: Network, images: Images, context: Tensor | None = None, *, batch: int = 256) -> Tensor:
    """Logits ``float32[N, C]`` of ``uint8[N, 3, S, S]`` and, for a network that takes it, ``float32[N, 3]``.

    In evaluation mode.
    """
    network.eval()
    with kept_memory():
        if context is None:
            return torch.cat([network(part) for part in batches(images, batch)])
        pairs = zip(batches(images, batch), batches(context, batch), strict=True)
        return torch.cat([network(part, beside) for part, beside in pairs])
