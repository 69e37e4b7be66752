"""One training, from a network to its best weights, resumable after a kill."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint, RichProgressBar
from torch import Tensor
from torch.utils.data import DataLoader

from tejido.errors import DataError
from tejido.imaging.augment import Augment
from tejido.models.network import Network
from tejido.recipe import Recipe
from tejido.training.callbacks import History, Patience
from tejido.training.classify import ClassifyModule
from tejido.training.images import Images, LabelledImages, as_batch, batches
from tejido.training.sampler import EpochSampler

_MONITOR = "val_auc"


def fit(network: Network, train: LabelledImages, val: LabelledImages, recipe: Recipe, folder: Path) -> Network:
    """Train in place and return the network with the weights of the epoch with the best validation AUC.

    ``folder`` gets ``metrics.csv`` and ``checkpoints/{last,best}.ckpt``. Where ``last.ckpt`` exists, training goes on
    after the epoch that it closed; with the same seed, on a CPU, the result equals that of an uninterrupted training.

    Raises:
        DataError: a checkpoint cannot be read.
    """
    settings = recipe.training
    torch.use_deterministic_algorithms(True, warn_only=True)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # hardware listings and advertisements
    counts = torch.bincount(train.labels, minlength=network.classes).tolist()
    augment = Augment(**recipe.augmentation.model_dump(exclude={"drop_metadata"}))
    dropped = recipe.augmentation.drop_metadata
    module = ClassifyModule(network, augment, settings, counts, recipe.seed, drop_metadata=dropped)
    checkpoints = folder / "checkpoints"
    best = ModelCheckpoint(
        checkpoints, "best", monitor=_MONITOR, mode="max", enable_version_counter=False, save_on_train_epoch_end=True
    )
    last = ModelCheckpoint(checkpoints, "last", enable_version_counter=False, save_on_train_epoch_end=True)
    trainer = pl.Trainer(
        accelerator="auto",
        devices=1,
        max_epochs=settings.head_epochs + settings.epochs,
        callbacks=[
            History(folder / "metrics.csv"),
            Patience(_MONITOR, mode="max", patience=settings.patience, check_on_train_epoch_end=True),
            best,
            last,
            RichProgressBar(leave=True),
        ],
        logger=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    sampler = EpochSampler(train.labels, recipe.seed, oversample=settings.balance == "oversample")
    train_loader = DataLoader(train, settings.batch, sampler=sampler, drop_last=True, collate_fn=as_batch)
    val_loader = DataLoader(val, 4 * settings.batch, collate_fn=as_batch)
    resume = checkpoints / "last.ckpt"
    if resume.is_file():
        _read(resume)  # so that a damaged one is said in a line
    with _quiet():
        trainer.fit(module, train_loader, val_loader, ckpt_path=resume if resume.is_file() else None, weights_only=True)
    return load_best(network, checkpoints / "best.ckpt")


def load_best(network: Network, path: Path) -> Network:
    """Put the weights of a checkpoint into ``network``, in evaluation mode.

    Raises:
        DataError: the checkpoint is missing or damaged, or belongs to another network.
    """
    state = _read(path)
    prefix = "network."
    try:
        network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    except RuntimeError as error:
        raise DataError(f"{path}: a checkpoint of another network ({str(error).splitlines()[0]})") from None
    return network.cpu().eval()


@torch.inference_mode()
def logits_of(network: Network, images: Images, context: Tensor | None = None, *, batch: int = 256) -> Tensor:
    """Logits ``float32[N, C]`` of ``uint8[N, 3, S, S]`` and, for a network that takes it, ``float32[N, 3]``.

    In evaluation mode.
    """
    network.eval()
    if context is None:
        return torch.cat([network(part) for part in batches(images, batch)])
    pairs = zip(batches(images, batch), batches(context, batch), strict=True)
    return torch.cat([network(part, beside) for part, beside in pairs])


def _read(path: Path) -> dict[str, Tensor]:
    """The weights in a checkpoint; nothing in the file is executed."""
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such checkpoint") from None
    except Exception as error:  # torch reports damaged files with many types
        raise DataError(f"{path}: not a checkpoint ({str(error).splitlines()[0]})") from None
    return weights


class _quiet(warnings.catch_warnings):  # noqa: N801
    """Silence the trainer's hints about workers, which do not apply to images held in memory."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", module="pytorch_lightning.*")
        warnings.filterwarnings("ignore", module="torch.*")
