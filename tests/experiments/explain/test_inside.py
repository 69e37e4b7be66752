from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tejido.errors import DataError
from tejido.experiments.explain.inside import CHANNELS, convolutions, embedding, similar
from tejido.experiments.explain.subject import Subject, side_of, some
from tejido.experiments.pictures import pixels_of
from tests.experiments.explain.networks import subject


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Subject:
    return subject(tmp_path_factory.mktemp("inside"), shared)


def test_every_convolution_is_shown(explained: Subject) -> None:
    square = explained.squares(list(pixels_of(some(side_of(explained, "test"), 1))))[:1]
    found = convolutions(explained, square)
    layers = {name: layer for name, layer in explained.network.body.named_modules() if isinstance(layer, nn.Conv2d)}
    assert {one.name for one in found} == set(layers)
    first = found[0]
    assert (first.name, first.channels) == ("stem.0", 32)
    with torch.inference_mode():
        seen = (square.float() - explained.network.mean) / explained.network.std
        wanted = layers["stem.0"](seen)[0]
    order = wanted.flatten(1).std(1).argsort(descending=True)[:CHANNELS]
    torch.testing.assert_close(first.maps, wanted[order])


def test_a_training_image_is_most_like_itself(explained: Subject) -> None:
    rows = side_of(explained, "train")
    asked = rows.iloc[[3, 17]]
    squares = explained.squares(list(pixels_of(asked)))
    vectors = embedding(explained, squares)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    for row, found in zip(asked.itertuples(), similar(explained, squares, 3), strict=True):
        assert found[0].row["group_id"] == row.group_id
        assert found[0].likeness == pytest.approx(1, abs=1e-4)
        assert len({one.row["group_id"] for one in found}) == 3  # pictures of one lesion count once
        assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)
    with pytest.raises(DataError, match="similar images were asked for"):
        similar(explained, squares, 10_000)
