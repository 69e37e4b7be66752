from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from tejido.export.compression.fake_quantise import rounding
from tejido.export.storage import rounded
from tests.support.stub_network import images, network


def test_weights_are_those_that_storage_keeps() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 1))
    before = copy.deepcopy(body)
    with rounding(body):
        inside = [body[index].weight.detach().clone() for index in (0, 2)]
    for index, weight in zip((0, 2), inside, strict=True):
        levels, scales = rounded(before[index].weight.detach().numpy())
        np.testing.assert_allclose(weight.numpy(), levels * scales, atol=1e-7)
        assert torch.equal(body[index].weight, weight)
        assert isinstance(body[index].weight, nn.Parameter)
    assert set(body.state_dict()) == set(before.state_dict())


def test_inputs_are_rounded_to_256_levels_while_it_lasts() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False))
    body[0].weight.data.fill_(1)
    image = torch.rand(1, 1, 64, 64)
    with rounding(body):
        answer = body(image)
        assert len(answer.unique()) <= 256
        assert (answer - image).abs().max() <= 0.51 / 255
        body.eval()
        beyond = body(2 * image)  # seen in validation, and so cut off at what training has seen
        assert beyond.max() <= image.max() + 0.51 / 255
    assert torch.equal(body(image), image)


def test_slopes_pass_and_it_can_be_trained() -> None:
    net = network()
    data = images(32)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    with rounding(net.body):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(30):
            loss = nn.functional.cross_entropy(net(data.images), data.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
