from __future__ import annotations

import pytest
import torch
from torch import nn

from tejido.errors import RecipeError
from tejido.models import zoo
from tejido.models.heads import SigmoidHead


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_parameters_of_the_thesis_layer_by_layer() -> None:
    network = zoo.build("upc2020_cnn", 2)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert [count(layer) for layer in layers] == [448, 4640, 18496, 33_554_944, 32_832, 65]
    assert count(network) == 33_611_425
    assert network.input_size == 256


@pytest.mark.parametrize("size", [128, 100])
def test_the_first_dense_layer_follows_the_input(size: int) -> None:
    network = zoo.build("upc2020_cnn", 2, size=size)
    cells = (size // 2 // 2 // 2) ** 2
    assert count(network) == 448 + 4640 + 18496 + 512 * (64 * cells + 1) + 32_832 + 65
    assert network(torch.zeros(2, 3, size, size, dtype=torch.uint8)).shape == (2, 2)


def test_its_variants_are_dropout_in_five_places_or_none() -> None:
    """Behind every pooling and every dense layer, as in the thesis's listings; L2 is the optimiser's."""
    assert count(zoo.build("upc2020_cnn", 2, size=32, dropout=0.2)) == count(zoo.build("upc2020_cnn", 2, size=32))
    network = zoo.build("upc2020_cnn", 2, size=32, dropout=0.2)
    names = [type(layer).__name__ for layer in network.body]
    dropout = [i for i, name in enumerate(names) if name == "Dropout"]
    assert [names[i - 1] for i in dropout] == ["ReLU"] * 5
    assert [names[i - 2] for i in dropout] == ["MaxPool2d"] * 3 + ["Linear"] * 2  # in the thesis behind the ReLU
    assert {layer.p for layer in network.modules() if isinstance(layer, nn.Dropout)} == {0.2}
    assert network.dropout == 0
    image = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    assert not torch.equal(network.train()(image), network(image))
    assert torch.equal(network.eval()(image), network(image))


def test_one_sigmoid_output_as_two_logits() -> None:
    network = zoo.build("upc2020_cnn", 2, size=32).eval()
    assert isinstance(network.head, SigmoidHead)
    vector = network.features(torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8))
    score = vector @ network.head.weight[0] + network.head.bias
    probabilities = network.logits(vector).softmax(1)
    assert torch.allclose(probabilities[:, 1], torch.sigmoid(score), atol=1e-6)
    with pytest.raises(ValueError, match="no heatmap"):
        network.activation_maps(vector)


def test_values_are_scaled_to_0_1() -> None:
    network = zoo.build("upc2020_cnn", 2, size=32)
    network.body = nn.Identity()
    assert network.features(torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)).unique().tolist() == [1.0]


def test_weights_start_as_keras_starts_them() -> None:
    """Glorot uniform: bounded by sqrt(6 / (fan in + fan out)), with the variance 2 / (fan in + fan out); biases 0."""
    torch.manual_seed(0)
    network = zoo.build("upc2020_cnn", 2, size=64)
    for layer, fans in ((network.body.dense4, 4096 + 512), (network.body.conv3, 9 * (32 + 64)), (network.head, 65)):
        assert layer.weight.abs().max() <= (6 / fans) ** 0.5
        assert layer.weight.var().item() == pytest.approx(2 / fans, rel=0.35 if fans == 65 else 0.05)
        assert not layer.bias.any()


def test_more_labels_and_too_few_pixels() -> None:
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    assert zoo.build("upc2020_cnn", 3, size=32).eval()(image).shape == (1, 3)
    with pytest.raises(RecipeError, match="cannot take images of 7 pixels; the smallest that it takes is 8"):
        zoo.build("upc2020_cnn", 2, size=7)


def test_pooling_before_the_relu_changes_nothing() -> None:
    """The thesis has the ReLU first. Slopes too: a maximum of 0 or less has none either way."""
    maps = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    pool, relu = nn.MaxPool2d(2), nn.ReLU()
    answers = [pool(relu(maps)), relu(pool(maps))]
    slopes = [torch.autograd.grad((answer**2).sum(), maps)[0] for answer in answers]
    assert torch.equal(*answers)
    assert torch.equal(*slopes)
