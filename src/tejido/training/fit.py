"""One training, from a network to its best weights, resumable after a kill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from pytorch_lightning.callbacks import Callback, EMAWeightAveraging, ModelCheckpoint, RichProgressBar
from torch import Tensor

from tejido.errors import DataError
from tejido.imaging.augment import Augment
from tejido.models.network import Network
from tejido.recipe import Recipe, Training
from tejido.training.callbacks import Attention, History, Patience, TensorBoard
from tejido.training.classify import ClassifyModule
from tejido.training.distil.guides import Guide, Response
from tejido.training.distil.module import DistilModule
from tejido.training.distil.views import Views
from tejido.training.failures import FiniteLoss, memory_explained
from tejido.training.images import Images, LabelledImages, batches
from tejido.training.loaders import resident, training_batches, validation_batches
from tejido.training.memory import kept_memory
from tejido.training.trainer import make_trainer, quiet


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
    augment = augment_of(recipe)
    dropped = recipe.augmentation.drop_metadata
    mix = augment.mix if augment.mixes else None
    arguments = network, augment, settings, counts, recipe.seed, mix, dropped
    if teaching is None:
        module = ClassifyModule(*arguments)
    else:
        module = DistilModule(teaching.guide, teaching.alpha, teaching.beta, *arguments, told=teaching.views > 0)
    trainer = make_trainer(
        settings,
        max_epochs=settings.head_epochs + settings.epochs,
        callbacks=_callbacks(settings, folder),
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    device = trainer.strategy.root_device
    train = resident(train, device)
    if teaching is not None and teaching.views:
        assert isinstance(teaching.guide, Response)
        teaching.guide.move(device)
        train = Views(train, augment, teaching.views, recipe.seed, teaching.guide.teachers, teaching.answers)
        module.augment = unchanged
    train_loader = training_batches(train, settings, recipe.seed)
    val_loader = validation_batches(resident(val, device), settings)
    resume = folder / "checkpoints" / "last.ckpt"
    if resume.is_file():
        _load(network, resume)  # so that a damaged or foreign one is said in a line
    with quiet(), memory_explained(settings.batch), kept_memory():
        trainer.fit(module, train_loader, val_loader, ckpt_path=resume if resume.is_file() else None, weights_only=True)
    return load_best(network, folder / "checkpoints" / "best.ckpt")


def unchanged(images: Tensor, _: torch.Generator) -> Tensor:
    """Images that were augmented before."""
    return images


def augment_of(recipe: Recipe) -> Augment:
    """What a recipe does to training images."""
    return Augment(**recipe.augmentation.model_dump(exclude={"drop_metadata"}))


def _callbacks(settings: Training, folder: Path) -> list[Callback]:
    """In the order in which they act."""
    mode = "min" if settings.monitor == "val_loss" else "max"
    checkpoints = folder / "checkpoints"
    history, attention = History(folder / "metrics.csv"), Attention(folder / "attention.csv")
    callbacks = [
        FiniteLoss(),
        history,
        attention,
        TensorBoard(folder / "tensorboard", history, attention),
        Patience(settings.monitor, mode=mode, patience=settings.patience, check_on_train_epoch_end=True),
        ModelCheckpoint(
            checkpoints,
            "best",
            monitor=settings.monitor,
            mode=mode,
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        ),
        ModelCheckpoint(checkpoints, "last", enable_version_counter=False, save_on_train_epoch_end=True),
    ]
    if settings.ema:
        callbacks.append(EMAWeightAveraging(decay=settings.ema))
    if settings.trainer.get("enable_progress_bar", True):
        callbacks.append(RichProgressBar(leave=True))
    return callbacks


def load_best(network: Network, path: Path) -> Network:
    """Put the weights of a checkpoint into ``network``, in evaluation mode.

    Raises:
        DataError: the checkpoint is missing or damaged, or belongs to another network.
    """
    _load(network, path)
    return network.cpu().eval()


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


def _load(network: Network, path: Path) -> None:
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
