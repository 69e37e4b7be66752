"""What the packed cache is compared with: tf.data and a torch DataLoader that decode, and tf.data's own cache.

Every function returns an epoch: called once, it draws every image in batches, in random order, and returns how many.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Epoch = Callable[[], int]


def tensorflow() -> ModuleType | None:
    """The module where it is installed, told to be quiet and to stay on the processor; else None."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ModuleNotFoundError:
        return None
    tf.config.set_visible_devices([], "GPU")
    return tf  # type: ignore[no-any-return]


def tf_data(
    tf: Any, paths: list[Path], size: int, batch: int, *, antialias: bool = False, cache: bool = False
) -> Epoch:
    """tf.data: read, decode, crop the centre, resize.

    Args:
        tf: the module.
        paths: JPEG files.
        size: side of the squares.
        batch: images in a batch.
        antialias: resize with the filter that the cache uses; without it tf.data has less to compute.
        cache: decode in the first epoch only and keep the pixels, as uint8, in memory.
    """

    def load(path: Any) -> Any:
        image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
        height, width = tf.shape(image)[0], tf.shape(image)[1]
        side = tf.minimum(height, width)
        image = tf.image.crop_to_bounding_box(image, (height - side) // 2, (width - side) // 2, side, side)
        image = tf.image.resize(image, (size, size), antialias=antialias)
        return tf.cast(tf.round(image), tf.uint8)

    names = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    if cache:
        pictures = names.map(load, num_parallel_calls=tf.data.AUTOTUNE).cache().shuffle(len(paths))
    else:
        pictures = names.shuffle(len(paths)).map(load, num_parallel_calls=tf.data.AUTOTUNE)
    data = pictures.batch(batch).prefetch(tf.data.AUTOTUNE)
    return lambda: sum(int(images.shape[0]) for images in data)


class DecodedEachTime(Dataset[Tensor]):
    """Pictures read, decoded, cropped and resized whenever they are asked for, as it is usually written.

    Args:
        paths: image files.
        size: side of the squares.
    """

    def __init__(self, paths: list[Path], size: int) -> None:
        self.paths = paths
        self.size = size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        with Image.open(self.paths[index]) as file:
            image = file.convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side))
        pixels = np.array(square.resize((self.size, self.size), Image.Resampling.BILINEAR))
        return torch.from_numpy(pixels).permute(2, 0, 1)


def torch_loader(paths: list[Path], size: int, batch: int, workers: int) -> Epoch:
    """A torch DataLoader whose processes decode in every epoch and live on between epochs."""
    loader = DataLoader(
        DecodedEachTime(paths, size),
        batch,
        shuffle=True,
        num_workers=workers,
        persistent_workers=True,
        multiprocessing_context="spawn",  # TensorFlow's threads do not survive a fork
    )
    return partial(count, loader)


def count(loader: DataLoader[Any]) -> int:
    """Draw everything from a loader and count it."""
    return sum(len(item[0] if isinstance(item, tuple) else item) for item in loader)
