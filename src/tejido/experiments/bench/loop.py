"""What Tejido's training is compared with: torch and torchvision as their tutorials put them together.

Files are decoded in every epoch by the loader's processes, every image is changed by itself with
``torchvision.transforms.v2``, and a plain loop trains. The same changes as ``imaging.augment`` makes, as far as
torchvision has them: it has no colour temperature.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import InterpolationMode, v2

from tejido.experiments.bench.rivals import DecodedEachTime
from tejido.imaging.jpeg import through_file
from tejido.recipe import Augmentation

_HALF = (0.5, 0.5, 0.5)


class Labelled(Dataset[tuple[Tensor, Tensor]]):
    """Pictures decoded and changed whenever they are asked for.

    Args:
        paths: image files.
        labels: ``int64[N]``.
        size: side of the squares.
    """

    def __init__(self, paths: list[Path], labels: Tensor, size: int) -> None:
        self.pictures = DecodedEachTime(paths, size)
        self.labels = labels
        self.changes = transforms(Augmentation())

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.changes(self.pictures[index]), self.labels[index]


def transforms(settings: Augmentation) -> v2.Compose:
    """The recipe's augmentation with torchvision's means: ``uint8[3, S, S]`` to normalised ``float32[3, S, S]``."""
    return v2.Compose(
        [
            v2.RandomAffine(
                settings.rotation,
                translate=(settings.shift, settings.shift),
                scale=(1 / settings.zoom, settings.zoom),
                interpolation=InterpolationMode.BILINEAR,
            ),
            v2.RandomHorizontalFlip(0.5 * settings.flip),
            v2.ColorJitter(settings.brightness, settings.contrast, settings.saturation),
            v2.RandomApply([v2.GaussianBlur(9, (0.3, 1.5))], settings.blur),
            v2.RandomAdjustSharpness(1.5, settings.sharpen),
            v2.RandomApply([_Jpeg()], settings.jpeg),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(_HALF, _HALF),
        ]
    )


class _Jpeg(nn.Module):
    """Through Pillow; torchvision's own compression is deprecated."""

    def forward(self, image: Tensor) -> Tensor:
        return through_file(image, int(torch.randint(40, 96, ())))


class TimedLoader:
    """A loader that notes how long it was waited for.

    Attributes:
        waited: seconds of the newest epoch in which no batch was there.
        images: how many it has given in that epoch.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.loader = loader
        self.waited = 0.0
        self.images = 0

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        self.waited, self.images = 0.0, 0
        batches = iter(self.loader)
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.waited += time.perf_counter() - start
            if batch is None:
                return
            self.images += len(batch[1])
            yield batch


class PlainLoop:
    """A training loop by hand; called once it trains an epoch.

    Args:
        body: from images to a feature map.
        loader: of images and labels.
        device: where the network is.
        layout: of the network's weights and the batches, ``torch.contiguous_format`` or ``torch.channels_last``.
    """

    def __init__(
        self,
        body: nn.Module,
        loader: DataLoader[tuple[Tensor, Tensor]],
        device: torch.device,
        layout: torch.memory_format,
    ) -> None:
        network = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(2))
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, 64, 64))  # tells the last layer how many features there are
        self.network = network.to(device).to(memory_format=layout).train()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-3)
        self.loader = TimedLoader(loader)
        self.device = device
        self.layout = layout

    def __call__(self) -> int:
        """Train an epoch; returns how many images it saw."""
        for pixels, truth in self.loader:
            images = pixels.to(self.device, memory_format=self.layout, non_blocking=True)
            labels = truth.to(self.device, non_blocking=True)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
                loss = nn.functional.cross_entropy(self.network(images), labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return self.loader.images
