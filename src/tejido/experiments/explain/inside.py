"""What happens inside a network: the maps of every convolution, and which training images a picture is like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.errors import DataError
from tejido.experiments.explain.subject import Subject, side_of
from tejido.experiments.pictures import pixels_of

CHANNELS = 16
"""Maps of a convolution that are shown: those that differ most over the picture."""
_BATCH = 64


@dataclass(frozen=True)
class Convolution:
    """What one convolution makes of one picture.

    Attributes:
        name: of the layer, in the body.
        channels: that it has.
        maps: ``float32[n, h, w]``, the ones that differ most over the picture, first the one that does most.
    """

    name: str
    channels: int
    maps: Tensor


@torch.inference_mode()
def convolutions(subject: Subject, square: Tensor) -> list[Convolution]:
    """The maps of every convolution of the body, in the order in which they are computed (upc2020's figures 36 to 41).

    Args:
        subject: what is explained.
        square: one picture, ``uint8[1, 3, S, S]``.
    """
    found: list[Convolution] = []
    names = {layer: name for name, layer in subject.network.body.named_modules() if isinstance(layer, nn.Conv2d)}

    def note(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        maps = out[0].float()
        order = maps.flatten(1).std(1).nan_to_num().argsort(descending=True)[:CHANNELS]
        found.append(Convolution(names[layer], len(maps), maps[order].clone()))  # type: ignore[index]

    hooks = [layer.register_forward_hook(note) for layer in names]
    try:
        subject.network(square)
    finally:
        for hook in hooks:
            hook.remove()
    return found


@torch.inference_mode()
def embedding(subject: Subject, squares: Tensor) -> Tensor:
    """Where the network puts pictures, ``float32[B, F]`` of length 1: the vector that its head reads.

    Args:
        subject: what is explained.
        squares: ``uint8[B, 3, S, S]``.
    """
    found = []
    for start in range(0, len(squares), _BATCH):
        features = subject.network.features(squares[start : start + _BATCH])
        vector = features.mean((2, 3)) if subject.network.heatmap else features
        found.append(functional.normalize(vector.float()))
    return torch.cat(found)


@dataclass(frozen=True)
class Similar:
    """A training image that is like a picture.

    Attributes:
        row: of the manifest, with its ``label``.
        likeness: cosine of the two embeddings.
    """

    row: pd.Series
    likeness: float


def similar(
    subject: Subject, squares: Tensor, count: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[list[Similar]]:
    """For every picture the training images, one of a group, that the network puts nearest to it.

    Args:
        subject: what is explained.
        squares: of the pictures, ``uint8[B, 3, S, S]``.
        count: how many.
        progress: called with how many training images were looked at, and of how many.

    Raises:
        DataError: the manifest or the split is gone, or there are fewer groups than ``count``.
    """
    rows = side_of(subject, "train")
    if rows["group_id"].nunique() < count:
        raise DataError(f"{count} similar images were asked for, and training had {rows['group_id'].nunique()} lesions")
    there = []
    batch = []
    for done, pixels in enumerate(pixels_of(rows)):
        batch.append(pixels)
        if len(batch) == _BATCH or done + 1 == len(rows):
            there.append(embedding(subject, subject.squares(batch)))
            batch = []
            progress(done + 1, len(rows))
    likeness = embedding(subject, squares) @ torch.cat(there).T
    found = []
    for values in likeness:
        ranked = rows.assign(likeness=values.numpy()).sort_values("likeness", ascending=False, kind="stable")
        nearest = ranked.drop_duplicates("group_id").head(count)
        found.append([Similar(row, float(row["likeness"])) for _, row in nearest.iterrows()])
    return found
