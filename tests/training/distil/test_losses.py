from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch.nn import functional

from tejido.training.distil.losses import hint_loss, response_loss, similarity_loss, soft_targets


def test_uis2022s_loss_by_hand() -> None:
    """Two images, two classes, tau = 2: every number below can be checked with a pocket calculator."""
    teacher = torch.tensor([[[2.0, 0.0], [0.0, 4.0]]])
    student = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    e = math.exp(1)
    targets = [[e / (e + 1), 1 / (e + 1)], [1 / (e**2 + 1), e**2 / (e**2 + 1)]]
    log_yes, log_no = -math.log(1 + math.exp(-0.5)), -math.log(1 + math.exp(0.5))
    by_hand = (
        -((targets[0][0] * log_yes + targets[0][1] * log_no) + (targets[1][0] * log_no + targets[1][1] * log_yes)) / 2
    )
    soft = soft_targets(teacher, 2.0)
    assert soft.tolist() == [pytest.approx(row) for row in targets]
    assert response_loss(student, soft, 2.0).item() == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.57, abs=0.005)
    assert response_loss(student, soft, 2.0, squared=True).item() == pytest.approx(4 * by_hand)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0, 15.0])
def test_it_equals_an_implementation_on_other_grounds(temperature: float) -> None:
    """scipy's softmax, and torch's Kullback-Leibler divergence plus the targets' own entropy."""
    random = np.random.default_rng(3)
    teacher, student = random.normal(0, 3, (4, 6, 3)), random.normal(0, 3, (6, 3))
    targets = softmax(teacher / temperature, axis=2).mean(0)
    expected = -(targets * log_softmax(student / temperature, axis=1)).sum(1).mean()
    soft = soft_targets(torch.from_numpy(teacher), temperature)
    found = response_loss(torch.from_numpy(student), soft, temperature)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    divergence = functional.kl_div(
        functional.log_softmax(torch.from_numpy(student) / temperature, 1),
        torch.from_numpy(targets),
        reduction="batchmean",
    )
    entropy = -(targets * np.log(targets)).sum(1).mean()
    assert found.item() == pytest.approx(divergence.item() + entropy, rel=1e-5)


def test_with_the_square_the_slope_no_longer_depends_on_a_high_temperature() -> None:
    """Hinton et al. 2015, equation 4: it tends to (z - v) / (N C), if both logits have mean 0."""
    teacher, student = torch.tensor([[[3.0, -1.0, -2.0]]]), torch.tensor([[0.5, 0.5, -1.0]], requires_grad=True)
    for temperature in (100.0, 1000.0):
        (slope,) = torch.autograd.grad(
            response_loss(student, soft_targets(teacher, temperature), temperature, squared=True), student
        )
        torch.testing.assert_close(slope, (student - teacher[0]).detach() / 3, rtol=0.03, atol=0)


def test_hints_are_relative_and_at_the_smaller_size() -> None:
    teacher = torch.randn(2, 4, 8, 8)
    assert hint_loss(teacher, teacher).item() == 0
    assert hint_loss(torch.zeros_like(teacher), teacher).item() == pytest.approx(1)
    assert hint_loss(3 * teacher, teacher).item() == pytest.approx(4)
    smaller = teacher.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
    assert hint_loss(teacher, smaller).item() == pytest.approx(0, abs=1e-12)
    assert hint_loss(smaller, teacher).item() == pytest.approx(0, abs=1e-12)
    assert hint_loss(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)).isfinite()


def test_likeness_by_hand() -> None:
    """Three vectors in the plane; rows of the Gram matrix scaled to length 1."""
    student = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    teacher = torch.tensor([[1.0], [1.0], [1.0]])
    root2, root5, root6 = math.sqrt(2), math.sqrt(2), math.sqrt(6)
    own = np.array([[1 / root2, 0, 1 / root2], [0, 1 / root5, 1 / root5], [1 / root6, 1 / root6, 2 / root6]])
    theirs = np.full((3, 3), 1 / math.sqrt(3))
    assert similarity_loss(student, teacher).item() == pytest.approx(((own - theirs) ** 2).mean())
    maps = torch.randn(5, 7, 4, 4)
    turned = maps.flatten(1) @ torch.linalg.qr(torch.randn(112, 112))[0]
    assert similarity_loss(maps, turned).item() == pytest.approx(0, abs=1e-10)  # lengths and angles are all it sees
