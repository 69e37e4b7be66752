from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tejido.errors import RecipeError
from tejido.export.compression.low_rank import factorise
from tejido.models import zoo


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def low_rank_conv(outer: int, inner: int, kernel: int, rank: int) -> nn.Conv2d:
    """A convolution whose weight has channel ranks of ``rank`` on both sides."""
    layer = nn.Conv2d(inner, outer, kernel, 2, kernel // 2)
    left, right = torch.randn(outer, rank), torch.randn(rank, inner)
    layer.weight.data = torch.einsum("oa,abhw,bi->oihw", left, torch.randn(rank, rank, kernel, kernel), right)
    return layer


@pytest.mark.parametrize("kernel", [1, 3, 4])
def test_what_has_low_rank_is_kept_exactly(kernel: int) -> None:
    torch.manual_seed(0)
    body = nn.Sequential(low_rank_conv(24, 16, kernel, 3), nn.ReLU())
    image = torch.randn(2, 16, 9, 9)
    expected = body(image)
    before = count(body)
    assert factorise(body, 0.5) == 1
    assert count(body) - 24 <= 0.5 * (before - 24)
    torch.testing.assert_close(body(image), expected, atol=1e-3, rtol=1e-3)
    assert [layer.kernel_size[0] for layer in body[0]] == ([1, 1] if kernel == 1 else [1, kernel, 1])


def test_two_factors_are_the_best_of_their_rank() -> None:
    """Eckart and Young 1936: the squared error is that of the singular values left out."""
    torch.manual_seed(0)
    layer = nn.Conv2d(20, 30, 1, bias=False)
    weight = layer.weight.detach()[:, :, 0, 0].numpy()
    body = nn.Sequential(layer)
    factorise(body, 0.4)
    first, last = body[0]
    product = (last.weight[:, :, 0, 0] @ first.weight[:, :, 0, 0]).detach().numpy()
    values = np.linalg.svd(weight, compute_uv=False)
    rank = int(0.4 * 600 / 50)
    assert first.out_channels == rank == 4
    assert ((weight - product) ** 2).sum() == pytest.approx((values[rank:] ** 2).sum(), rel=1e-4)


@pytest.mark.parametrize("name", ["student_k3", "mobilenetv1_025"])
def test_real_networks_still_work(name: str) -> None:
    network = zoo.build(name, 2, size=64)
    before = count(network.body)
    assert factorise(network.body, 0.5) > 3
    assert count(network.body) < 0.75 * before
    network(torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)).sum().backward()
    depthwise = [layer for layer in network.body.modules() if isinstance(layer, nn.Conv2d) and layer.groups > 1]
    assert (name == "mobilenetv1_025") == bool(depthwise)


def test_more_of_the_weights_is_closer() -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    errors = []
    for share in (0.2, 0.5, 0.9):
        torch.manual_seed(1)
        network = zoo.build("student_k2", 2, size=64).eval()
        expected = network.features(image)
        factorise(network.body, share)
        errors.append(float((network.features(image) - expected).square().mean().detach()))
    assert errors == sorted(errors, reverse=True)


def test_nothing_to_factorise() -> None:
    with pytest.raises(RecipeError, match=r"low_rank: no convolution gets smaller with 0\.001 of its weights"):
        factorise(zoo.build("student_k1", 2, size=64).body, 0.001)
