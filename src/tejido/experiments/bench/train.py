"""How fast an epoch of training is: Tejido's own against a plain torch and torchvision loop, on the same images."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from tejido.data.cache.build import build_cache, processors
from tejido.data.cache.read import open_cache
from tejido.data.geometry import Steps
from tejido.errors import DataError
from tejido.experiments.bench.input import table_of
from tejido.experiments.bench.loop import Labelled, PlainLoop, TimedLoader
from tejido.imaging.augment import Augment
from tejido.models import zoo
from tejido.recipe import Training
from tejido.training.classify import ClassifyModule
from tejido.training.failures import FiniteLoss
from tejido.training.images import CachedImages, LabelledImages
from tejido.training.loaders import resident, training_batches
from tejido.training.memory import kept_memory
from tejido.training.trainer import make_trainer, quiet

TEJIDO = "Tejido"
CONTIGUOUS = "torch loop, contiguous"
CHANNELS_LAST = "torch loop, channels-last"
NETWORKS = ("resnet18", "mobilenetv1_050", "mobilenetv2_100")
WANTED = {"mobilenetv1_050": 1.3, "mobilenetv2_100": 1.3}
"""How many times as fast as either loop Tejido must be."""
WAITING = 0.05
"""Largest share of an epoch that may be spent waiting for input."""


@dataclass
class Epoch:
    """One measured epoch.

    Attributes:
        images: how many were trained on.
        seconds: from the first batch asked for to the last step.
        waiting: seconds of it that no batch was there.
        augmenting: seconds of it that a batch was being changed; None where the loader's processes do that, or a GPU.
    """

    images: int
    seconds: float
    waiting: float
    augmenting: float | None = None

    @property
    def rate(self) -> float:
        """Images per second."""
        return self.images / self.seconds


class TejidoEpoch:
    """An epoch of ``tejido train`` on a packed cache; on a GPU in bfloat16, with the images on it.

    Args:
        name: of the network.
        data: the images.
        batch: images in a batch.
    """

    def __init__(self, name: str, data: LabelledImages, batch: int) -> None:
        options: dict[str, Any] = {"enable_progress_bar": False}
        if device().type == "cuda":
            options["precision"] = "bf16-mixed"
        self.settings = Training(
            head_epochs=0,
            epochs=1,
            batch=batch,
            balance="none",
            trainer=options,
        )
        self.augment = _TimedAugment()
        network = zoo.build(name, 2).to(memory_format=torch.channels_last)
        self.module = ClassifyModule(network, self.augment, self.settings, [1, 1], 0)
        self.loader = TimedLoader(training_batches(resident(data, device()), self.settings, seed=0))

    def __call__(self) -> Epoch:
        """Train an epoch."""
        clock = _Clock()
        trainer = make_trainer(
            self.settings,
            max_epochs=1,
            callbacks=[FiniteLoss(), clock],
            enable_checkpointing=False,
        )
        self.augment.seconds = 0.0
        with quiet(), kept_memory():
            trainer.fit(self.module, self.loader)
        torch.use_deterministic_algorithms(False)  # the loop is measured as it comes
        augmenting = self.augment.seconds if device().type == "cpu" else None
        return Epoch(self.loader.images, clock.seconds, self.loader.waited, augmenting)


class LoopEpoch:
    """An epoch of the plain loop, likewise.

    Args:
        name: of the network.
        loader: that decodes in every epoch.
        layout: of weights and batches.
    """

    def __init__(self, name: str, loader: DataLoader[tuple[Tensor, Tensor]], layout: torch.memory_format) -> None:
        self.loop = PlainLoop(zoo.build(name, 2).body, loader, device(), layout)

    def __call__(self) -> Epoch:
        """Train an epoch."""
        start = time.perf_counter()
        images = self.loop()
        return Epoch(images, time.perf_counter() - start, self.loop.loader.waited)


def device() -> torch.device:
    """Where is trained: on the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def measure(
    folder: Path,
    *,
    size: int = 128,
    batch: int = 64,
    images: int = 1024,
    rounds: int = 3,
    networks: tuple[str, ...] = NETWORKS,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train an epoch with every network and every method, in turn, several times over.

    All files are read once before. A first round warms up and is not counted: it starts the loaders' processes. Weights
    and labels are random; only the time counts.

    Args:
        folder: with JPEG or PNG files.
        size: side of the squares.
        batch: images in a batch.
        images: how many pictures of the folder an epoch has, drawn at random.
        rounds: counted rounds.
        networks: by the names of recipes.
        progress: called with what is measured next.

    Returns:
        What was measured (``folder``, ``images``, ``size``, ``batch``, ``rounds``, ``processors``, ``device``), and
        ``networks``: by name and method the ``images per second``, shares ``waiting`` and ``augmenting`` (one figure a
        round) and, on a GPU, the share of an epoch in which it ``computes``; the ``ratios`` of Tejido to either loop
        with what is ``wanted``.

    Raises:
        DataError: the folder has fewer pictures than a batch.
        RecipeError: there is no such network.
    """
    table = table_of(folder)
    table = table.sample(min(images, len(table)), random_state=0).reset_index(drop=True)
    if len(table) < batch:
        raise DataError(f"{folder}: {len(table)} pictures are fewer than a batch of {batch}")
    labels = torch.randint(0, 2, (len(table),), generator=torch.Generator().manual_seed(0))
    workers = processors()
    with tempfile.TemporaryDirectory(prefix="tejido-bench-") as name:
        steps = Steps("centre_square", size)
        build_cache(table, Path(name) / "cache", steps, workers=workers)
        cache = open_cache(Path(name) / "cache", steps)
        data = LabelledImages(CachedImages(cache.pixels, cache.locate(table)["row"].to_numpy()), labels)
        paths = [Path(path) for path in table["path"]]
        loader = plain_loader(paths, labels, size, batch, workers)
        found = {}
        for network in networks:
            methods: dict[str, Callable[[], Epoch]] = {
                TEJIDO: TejidoEpoch(network, data, batch),
                CONTIGUOUS: LoopEpoch(network, loader, torch.contiguous_format),
                CHANNELS_LAST: LoopEpoch(network, loader, torch.channels_last),
            }
            found[network] = _rounds(network, methods, rounds, progress)
    return {
        "folder": folder.name,
        "images": len(table),
        "size": size,
        "batch": batch,
        "rounds": rounds,
        "processors": workers,
        "device": torch.cuda.get_device_name() if device().type == "cuda" else "processor",
        "networks": found,
    }


def plain_loader(
    paths: list[Path], labels: Tensor, size: int, batch: int, workers: int
) -> DataLoader[tuple[Tensor, Tensor]]:
    """The loop's loader, with as many processes as there are processors."""
    return DataLoader(
        Labelled(paths, labels, size),
        batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device().type == "cuda",
    )


def _rounds(
    network: str, methods: dict[str, Callable[[], Epoch]], rounds: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    epochs: dict[str, list[Epoch]] = {method: [] for method in methods}
    for number in range(rounds + 1):
        for method, epoch in methods.items():
            progress(f"{network}: {method}{'' if number else ' (warming up)'}")
            done = epoch()
            if number:
                epochs[method].append(done)
    result: dict[str, Any] = {}
    for method, measured in epochs.items():
        result[method] = {
            "images per second": [epoch.rate for epoch in measured],
            "waiting": [epoch.waiting / epoch.seconds for epoch in measured],
        }
        if measured[0].augmenting is not None:
            result[method]["augmenting"] = [(epoch.augmenting or 0.0) / epoch.seconds for epoch in measured]
        if device().type == "cuda":
            result[method]["computes"] = computing_share(methods[method])
    result["ratios"] = [
        {
            "rival": rival,
            "ratio": statistics.median(
                ours.rate / theirs.rate for ours, theirs in zip(epochs[TEJIDO], epochs[rival], strict=True)
            ),
            "wanted": WANTED.get(network),
        }
        for rival in (CONTIGUOUS, CHANNELS_LAST)
    ]
    return result


def computing_share(epoch: Callable[[], Epoch]) -> float:
    """Share of an epoch in which at least one kernel runs on the GPU, by torch's profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        done = epoch()
    spans = [
        (event.time_range.start, event.time_range.end)
        for event in profile.events() or []
        if event.device_type.name == "CUDA" and not event.name.startswith("Mem")
    ]
    return covered(spans) / 1e6 / done.seconds


def covered(spans: list[tuple[float, float]]) -> float:
    """Length of the union of intervals."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


class _TimedAugment:
    """The default augmentation, with the time it took."""

    def __init__(self) -> None:
        self.augment = Augment()
        self.seconds = 0.0

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        start = time.perf_counter()
        changed = self.augment(images, generator)
        self.seconds += time.perf_counter() - start
        return changed


class _Clock(Callback):
    """Times an epoch."""

    seconds = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seconds = -time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self.seconds += time.perf_counter()
