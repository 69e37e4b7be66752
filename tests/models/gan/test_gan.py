from __future__ import annotations

import pytest
import torch
from torch import nn

from tejido.models.gan import dcgan, residual


def with_statistics(network: nn.Module) -> int:
    """Parameters as Keras counts them: with the running means and variances of batch norms."""
    running = [value for name, value in network.named_buffers() if "running" in name]
    return sum(p.numel() for p in network.parameters()) + sum(value.numel() for value in running)


def test_the_thesis_counts_hold() -> None:
    assert with_statistics(dcgan.Generator()) == 3_421_936
    assert with_statistics(dcgan.Discriminator()) == 340_865


def test_the_thesis_shapes() -> None:
    made = dcgan.Generator()(torch.randn(2, 100))
    assert made.shape == (2, 3, 128, 128)
    assert made.abs().max() <= 1
    assert dcgan.Discriminator()(made).shape == (2,)


def test_doubling_is_kerass_same() -> None:
    """By hand: with a kernel of ones, pixel (y, x) of the result sums the inputs whose 5x5 stamps cover it."""
    layer = nn.ConvTranspose2d(1, 1, 5, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    picture = torch.arange(9.0).reshape(1, 1, 3, 3)
    result = dcgan._Same(layer)(picture)[0, 0]
    # Keras crops (kernel - stride) = 3 rows and columns in all, one of them before.
    expected = torch.zeros(6, 6)
    for y in range(3):
        for x in range(3):
            for dy in range(5):
                for dx in range(5):
                    row, column = 2 * y + dy - 1, 2 * x + dx - 1
                    if 0 <= row < 6 and 0 <= column < 6:
                        expected[row, column] += picture[0, 0, y, x]
    assert torch.equal(result, expected)


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("classes", [0, 3])
def test_the_other_gan_at_every_size(size: int, classes: int) -> None:
    generator, judge = residual.Generator(size, 16, 8, classes), residual.Discriminator(size, 8, classes)
    labels = torch.tensor([0, 2]) if classes else None
    made = generator(torch.randn(2, 16), labels)
    assert made.shape == (2, 3, size, size)
    judge(made, labels).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in generator.parameters())


def test_the_class_matters_once_it_is_learned() -> None:
    generator = residual.Generator(32, 16, 8, 2).eval()
    latent = torch.randn(1, 16)
    one, other = (generator(latent, torch.tensor([label])) for label in (0, 1))
    assert torch.equal(one, other)  # at first no class differs from another
    for table in generator.modules():
        if isinstance(table, nn.Embedding):
            nn.init.normal_(table.weight)
    one, other = (generator(latent, torch.tensor([label])) for label in (0, 1))
    assert (one - other).abs().max() > 0.01


def test_every_layer_of_the_judge_is_normalised() -> None:
    judge = residual.Discriminator(64, 8, 2)
    judge.train()
    for _ in range(30):  # power iterations
        judge(torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 0, 1]))
    for name, layer in judge.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)
            assert float(largest) == pytest.approx(1, abs=0.1), name
