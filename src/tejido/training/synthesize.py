"""Training a generator against a discriminator, as a Lightning module."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, RichProgressBar
from torch import Tensor, nn
from torch.nn import functional

from tejido.errors import DataError
from tejido.files import replacing
from tejido.imaging.differentiable import augment
from tejido.models.gan.pair import Generator, Pair
from tejido.recipe import SynthesisRecipe
from tejido.recipe.synthesis import Adversarial
from tejido.training.callbacks import Table
from tejido.training.failures import FiniteLoss, memory_explained
from tejido.training.images import LabelledImages
from tejido.training.loaders import shuffled_batches
from tejido.training.memory import kept_memory
from tejido.training.sampler import generator_for
from tejido.training.trainer import make_trainer, quiet

GRID = 8
"""Rows and columns of a grid of samples."""
COLLAPSED = 0.2
"""Diversity below this share of the real images' is called a collapse."""
_R1_EVERY = 16
_FEW, _MANY = 8, 256
"""Real images of a label that say how much they differ: at least, and at most."""


def fit_generator(pair: Pair, train: LabelledImages, recipe: SynthesisRecipe, folder: Path) -> Generator:
    """Train both, or go on after an interruption, and return the generator that samples come from.

    ``folder`` gets ``metrics.csv`` (losses and diversity by epoch), ``grids/step-*.png`` and ``checkpoints/last.ckpt``.

    Args:
        pair: untrained.
        train: ``uint8[N, 3, S, S]``.
        recipe: says how.
        folder: of the run.

    Raises:
        DataError: the checkpoint cannot be read.
        TrainingError: a loss that is not finite, or no memory left; the last finished epoch is kept.
    """
    settings = recipe.training
    module = SynthesisModule(pair, settings, recipe.seed, spreads(*_some(train)))
    checkpoints = folder / "checkpoints"
    callbacks: list[Callback] = [
        FiniteLoss("try lower rates (training.generator_rate, training.discriminator_rate)"),
        Epochs(folder / "metrics.csv"),
        Grids(folder / "grids", settings.grids),
        ModelCheckpoint(checkpoints, "last", enable_version_counter=False, save_on_train_epoch_end=True),
    ]
    if settings.trainer.get("enable_progress_bar", True):
        callbacks.append(RichProgressBar(leave=True))
    trainer = make_trainer(settings, max_epochs=settings.epochs, callbacks=callbacks, default_root_dir=folder)
    last = checkpoints / "last.ckpt"
    batches = shuffled_batches(train, settings.batch, recipe.seed)
    with quiet(), memory_explained(settings.batch, accumulates=False), kept_memory():
        trainer.fit(module, batches, ckpt_path=last if last.is_file() else None, weights_only=True)
    return load_generator(pair.generator, last)


def load_generator(network: Generator, path: Path) -> Generator:
    """Put the averaged weights of a checkpoint into ``network``, in evaluation mode.

    Raises:
        DataError: the checkpoint is missing or damaged, or belongs to another network.
    """
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        prefix = "average."
        network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    except FileNotFoundError:
        raise DataError(f"{path}: no such checkpoint") from None
    except Exception as error:  # torch reports damaged and foreign files with many types
        raise DataError(f"{path}: not a checkpoint of this generator ({str(error).splitlines()[0]})") from None
    return network.cpu().eval()


