"""Every method, against what can be computed in another way."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tejido.errors import DataError, RecipeError
from tejido.experiments.explain.methods import METHODS, maps
from tejido.experiments.explain.subject import Subject, side_of, some
from tejido.experiments.pictures import pixels_of
from tests.experiments.explain.networks import subject, untrained

pytest.importorskip("pytorch_grad_cam", reason="needs the extra explain")
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:captum", "ignore:Setting forward:UserWarning:captum"
)


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Subject:
    return subject(tmp_path_factory.mktemp("explain"), shared)


@pytest.fixture(scope="module")
def squares(explained: Subject) -> Tensor:
    return explained.squares(list(pixels_of(some(side_of(explained, "test"), 4))))


def test_the_map_of_the_model_file_is_grad_cam(explained: Subject, squares: Tensor) -> None:
    """With a head that reads the mean of a map, the gradient of the score is the head's weight (Selvaraju, eq. 4)."""
    for label in explained.labels:
        targets = explained.targets(squares, label)
        mine, theirs = (maps(explained, name, squares, targets) for name in ("cam", "grad_cam"))
        with torch.inference_mode():
            # What the graph holds, before it is enlarged.
            small = explained.network.activation_maps(explained.network.features(squares))
        wanted = small[torch.arange(len(squares)), targets]
        enlarged = interpolate(wanted[:, None], 48, mode="bilinear")[:, 0]
        for graph, one, other in zip(enlarged, mine, theirs, strict=True):
            torch.testing.assert_close(one, graph / graph.max().clamp(min=1e-9))
            if float(graph.min()) == 0:  # pytorch-grad-cam takes the least value of a map for zero
                torch.testing.assert_close(one, other, atol=2e-2, rtol=0)


@pytest.mark.parametrize("name", METHODS)
def test_every_map_is_of_the_square_and_up_to_one(explained: Subject, squares: Tensor, name: str) -> None:
    found = maps(explained, name, squares, explained.targets(squares))
    assert found.shape == (len(squares), 48, 48)
    assert bool(((found >= 0) & (found <= 1)).all())
    for one in found:
        assert float(one.max()) == pytest.approx(1) or not one.any()
    again = maps(explained, name, squares[1:2], explained.targets(squares[1:2]))
    torch.testing.assert_close(again[0], found[1], atol=1e-4, rtol=0)  # a picture's map is its own


class Corner(torch.nn.Module):
    """A body whose one channel is the brightness of the picture in 4 x 4 cells, of the upper left quarter alone."""

    def forward(self, seen: Tensor) -> Tensor:
        cells = torch.nn.functional.avg_pool2d(seen.mean(1, keepdim=True), 12)
        gate = torch.zeros(4, 4)
        gate[:2, :2] = 1
        return torch.cat([torch.relu(cells + 3) * gate, torch.zeros_like(cells)], 1).expand(-1, 2, -1, -1)


@pytest.mark.parametrize("name", METHODS)
def test_a_network_that_looks_into_one_corner(explained: Subject, squares: Tensor, name: str) -> None:
    network = explained.network
    body, head = network.body, network.head
    network.body = Corner()
    network.head = type(head)(2, 2)  # type: ignore[call-arg, assignment]
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]))
    bright = torch.full((1, 3, 48, 48), 230, dtype=torch.uint8)
    try:
        found = maps(explained, name, bright, torch.tensor([1]))[0]
        assert float(found[:24, :24].sum() / found.sum()) > 0.6
        assert float(found[32:, 32:].sum()) == pytest.approx(0, abs=1e-4)
    finally:
        network.body, network.head = body, head


def test_without_a_map_of_its_own(tmp_path: Path, shared: Path) -> None:
    """upc2020's network ends in fully connected layers: gradients of its last convolution serve."""
    found = subject(tmp_path, shared, "network.name=upc2020_cnn", "image.size=64")
    square = found.squares(list(pixels_of(some(side_of(found, "test"), 1))))
    targets = found.targets(square)
    with pytest.raises(DataError, match="gives no cam; grad_cam does"):
        maps(found, "cam", square, targets)
    assert float(maps(found, "grad_cam", square, targets).max()) <= 1


def test_what_cannot_be_explained_is_said(tmp_path: Path, shared: Path, explained: Subject, squares: Tensor) -> None:
    with pytest.raises(DataError, match="there is no method 'gradcam'; there are: cam, grad_cam"):
        maps(explained, "gradcam", squares, explained.targets(squares))
    with pytest.raises(DataError, match="'melanoma' is no label of tiny; there are: benign, suspicious"):
        explained.targets(squares, "melanoma")
    with pytest.raises(RecipeError, match="reads lesion masks"):
        Subject.of_run(untrained(tmp_path, shared, "image.steps=[grey_outside]"))
    with pytest.raises(DataError, match="not a run"):
        Subject.of_run(tmp_path / "nowhere")
