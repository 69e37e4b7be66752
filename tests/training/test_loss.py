from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from tejido.training.loss import classification_loss

# softmax of log p is p
P = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
LABELS = torch.tensor([0, 1, 1])
WEIGHTS = torch.tensor([0.5, 2.0])


def test_focal_loss_by_hand() -> None:
    # (1 - p of the true label)^2 x -log of it
    terms = [0.1**2 * -math.log(0.9), 0.6**2 * -math.log(0.4), 0.2**2 * -math.log(0.8)]
    assert classification_loss(P.log(), LABELS, gamma=2).item() == pytest.approx(sum(terms) / 3)
    weighted = 0.5 * terms[0] + 2 * terms[1] + 2 * terms[2]
    found = classification_loss(P.log(), LABELS, gamma=2, weights=WEIGHTS)
    assert found.item() == pytest.approx(weighted / 4.5)


def test_focal_loss_of_mixed_labels_by_hand() -> None:
    shares = torch.tensor([[0.7, 0.3], [0.0, 1.0], [0.5, 0.5]])
    expected = sum(
        -q * (1 - p) ** 2 * math.log(p)
        for ps, qs in zip(P.tolist(), shares.tolist(), strict=True)
        for p, q in zip(ps, qs, strict=True)
    )
    assert classification_loss(P.log(), shares, gamma=2).item() == pytest.approx(expected / 3)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("mixed", [False, True])
def test_gamma_towards_0_is_cross_entropy(smoothing: float, weights: Tensor | None, mixed: bool) -> None:
    targets = torch.tensor([[0.7, 0.3], [0.0, 1.0], [0.5, 0.5]]) if mixed else LABELS
    expected = functional.cross_entropy(P.log(), targets, weight=weights, label_smoothing=smoothing)
    for gamma, tolerance in ((0.0, 0.0), (1e-9, 1e-6)):
        found = classification_loss(P.log(), targets, weights=weights, smoothing=smoothing, gamma=gamma)
        assert found.item() == pytest.approx(expected.item(), abs=tolerance)


@given(st.floats(-300, 300), st.floats(0, 5))
def test_the_focal_loss_and_its_slope_are_finite_however_sure_the_network_is(logit: float, gamma: float) -> None:
    logits = torch.tensor([[logit, 0.0]], requires_grad=True)
    loss = classification_loss(logits, torch.tensor([0]), gamma=gamma)
    loss.backward()
    assert torch.isfinite(loss)
    assert loss >= 0
    assert torch.isfinite(logits.grad).all()
