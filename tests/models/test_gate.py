from __future__ import annotations

import numpy as np
import pytest
import torch

from tejido.models.gate import NAMES, Fitted, Gate, described, distances, standardised


def test_a_description_by_hand() -> None:
    """A red square: means, one filled colour of 64, no steps, no arrangement."""
    square = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    square[:, 0] = 255
    found = described(square)[0]
    assert len(found) == 136
    assert found[:6].tolist() == [1, 0, 0, 0, 0, 0]
    histogram = found[6:70].reshape(4, 4, 4).square()
    assert histogram[3, 0, 0] == pytest.approx(1, abs=1e-4)
    assert histogram.sum() == pytest.approx(1, abs=1e-3)
    torch.testing.assert_close(found[70:82], torch.full((12,), float(np.log(1e-3))), atol=1e-3, rtol=0)
    assert found[82:88].tolist() == [1, 0, 1, 0, 0, 0]  # saturation, red less green, blue less green
    assert not found[88:].any()


def test_steps_and_arrangement_by_hand() -> None:
    """Stripes of one pixel: every step across is as large as can be, none down; and a bright upper left corner."""
    square = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    square[..., 1::2] = 255
    found = described(square)[0]
    down, across = found[70:72].exp(), found[72:74].exp()
    assert down[0] == pytest.approx(1e-3)
    assert across[0] == pytest.approx(1, abs=2e-3)
    assert found[74:76].exp()[0] == pytest.approx(1e-3)  # over two pixels the stripes are grey
    corner = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    corner[..., :16, :16] = 255
    parts = described(corner)[0, 88:].reshape(3, 4, 4)
    assert parts[0, 0, 0] == pytest.approx(15 / 16)
    assert parts[0, 3, 3] == pytest.approx(-1 / 16)


def test_colours_between_two_levels_count_for_both() -> None:
    square = torch.full((1, 3, 32, 32), round(255 / 6), dtype=torch.uint8)  # halfway from 0 to 1/3
    histogram = described(square)[0, 6:70].reshape(4, 4, 4).square()
    torch.testing.assert_close(histogram[:2, :2, :2], torch.full((2, 2, 2), 1 / 8), atol=0.01, rtol=0)


def test_distances_are_mahalanobis_within_and_euclidean_beside() -> None:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(500, 6)) @ np.diag([5, 3, 2, 0.1, 0.1, 0.1])
    centre = cloud.mean(0)
    _, values, directions = np.linalg.svd(cloud - centre, full_matrices=False)
    variances = values[:3] ** 2 / len(cloud)
    some = rng.normal(size=(20, 6)) * 3
    found = distances(*(torch.from_numpy(one) for one in (some, centre, directions[:3], variances))).numpy()
    along = (some - centre) @ directions[:3].T
    covariance = directions[:3] @ ((cloud - centre).T @ (cloud - centre) / len(cloud)) @ directions[:3].T
    expected = np.einsum("ni,ij,nj->n", along, np.linalg.inv(covariance), along) / 3
    np.testing.assert_allclose(found[:, 0], expected)
    rest = (some - centre) - along @ directions[:3]
    np.testing.assert_allclose(found[:, 1], (rest**2).sum(1))


def test_what_it_says() -> None:
    length = 136 + 2
    hidden, weight = torch.zeros(2, length), torch.zeros(4, 2)
    hidden[0, -1], hidden[1, -1], weight[1] = 3.0, -1.0, torch.tensor([4.0, 100.0])  # what is below 0 does not count
    fitted = Fitted(
        own=0,
        mean=torch.zeros(length),
        spread=torch.ones(length),
        hidden=hidden,
        hidden_bias=torch.tensor([-2.0, 0.0]),
        weight=weight,
        bias=torch.zeros(4),
        centre=torch.zeros(length),
        directions=torch.eye(length)[:3],
        variances=torch.ones(3),
        limits=(2.0, 50.0),
    )
    gate = Gate(fitted)
    square = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    said = gate(square, torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
    assert said.shape == (2, len(NAMES))
    assert said[0, :4].tolist() == [0.25] * 4
    other = np.exp(4) / (3 + np.exp(4))
    assert said[1, 1] == pytest.approx(other, abs=1e-5)
    assert said[1, NAMES.index("foreign")] == pytest.approx(1 - (1 - other) / 3, abs=1e-5)
    values = torch.cat([described(square), torch.tensor([[0.0, 0.0], [0.0, 1.0]])], 1)
    scaled = standardised(values, fitted.mean, fitted.spread)
    within, beside = distances(scaled, fitted.centre, fitted.directions, fitted.variances)[1]
    assert said[1, NAMES.index("strange")] == pytest.approx(float(max(within / 2, beside / 50)), abs=1e-5)


def test_far_values_do_not_drown_the_others() -> None:
    found = standardised(torch.tensor([[1e9, -1e9, 1.0]]), torch.zeros(3), torch.ones(3))
    assert found.tolist() == [[8.0, -8.0, 1.0]]
