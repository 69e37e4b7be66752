"""Small networks to be taught by large ones: thesis uis2022's residual student, and others as small."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

RESIDUAL = tuple(f"student_k{blocks}" for blocks in range(1, 9))
"""By the number K of residual blocks."""
DEPTHWISE = "student_dw"
MOBILE = "student_mobile"
"""The front of a published network (``models.bodies``), so that it need not start from nothing."""
NAMES = (*RESIDUAL, DEPTHWISE, MOBILE)
SIZE = 128
"""Pixels a side."""
SMALLEST = 32
"""Pixels of which the strides leave a map of 1 x 1."""
_FILTERS = 32
_EVERY = 4  # blocks after which the filters double
_HALVING = 2  # blocks that halve the map
_DEPTHWISE = ((48, 2), (80, 2), (80, 1), (112, 2), (112, 1), (160, 2), (160, 1))  # channels, stride


def body(name: str) -> tuple[nn.Sequential, int]:
    """The network up to its last feature map, with random weights, and the number of that map's channels.

    A ``student_k<K>`` is an 8x8 convolution of stride 4 and K residual blocks. In a block, T1 is two convolutions with
    batch-norm, T2 a 1x1 convolution with stride 1 that adapts the channels; 32 filters, doubled every four blocks. The
    first two blocks halve the map, T2 behind a mean of 2x2, so that a map has a sixteenth of a side from there on;
    without these strides every block would work on the whole picture. The thesis' convolutions are 4x4, which are even
    and so move a map by half a cell: here only the strided ones are, because there nothing moves. So counts are below
    the published ones.

    ``student_dw`` has depthwise and pointwise convolutions in turn (MobileNetV1's pair, with a shortcut where the shape
    stays): twice the depth and five times the channels of K = 3, for as many numbers.

    Args:
        name: one of ``NAMES``, but for ``MOBILE``.

    Returns:
        Module from ``float32[B, 3, S, S]`` to ``float32[B, F, h, w]``, and F.
    """
    if name == DEPTHWISE:
        module, features = _depthwise()
    else:
        module, features = _residual(int(name.removeprefix("student_k")))
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return module, features


class ResidualBlock(nn.Module):
    """ReLU(T1(x) + T2(x)).

    Args:
        before: channels in.
        filters: channels out.
        stride: 2 halves the map.
    """

    def __init__(self, before: int, filters: int, stride: int) -> None:
        super().__init__()
        first = nn.Conv2d(before, filters, 4, 2, 1, bias=False) if stride == 2 else _conv3(before, filters)
        self.t1 = nn.Sequential(
            first,
            nn.BatchNorm2d(filters),
            nn.ReLU(inplace=True),
            _conv3(filters, filters),
            nn.BatchNorm2d(filters),
        )
        self.t2 = nn.Sequential(
            nn.AvgPool2d(2) if stride == 2 else nn.Identity(),
            nn.Conv2d(before, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, image: Tensor) -> Tensor:
        """``float32[B, before, h, w]`` to ``float32[B, filters, h // stride, w // stride]``."""
        return self.relu(self.t1(image) + self.t2(image))  # type: ignore[no-any-return]


class SeparableBlock(nn.Module):
    """Depthwise 3x3, pointwise 1x1, each with batch-norm and ReLU; a shortcut where the shape stays.

    Args:
        before: channels in.
        channels: channels out.
        stride: 2 halves the map.
    """

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.shortcut = stride == 1 and before == channels
        self.layers = nn.Sequential(
            nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False),
            nn.BatchNorm2d(before),
            nn.ReLU(inplace=True),
            nn.Conv2d(before, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, image: Tensor) -> Tensor:
        """``float32[B, before, h, w]`` to ``float32[B, channels, h', w']``; h' is h over the stride, rounded up."""
        changed = self.layers(image)
        return self.relu(image + changed if self.shortcut else changed)  # type: ignore[no-any-return]


def _residual(blocks: int) -> tuple[nn.Sequential, int]:
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=_stem(_FILTERS, 4))
    before = _FILTERS
    for index in range(blocks):
        filters = _FILTERS * 2 ** (index // _EVERY)
        layers[f"block{index + 1}"] = ResidualBlock(before, filters, 2 if index < _HALVING else 1)
        before = filters
    return nn.Sequential(layers), before


def _depthwise() -> tuple[nn.Sequential, int]:
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=_stem(_FILTERS, 2))
    before = _FILTERS
    for index, (channels, stride) in enumerate(_DEPTHWISE, start=1):
        layers[f"block{index}"] = SeparableBlock(before, channels, stride)
        before = channels
    return nn.Sequential(layers), before


def _stem(filters: int, stride: int) -> nn.Sequential:
    """A convolution twice as wide as its stride: every pixel is seen, and nothing moves."""
    convolution = nn.Conv2d(3, filters, 2 * stride, stride, stride // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(filters), nn.ReLU(inplace=True))


def _conv3(before: int, filters: int) -> nn.Conv2d:
    return nn.Conv2d(before, filters, 3, padding=1, bias=False)
