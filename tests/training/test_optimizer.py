from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tejido.recipe import Training
from tejido.training.optimizer import build, rates
from tests.support.stub_network import network

RATE, DECAY, STEPS = 0.1, 0.05, 5
Weights = NDArray[np.float64]


def constant(**keys: object) -> Training:
    """One stage at one rate."""
    return Training(head_epochs=0, epochs=1, schedule="constant", rate=RATE, body_rate=RATE, weight_decay=DECAY, **keys)  # type: ignore[arg-type]


def adam(weights: Weights, gradients: list[Weights], *, decoupled: bool) -> Weights:
    """Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2."""
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(gradients, 1):
        g = gradient if decoupled else gradient + DECAY * weights
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights = weights - RATE * (move + (DECAY * weights if decoupled else 0))
    return weights


def sgd(weights: Weights, gradients: list[Weights], momentum: float) -> Weights:
    speed = np.zeros_like(weights)
    for gradient in gradients:
        speed = momentum * speed + gradient + DECAY * weights
        weights = weights - RATE * speed
    return weights


def rmsprop(weights: Weights, gradients: list[Weights], momentum: float) -> Weights:
    """Hinton's lecture 6e: the mean square with 0.9 of the old and 0.1 of the new."""
    square, speed = np.zeros_like(weights), np.zeros_like(weights)
    for gradient in gradients:
        g = gradient + DECAY * weights
        square = 0.9 * square + 0.1 * g**2
        speed = momentum * speed + g / (np.sqrt(square) + 1e-7)
        weights = weights - RATE * speed
    return weights


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        (constant(), lambda w, g: adam(w, g, decoupled=True)),
        (constant(optimizer="adam"), lambda w, g: adam(w, g, decoupled=False)),
        (constant(optimizer="sgd"), lambda w, g: sgd(w, g, 0)),
        (constant(optimizer="sgd", momentum=0.9), lambda w, g: sgd(w, g, 0.9)),
        (constant(optimizer="rmsprop"), lambda w, g: rmsprop(w, g, 0)),
        (constant(optimizer="rmsprop", momentum=0.5), lambda w, g: rmsprop(w, g, 0.5)),
    ],
)
def test_every_optimiser_equals_a_second_implementation(settings: Training, reference: object) -> None:
    net = network().double()
    optimizer, scheduler = build([net], settings, STEPS)
    before = net.body[0].weight.detach().numpy().copy()
    rng = np.random.default_rng(1)
    gradients = [rng.normal(size=before.shape) for _ in range(STEPS)]
    for gradient in gradients:
        net.body[0].weight.grad = torch.from_numpy(gradient)
        optimizer.step()
        scheduler.step()
    expected = reference(before, gradients)  # type: ignore[operator]
    assert net.body[0].weight.detach().numpy() == pytest.approx(expected, abs=1e-12)


def test_l2_of_keras_is_twice_as_much_decay() -> None:
    """``kernel_regularizer=l2(x)`` adds x times the sum of squares to the loss, and only for kernels."""
    penalty = 0.001
    nets = network(), network()
    decayed = constant().model_copy(
        update={"optimizer": "sgd", "weight_decay": 2 * penalty, "weight_decay_on": "weights"}
    )
    plain = constant().model_copy(update={"optimizer": "sgd", "weight_decay": 0.0})
    images = torch.randint(0, 256, (8, 3, 16, 16), dtype=torch.uint8)
    for net, settings in zip(nets, (decayed, plain), strict=True):
        net.eval()
        optimizer, _ = build([net], settings, 3)
        for _ in range(3):
            loss = nn.functional.cross_entropy(net(images), torch.arange(8) % 2)
            if settings is plain:
                loss = loss + penalty * (net.head.weight.square().sum() + net.body[0].weight.square().sum())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    one, two = (torch.cat([value.flatten() for value in net.state_dict().values()]) for net in nets)
    assert torch.allclose(one, two, atol=1e-7)
    assert not torch.allclose(one, torch.cat([v.flatten() for v in network().state_dict().values()]), atol=1e-4)


def test_rates_of_the_two_stages() -> None:
    settings = Training(head_epochs=1, epochs=2, schedule="constant", head_rate=3e-3, rate=3e-4, body_rate=3e-5)
    optimizer, scheduler = build([network()], settings, 4)
    seen = []
    for _ in range(12):
        seen.append(rates(optimizer))
        optimizer.step()
        scheduler.step()
    assert seen == [{"head": 3e-3, "body": 0.0}] * 4 + [{"head": 3e-4, "body": 3e-5}] * 8


@pytest.mark.parametrize("attended", [False, True])
def test_what_is_decayed(attended: bool) -> None:
    net = network(attended=attended)
    for chosen in ("all", "weights"):
        optimizer, _ = build([net], Training(weight_decay=0.5, weight_decay_on=chosen), 1)  # type: ignore[arg-type]
        groups = optimizer.param_groups
        found = [id(p) for group in groups for p in group["params"]]
        assert sorted(found) == sorted(id(p) for p in net.parameters())  # each once
        spared = {id(p) for group in groups if group["weight_decay"] == 0 for p in group["params"]}
        expected = {id(p) for p in net.parameters() if p.ndim < 2}
        assert spared == (expected if chosen == "weights" else set())
        body = {id(p) for group in groups if group["part"] == "body" for p in group["params"]}
        assert body == {id(p) for p in net.body.parameters()}