class SynthesisModule(pl.LightningModule):
    """One step of the discriminator, then one of the generator, for every batch.

    Randomness of an epoch derives from the seed and the epoch alone, so an interrupted epoch can be redone exactly.

    Args:
        pair: to be trained.
        settings: the recipe's ``training`` section.
        seed: of the run.
        real: ``spreads`` of real images.
    """

    steps: Tensor

    def __init__(self, pair: Pair, settings: Adversarial, seed: int, real: dict[int, float]) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = pair.generator
        self.discriminator = pair.discriminator
        self.average = copy.deepcopy(pair.generator).requires_grad_(False)
        self.settings = settings
        self.seed = seed
        self.real = real
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self._generator = torch.Generator()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the randomness of the epoch; dropout draws from the global generator."""
        if batch_idx == 0:
            self._generator = generator_for(self.seed, self.current_epoch, purpose=2)
            torch.manual_seed(generator_for(self.seed, self.current_epoch, purpose=3).initial_seed())

    def training_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Both steps; what is returned is the sum of both losses, which is looked at and not learned from."""
        images, labels = batch[0], batch[1]
        real = (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        if self.settings.flip:
            real = self._flipped(real)
        of_generator, of_discriminator = self.optimizers()  # type: ignore[attr-defined]
        made = self.network(self._latent(len(real)), labels)
        lost = self._discriminate(real, made.detach(), labels)
        of_discriminator.zero_grad()
        self.manual_backward(lost)
        of_discriminator.step()
        self.discriminator.requires_grad_(False)
        fooled = self._fool(self.discriminator(self._seen(made), labels))
        of_generator.zero_grad()
        self.manual_backward(fooled)
        of_generator.step()
        self.discriminator.requires_grad_(True)
        self._follow()
        self.steps += 1
        for name, value in (("discriminator_loss", lost), ("generator_loss", fooled)):
            self.log(name, value, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(real))
        return (lost + fooled).detach()

    def configure_optimizers(self) -> Any:
        """Adam for either."""
        betas = (self.settings.beta1, 0.999)
        rates = (self.settings.generator_rate, self.settings.discriminator_rate)
        return [
            torch.optim.Adam([{"params": self.network.parameters(), "part": "generator"}], rates[0], betas),
            torch.optim.Adam([{"params": self.discriminator.parameters(), "part": "discriminator"}], rates[1], betas),
        ]

    def _discriminate(self, real: Tensor, made: Tensor, labels: Tensor) -> Tensor:
        settings = self.settings
        says_real = self.discriminator(self._seen(real), labels)
        says_made = self.discriminator(self._seen(made), labels)
        if settings.loss == "hinge":
            loss = functional.relu(1 - says_real).mean() + functional.relu(1 + says_made).mean()
        else:
            said = torch.cat([says_real, says_made])
            truth = torch.cat([torch.ones_like(says_real), torch.zeros_like(says_made)])
            loss = 2 * functional.binary_cross_entropy_with_logits(said, self._blurred(truth))
        if settings.r1 and int(self.steps) % _R1_EVERY == 0:
            real = real.requires_grad_()
            (slope,) = torch.autograd.grad(self.discriminator(real, labels).sum(), real, create_graph=True)
            loss = loss + settings.r1 / 2 * _R1_EVERY * slope.square().sum((1, 2, 3)).mean()
        return loss

    def _fool(self, said: Tensor) -> Tensor:
        if self.settings.loss == "hinge":
            return -said.mean()
        return functional.binary_cross_entropy_with_logits(said, torch.ones_like(said))

    def _blurred(self, wanted: Tensor) -> Tensor:
        """Labels with noise, some of them exchanged."""
        drawn = torch.rand(2, len(wanted), generator=self._generator).to(wanted.device)
        wanted = torch.where(drawn[0] < self.settings.flipped, 1 - wanted, wanted)
        return (wanted - (2 * wanted - 1) * self.settings.noise * drawn[1]).clamp(0, 1)

    def _seen(self, images: Tensor) -> Tensor:
        return augment(images, self._generator) if self.settings.augment else images

    def _flipped(self, images: Tensor) -> Tensor:
        mirror = torch.rand(2, len(images), 1, 1, 1, generator=self._generator).to(images.device) < 0.5
        images = torch.where(mirror[0], images.flip(3), images)
        return torch.where(mirror[1], images.flip(2), images)

    def _latent(self, count: int) -> Tensor:
        return torch.randn(count, self.network.latent, generator=self._generator).to(self.device)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the generator; at first quickly, so that it does not remember the beginning."""
        decay = min(self.settings.ema, (1 + int(self.steps)) / (10 + int(self.steps)))
        now = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point() and "running" not in name:
                value.lerp_(now[name], 1 - decay)
            else:
                value.copy_(now[name])


class Epochs(Table):
    """Losses of every epoch, and diversity: how much samples differ, as a share of what real images do.

    Of a generator with classes it is that of the class whose samples differ least, since a generator that makes one
    picture a class would otherwise pass.
    """

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row."""
        module: SynthesisModule = pl_module  # type: ignore[assignment]
        figures = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        diversity = min((_spread_of(module, name) / value for name, value in module.real.items()), default=math.nan)
        self.add({"epoch": trainer.current_epoch, "step": int(module.steps), **figures, "diversity": diversity})


def _spread_of(module: SynthesisModule, name: int) -> float:
    labels = torch.full((GRID**2,), name) if module.average.classes else None
    return spread(samples_of(module.average, GRID**2, seed=module.seed, labels=labels, device=module.device))


class Grids(Callback):
    """Saves a grid of the same samples after some steps, to see them grow.

    Args:
        folder: of the pictures.
        steps: after which.
    """

    def __init__(self, folder: Path, steps: tuple[int, ...]) -> None:
        self.folder = folder
        self.steps = frozenset(steps)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save one, if it is time."""
        step = int(pl_module.steps)  # type: ignore[arg-type]
        if step in self.steps:
            self._save(pl_module, step)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the last one."""
        self._save(pl_module, int(pl_module.steps))  # type: ignore[arg-type]

    def _save(self, module: pl.LightningModule, step: int) -> None:
        made = samples_of(module.average, GRID**2, seed=module.seed, device=module.device)  # type: ignore[arg-type]
        with replacing(self.folder / f"step-{step:06d}.png") as path:
            grid_of(made).save(path, format="PNG")


@torch.no_grad()
def samples_of(
    network: nn.Module,
    count: int,
    *,
    seed: int,
    labels: Tensor | None = None,
    device: torch.device | str = "cpu",
    batch: int = 64,
) -> Tensor:
    """Images ``uint8[count, 3, S, S]``, the same ones for the same seed, whatever the batch.

    Args:
        network: a generator.
        count: how many.
        seed: of the latent vectors.
        labels: ``int64[count]``, for a network with classes; without it these take turns.
        device: where the network is.
        batch: at a time.
    """
    before = network.training
    network.eval()
    drawn = torch.Generator().manual_seed(seed)
    classes = int(getattr(network, "classes", 0))
    if classes and labels is None:
        labels = torch.arange(count) % classes
    made = []
    for start in range(0, count, batch):
        size = min(batch, count - start)
        latent = vectors(drawn, size, int(network.latent))  # type: ignore[arg-type]
        chosen = None if labels is None else labels[start : start + size].to(device)
        made.append(as_pixels(network(latent.to(device), chosen)))
    network.train(before)
    return torch.cat(made)


def vectors(drawn: torch.Generator, count: int, length: int) -> Tensor:
    """Latent vectors ``float32[count, length]``, each drawn by itself, so that no other changes it.

    Many numbers at once are drawn otherwise than few.
    """
    return torch.stack([torch.randn(length, generator=drawn) for _ in range(count)])


def as_pixels(images: Tensor) -> Tensor:
    """``float32[B, 3, S, S]`` in -1..1 as ``uint8`` on the CPU."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()


def grid_of(images: Tensor, columns: int = GRID, gap: int = 2) -> Image.Image:
    """Images ``uint8[N, 3, S, S]`` side by side on white, row by row."""
    count, _, size, _ = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (size + gap) - gap, columns * (size + gap) - gap, 3), 255, np.uint8)
    for number, one in enumerate(images):
        top, left = (number // columns) * (size + gap), (number % columns) * (size + gap)
        sheet[top : top + size, left : left + size] = one.permute(1, 2, 0).numpy()
    return Image.fromarray(sheet)


def spread(images: Tensor) -> float:
    """Mean distance between two images of ``uint8[N, 3, S, S]``, each reduced to 16 pixels a side."""
    small = functional.adaptive_avg_pool2d(images.float(), 16).flatten(1)
    return float(torch.pdist(small).mean())


def spreads(images: Tensor, labels: Tensor) -> dict[int, float]:
    """``spread`` of the images ``uint8[N, 3, S, S]`` of every label that a few of them have."""
    counts = torch.bincount(labels).tolist()
    return {name: spread(images[labels == name]) for name, count in enumerate(counts) if count >= _FEW}


def _some(train: LabelledImages) -> tuple[Tensor, Tensor]:
    """Up to some hundred images of every label."""
    labels = train.labels.numpy()
    places = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    chosen = np.concatenate([part[:: -(-len(part) // _MANY)] for part in places])
    images, found, *_ = train.__getitems__(chosen.tolist())
    return images, found
