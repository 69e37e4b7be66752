"""Whether maps can be trusted, on networks of which it is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tejido.experiments.explain import trust as trusted
from tejido.experiments.explain.subject import Subject, side_of, some
from tejido.experiments.explain.trust import sanity, trust
from tejido.experiments.pictures import pixels_of
from tests.experiments.explain.networks import subject

pytest.importorskip("pytorch_grad_cam", reason="needs the extra explain")


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Subject:
    return subject(tmp_path_factory.mktemp("trust"), shared)


@pytest.fixture(scope="module")
def squares(explained: Subject) -> Tensor:
    return explained.squares(list(pixels_of(some(side_of(explained, "test"), 6))))


class Quarter(torch.nn.Module):
    """A network that finds its label by the redness of the upper left quarter."""

    classes, heatmap = 2, True

    def forward(self, square: Tensor) -> Tensor:
        red = square.float()[:, 0, :24, :24].mean((1, 2)) / 255
        return torch.stack([-8 * (red - 0.5), 8 * (red - 0.5)], 1)


def test_the_areas_of_a_map_that_is_right_and_of_one_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    square = torch.zeros(1, 3, 48, 48, dtype=torch.uint8)
    square[:, 0, :24, :24] = 255
    one = type("Stub", (), {"network": Quarter()})()
    found = {}
    for name, place in (("right", (slice(0, 24), slice(0, 24))), ("wrong", (slice(24, 48), slice(24, 48)))):
        drawn = torch.zeros(1, 48, 48)
        drawn[0][place] = 1
        monkeypatch.setattr(trusted, "maps", lambda *_, drawn=drawn: drawn)
        masks = np.zeros((1, 48, 48), bool)
        masks[0, :30, :30] = True
        (found[name],) = trust(one, "any", square, torch.tensor([1]), masks)
    right, wrong = found["right"], found["wrong"]
    # Covering the quarter first costs the label at once; uncovering it first gives it at once.
    assert right.deletion < right.deletion_at_random < wrong.deletion
    assert right.insertion > right.insertion_at_random > wrong.insertion
    assert (right.pointing, right.inside) == (True, 1.0)
    assert wrong.inside == pytest.approx((6 / 24) ** 2)
    assert right.covered == pytest.approx((30 / 48) ** 2)


def test_without_a_mask_nothing_is_said_of_the_lesion(explained: Subject, squares: Tensor) -> None:
    targets = explained.targets(squares)
    for found in trust(explained, "cam", squares, targets):
        assert (found.pointing, found.inside, found.covered) == (None, None, None)
        assert 0 <= found.deletion <= 1


def test_masks_lie_on_the_square(explained: Subject) -> None:
    rows = some(side_of(explained, "test"), 6)
    masks = explained.masks(rows)
    assert masks is not None
    assert masks.shape == (len(rows), 48, 48)
    assert 0.02 < masks.mean() < 0.9
    assert explained.masks(rows.assign(mask_path=None)) is None


def test_random_weights_change_every_map_but_that_of_an_edge_detector(
    explained: Subject, squares: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tejido.experiments.explain import methods
    from tejido.report.explain import sanity_lines

    def edges(_: Subject, seen: Tensor, targets: Tensor) -> Tensor:
        grey = seen.mean(1)
        return torch.nn.functional.pad((grey[:, 1:] - grey[:, :-1]).abs(), (0, 0, 0, 1))

    monkeypatch.setitem(methods.METHODS, "edges", edges)
    monkeypatch.setitem(methods.TITLES, "edges", "edges")
    before = {name: value.clone() for name, value in explained.network.state_dict().items()}
    found = sanity(explained, ["cam", "edges"], squares, explained.targets(squares))
    assert all(torch.equal(before[name], value) for name, value in explained.network.state_dict().items())
    assert set(found["share"]) == {found["share"].min(), *found["share"].unique()}
    assert found["share"].max() == 1
    by = found[found["share"] == 1].groupby("method")["correlation"].mean()
    assert by["edges"] == pytest.approx(1)
    assert by["cam"] < 0.9
    verdicts = {title: verdict for title, _, verdict in sanity_lines(found)}
    assert verdicts["edges"].startswith("STAYS")
