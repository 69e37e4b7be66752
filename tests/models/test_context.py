"""Late fusion with age, sex and site."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from tejido.context import SEXES, SITES
from tejido.models import context as contexts
from tejido.models import zoo
from tejido.models.network import Network

NAN = math.nan


def fused(seed: int = 0) -> Network:
    """A network whose head listens to both parts."""
    torch.manual_seed(seed)
    network = zoo.build("mobilenetv1_025", 2, size=64, metadata=True).eval()
    nn.init.normal_(network.head.weight)
    return network


def images(count: int = 2) -> Tensor:
    return torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_age_is_standardised_as_ham10000s(shared: Path) -> None:
    ages = pd.read_csv(shared / "data" / "ham10000" / "HAM10000_metadata.csv")["age"]
    assert ages.mean() == pytest.approx(contexts.AGE_MEAN, abs=0.5)
    assert ages.std() == pytest.approx(contexts.AGE_STD, abs=0.5)


def test_what_the_layers_see() -> None:
    encoder = contexts.ContextEncoder().eval()
    seen: list[Tensor] = []
    encoder.layers.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    rows = torch.tensor([[69.0, 2, 3], [NAN, 0, 0], [52.0, 7, -1], [4000.0, 1, 99]])
    encoder(rows)
    (values,) = seen
    assert values[:, 0].tolist() == [1.0, 0.0, 0.0, pytest.approx((120 - 52) / 17)]
    assert values[:, 1].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert torch.equal(values[0, 2:], torch.cat([encoder.sex.weight[2], encoder.site.weight[3]]))
    assert not values[1, 2:].any()  # unknown: zero, and so are codes that are in no table
    assert not values[2, 2:].any()
    assert not values[3, 6:].any()
    assert (encoder.sex.num_embeddings, encoder.site.num_embeddings) == (len(SEXES) + 1, len(SITES) + 1)


def test_unknown_is_the_default_and_stays_zero_in_training() -> None:
    network = fused()
    unknown = torch.tensor([[NAN, 0, 0]] * 2)
    assert torch.equal(network(images()), network(images(), unknown))
    assert not torch.equal(network(images()), network(images(), torch.tensor([[30.0, 1, 1]] * 2)))
    network.train()
    network(images(), unknown).square().sum().backward()
    encoder = network.head.context
    assert encoder.sex.weight.grad is not None
    assert not encoder.sex.weight.grad[0].any()


def test_every_answer_is_a_number() -> None:
    network = fused()
    rows = [[age, sex, site] for age in (NAN, 0.0, 85.0) for sex in range(3) for site in range(len(SITES) + 1)]
    answers = network(images(1).expand(len(rows), -1, -1, -1), torch.tensor(rows))
    assert answers.isfinite().all()
    assert len(answers[:, 0].unique()) == len(rows)


def test_in_training_known_values_are_hidden_now_and_then() -> None:
    torch.manual_seed(0)
    encoder = contexts.ContextEncoder().train()
    seen: list[Tensor] = []
    encoder.layers.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    encoder(torch.tensor([[40.0, 1.0, 1.0]]).expand(4000, -1))
    hidden = [seen[0][:, 1] == 1, (seen[0][:, 2:6] == 0).all(1), (seen[0][:, 6:] == 0).all(1)]
    assert [part.float().mean().item() for part in hidden] == [pytest.approx(contexts.HIDDEN, abs=0.02)] * 3
    assert 0 < (hidden[0] & hidden[1]).float().mean() < 0.03  # each on its own


def test_the_heatmap_is_the_images_part() -> None:
    network = fused()
    features = network.features(images())
    image, context = network.head.image_weight, network.head.weight[:, -contexts.WIDTH :]
    rows = torch.tensor([[40.0, 1, 2], [NAN, 0, 0]])
    parts = features.mean((2, 3)) @ image.T, network.head.context(rows) @ context.T
    assert torch.allclose(parts[0] + parts[1] + network.head.bias, network.logits(features, rows), atol=1e-5)
    maps = torch.relu(torch.einsum("bfhw,cf->bchw", features, image))
    expected = maps / maps.amax((2, 3), keepdim=True).clamp(min=0.25)
    assert expected.max() > 0.1
    assert torch.allclose(network.activation_maps(features), expected, atol=1e-5)


def test_it_learns_what_only_the_context_tells() -> None:
    torch.manual_seed(0)
    network = zoo.build("mobilenetv1_025", 2, size=32, metadata=True)
    optimizer = torch.optim.Adam(network.head.parameters(), 1e-2)  # what is new, the encoder with it
    features = torch.randn(256, 256)
    context = torch.stack([torch.full((256,), NAN), torch.randint(1, 3, (256,)), torch.zeros(256)], 1)
    labels = (context[:, 1] == 2).long()
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network.head(features, context), labels).backward()
        optimizer.step()
    with torch.no_grad():
        network.eval()
        fresh = torch.randn(256, 256)
        assert (network.head(fresh, context).argmax(1) == labels).float().mean() > 0.9


def test_a_network_without_metadata_takes_no_context() -> None:
    network = zoo.build("mobilenetv1_025", 2, size=32).eval()
    with pytest.raises(ValueError, match="takes no age, sex and site"):
        network(images(1)[:, :, :32, :32], torch.zeros(1, 3))


class Answer(nn.Module):
    """A model file's four inputs."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, age: Tensor, sex: Tensor, site: Tensor) -> Tensor:
        context = contexts.stack(age, sex, site)
        return self.network(image.permute(2, 0, 1).unsqueeze(0), context).softmax(1)[0]


@pytest.mark.filterwarnings("ignore")  # deprecations inside the exporter
def test_it_exports_with_three_more_inputs(tmp_path: Path) -> None:
    module = Answer(fused())
    inputs = torch.zeros(64, 64, 3, dtype=torch.uint8), torch.tensor(50.0), torch.tensor(1), torch.tensor(1)
    names = ["image", "age", "sex", "site"]
    program = torch.onnx.export(module, inputs, input_names=names, opset_version=18, dynamo=True, verbose=False)
    assert program is not None
    model = program.model_proto
    onnx.checker.check_model(model, full_check=True)
    types = {
        item.name: (item.type.tensor_type.elem_type, list(item.type.tensor_type.shape.dim))
        for item in model.graph.input
    }
    assert {name: types[name] for name in names[1:]} == {
        "age": (onnx.TensorProto.FLOAT, []),
        "sex": (onnx.TensorProto.INT64, []),
        "site": (onnx.TensorProto.INT64, []),
    }
    session = ort.InferenceSession(model.SerializeToString())
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    answers = []
    for age, sex, site in [(NAN, 0, 0), (NAN, 2, 8), (31.0, 1, 0), (85.0, 0, 4), (1e9, 99, -3)]:
        given = {"age": np.float32(age), "sex": np.int64(sex), "site": np.int64(site)}
        answer = session.run(None, {"image": pixels} | {key: np.array(value) for key, value in given.items()})[0]
        with torch.no_grad():
            expected = module(torch.from_numpy(pixels), *(torch.tensor(value) for value in given.values()))
        assert np.abs(answer - expected.numpy()).max() < 1e-5
        answers.append(float(answer[0]))
    assert len(set(answers)) == len(answers)
