"""The small CNN of thesis upc2020, trained from nothing."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

NAME = "upc2020_cnn"
SIZE = 256
"""Pixels that the thesis trained with."""
FEATURES = 64
SMALLEST = 8
"""Pixels of which three poolings leave one."""
_CHANNELS = (16, 32, 64)
_HIDDEN = 512


def body(size: int, dropout: float) -> nn.Sequential:
    """Convolutions of 16, 32 and 64 channels (3x3, same), each with 2x2 max-pool and ReLU; dense layers of 512 and 64.

    With the head's one output that makes 33,611,425 parameters at 256 pixels. The first dense layer reads the flattened
    last map, 64 * (size // 8)^2 values, so the count depends on the size: 8,445,601 at 128 pixels.

    The thesis's variants: ``dropout`` 0.2 stands after every pooling and every dense layer; L2 is the optimiser's.
    Starts as Keras does: Glorot uniform weights, zero biases.

    Args:
        size: side of the images in pixels, 8 or more.
        dropout: share of values dropped in training, five times.

    Returns:
        Module from ``float32[B, 3, size, size]`` to ``float32[B, 64]``.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    before = 3
    for index, channels in enumerate(_CHANNELS, start=1):
        layers[f"conv{index}"] = nn.Conv2d(before, channels, 3, padding=1)
        layers[f"pool{index}"] = nn.MaxPool2d(2)  # before the ReLU: the same answer from a quarter of its work
        layers[f"relu{index}"] = nn.ReLU(inplace=True)
        layers[f"drop{index}"] = nn.Dropout(dropout)
        before = channels
    layers["flatten"] = nn.Flatten()
    before *= (size // 2 ** len(_CHANNELS)) ** 2
    for index, width in enumerate((_HIDDEN, FEATURES), start=len(_CHANNELS) + 1):
        layers[f"dense{index}"] = nn.Linear(before, width)
        layers[f"relu{index}"] = nn.ReLU(inplace=True)
        layers[f"drop{index}"] = nn.Dropout(dropout)
        before = width
    for layer in layers.values():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return nn.Sequential(layers)
