"""A network of a few dozen weights, for tests of training that need no real one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tejido.models.heads import LinearHead
from tejido.models.network import Network
from tejido.training.images import LabelledImages

SIZE = 16
_TRAITS: dict[str, Any] = {"classes": 2, "input_size": SIZE, "mean": (0.5,) * 3, "std": (0.5,) * 3, "dropout": 0.2}


class Attended(Network):
    """A network with two attention scales, of which only the first ever learns."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__(body, LinearHead(4, 2), **_TRAITS)
        self.first = nn.Parameter(torch.zeros(()))
        self.second = nn.Parameter(torch.zeros(()), requires_grad=False)

    def features(self, image: Tensor) -> Tensor:
        return super().features(image) * (1 + self.first)

    def attention(self) -> dict[str, nn.Parameter]:
        return {"block1": self.first, "block2": self.second}


def network(*, attended: bool = False, seed: int = 0) -> Network:
    """Convolution, batch norm, ReLU, and a linear head of two labels."""
    torch.manual_seed(seed)
    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU())
    if attended:
        return Attended(body)
    return Network(body, LinearHead(4, 2), **_TRAITS)


def images(count: int, seed: int = 0) -> LabelledImages:
    """Noise, brighter where the label is 1, a quarter of the time."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.arange(count) % 4 == 0).long()
    noise = torch.randint(0, 200, (count, 3, SIZE, SIZE), generator=generator)
    return LabelledImages((noise + 40 * labels[:, None, None, None]).to(torch.uint8), labels)
