"""What a network costs and can do, counted without training it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from tejido.models import student, zoo
from tejido.models.attention import residual_blocks
from tejido.models.network import Network
from tejido.models.shapes import on_meta

FAMILIES: dict[str, tuple[str, ...]] = {
    "Students": student.NAMES,
    "upc2020's CNN": ("upc2020_cnn",),
    "AlexNet": ("alexnet",),
    "VGG": ("vgg11", "vgg13", "vgg16", "vgg19"),
    "SqueezeNet": ("squeezenet1_1", "squeezenet1_0"),
    "ShuffleNetV2": ("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
    "MobileNetV1": ("mobilenetv1_025", "mobilenetv1_050", "mobilenetv1_100"),
    "MobileNetV2": ("mobilenetv2_050", "mobilenetv2_100", "mobilenetv2_140"),
    "MobileNetV3": ("mobilenetv3_small_050", "mobilenetv3_small_100", "mobilenetv3_large_100"),
    "Inception": ("inception_v3",),
    "ResNet": ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    "EfficientNet": tuple(f"efficientnet_b{index}" for index in range(8)),
    "EfficientNet-Lite": tuple(f"tf_efficientnet_lite{index}" for index in range(5)),
}
"""The families of networks that the five theses use, each from small to large. Any other name works as well."""


@dataclass(frozen=True)
class Inventory:
    """A network in figures.

    Attributes:
        name: as in a recipe.
        family: one of ``FAMILIES``, or None.
        classes: number of labels that the counts are for.
        input_size: side in pixels that it is published with, and that ``macs`` is for.
        parameters: trainable numbers.
        parameters_with_statistics: those and the running means and variances of batch normalisation, as Keras counts.
        macs: multiplications with addition of one image, in convolutions and matrix products.
        heatmap: whether a heatmap costs nothing.
        attention_blocks: residual blocks that can take attention residual learning; 0 where it is refused.
    """

    name: str
    family: str | None
    classes: int
    input_size: int
    parameters: int
    parameters_with_statistics: int
    macs: int
    heatmap: bool
    attention_blocks: int


def take(name: str, classes: int = 2) -> Inventory:
    """Count one network.

    Raises:
        RecipeError: there is no network of that name.
    """
    network = zoo.build(name, classes).eval()
    parameters, statistics = count(network)
    return Inventory(
        name=name,
        family=next((family for family, members in FAMILIES.items() if name in members), None),
        classes=classes,
        input_size=network.input_size,
        parameters=parameters,
        parameters_with_statistics=parameters + statistics,
        macs=macs_of(network),
        heatmap=network.heatmap,
        attention_blocks=len(residual_blocks(network.body, name)),
    )


def count(network: Network) -> tuple[int, int]:
    """Trainable numbers, and running means and variances of batch normalisation."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    statistics = sum(buffer.numel() for key, buffer in network.named_buffers() if ".running_" in key)
    return parameters, statistics


def macs_of(network: Network) -> int:
    """Multiplications with addition of one image of the network's size, in convolutions and matrix products."""
    size = network.input_size
    image = torch.zeros(1, 3, size, size, dtype=torch.uint8, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        functional_call(network, on_meta(network), (image,))
    return int(counter.get_total_flops()) // 2
