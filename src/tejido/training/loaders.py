"""From labelled images to batches: drawn by the seed and the epoch, from memory, a cache, or a GPU's memory."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.utils.data import DataLoader

from tejido.recipe import Training
from tejido.training.images import LabelledImages, as_batch, batches
from tejido.training.sampler import EpochSampler

_CHUNK = 1024


def training_batches(data: LabelledImages, settings: Training, seed: int) -> DataLoader[Any]:
    """Batches of an epoch in random order, balanced where the recipe says so; the rest that fills none is left out."""
    return shuffled_batches(data, settings.batch, seed, oversample=settings.balance == "oversample")


def validation_batches(data: LabelledImages, settings: Training) -> DataLoader[Any]:
    """All images in order."""
    return all_batches(data, 4 * settings.batch)


def shuffled_batches(data: LabelledImages, batch: int, seed: int, *, oversample: bool = False) -> DataLoader[Any]:
    """As ``training_batches``, for trainings without classes."""
    sampler = EpochSampler(data.labels, seed, oversample=oversample, turn=data.turn)
    return DataLoader(data, batch, sampler=sampler, drop_last=True, collate_fn=as_batch)


def all_batches(data: LabelledImages, batch: int) -> DataLoader[Any]:
    """All images in order."""
    return DataLoader(data, batch, collate_fn=as_batch)


def resident(data: LabelledImages, device: torch.device) -> LabelledImages:
    """The same data with its images on a GPU, if they take at most half of its free memory; else as they are."""
    if device.type != "cuda" or not len(data):
        return data
    needed = len(data) * data.images[0:1].numel()
    if 2 * needed > torch.cuda.mem_get_info(device)[0]:
        return data
    moved = copy.copy(data)
    moved.images = torch.cat([part.to(device) for part in batches(data.images, _CHUNK)])
    return moved
