"""Published figures of structure."""

from __future__ import annotations

import pytest
import torchvision

from tejido.models import zoo
from tejido.models.bodies import names
from tejido.models.inventory import FAMILIES, take

# Our name -> torchvision's, whose published weights state their parameters and operations (1000 classes).
PUBLISHED = {
    "alexnet": "alexnet",
    "squeezenet1_0": "squeezenet1_0",
    "squeezenet1_1": "squeezenet1_1",
    "shufflenet_v2_x0_5": "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0": "shufflenet_v2_x1_0",
    "mobilenetv2_100": "mobilenet_v2",
    "mobilenetv3_small_100": "mobilenet_v3_small",
    "mobilenetv3_large_100": "mobilenet_v3_large",
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "efficientnet_b0": "efficientnet_b0",
    "efficientnet_b1": "efficientnet_b1",
}
# SqueezeNet's last convolution works on the map; as a linear layer behind the mean it does so once. Cells saved:
SQUEEZENET = {"squeezenet1_0": 13 * 13 - 1, "squeezenet1_1": 13 * 13 - 1}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_work_are_the_published_ones(name: str) -> None:
    published = torchvision.models.get_model_weights(PUBLISHED[name]).DEFAULT.meta
    found = take(name, classes=1000)
    assert found.parameters == published["num_params"]
    macs = found.macs + SQUEEZENET.get(name, 0) * 512 * 1000
    # At another size than the publisher's, in proportion to the pixels.
    pixels = (torchvision.models.get_model_weights(PUBLISHED[name]).DEFAULT.transforms().crop_size[0]) ** 2
    assert macs * pixels / found.input_size**2 / 1e9 == pytest.approx(published["_ops"], rel=0.02, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("resnet50", 1000, 25_557_032),
        ("squeezenet1_0", 1000, 1_248_424),
        ("mobilenetv2_100", 1000, 3_504_872),
        ("inception_v3", 1000, 23_834_568),  # without the auxiliary classifier
        ("tf_efficientnet_lite0", 1000, 4_652_008),
        ("upc2020_cnn", 2, 33_611_425),
    ],
)
def test_parameters_of_the_papers(name: str, classes: int, parameters: int) -> None:
    assert take(name, classes).parameters == parameters


def test_keras_counts_statistics_too() -> None:
    """uis2022: MobileNetV1 with two labels; Keras's own documentation: MobileNet 4,253,864, 0.25 wide 475,544."""
    assert take("mobilenetv1_100", 2).parameters_with_statistics == 3_230_914
    assert take("mobilenetv1_100", 1000).parameters_with_statistics == 4_253_864
    assert take("mobilenetv1_025", 1000).parameters_with_statistics == 475_544


def test_what_a_network_can_do() -> None:
    squeezenet, b0, v3 = take("squeezenet1_1"), take("efficientnet_b0"), take("mobilenetv3_small_050")
    assert (squeezenet.heatmap, squeezenet.attention_blocks) == (True, 0)
    assert (b0.heatmap, b0.attention_blocks, b0.input_size) == (True, 9, 224)
    assert (v3.heatmap, v3.family) == (False, "MobileNetV3")
    assert take("regnetx_002").family is None


def test_every_name_of_the_list_can_be_asked_for() -> None:
    listed = [name for members in FAMILIES.values() for name in members]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(names())
    assert zoo.build("mobilenetv1_025", 2).input_size == 128
