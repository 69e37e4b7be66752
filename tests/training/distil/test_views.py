from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tejido.imaging.augment import Augment
from tejido.recipe import Training
from tejido.training.distil import views as prepared
from tejido.training.distil.taps import Frozen
from tejido.training.distil.views import Views
from tejido.training.loaders import training_batches
from tests.support.stub_network import images, network

AUGMENT = Augment()


def views(folder: Path | None = None, *, count: int = 2, seed: int = 3) -> Views:
    return Views(images(40), AUGMENT, count, seed, Frozen([network(seed=1), network(seed=2)]), folder)


def test_an_image_has_so_many_looks_and_the_answers_belong_to_them() -> None:
    made = views()
    torch.nn.init.normal_(made.teachers.networks[0].head.weight)
    looks = []
    for epoch in range(4):
        made.turn(epoch)
        looks.append(made.images.clone())
        expected = made.teachers.logits(made.images, None).transpose(0, 1)
        torch.testing.assert_close(made.taught, expected)
    assert torch.equal(looks[0], looks[2])
    assert torch.equal(looks[1], looks[3])
    assert not torch.equal(looks[0], looks[1])
    assert not torch.equal(looks[0], made.originals)
    other = views(seed=4)
    other.turn(0)
    assert not torch.equal(other.images, looks[0])


@pytest.mark.parametrize(("kept", "made"), [(2**30, 2), (0, 4)])
def test_views_are_made_once_while_memory_holds_them(monkeypatch: pytest.MonkeyPatch, kept: int, made: int) -> None:
    calls: list[int] = []

    def counting(batch: Tensor, generator: torch.Generator) -> Tensor:
        calls.append(len(batch))
        return AUGMENT(batch, generator)

    looks = []
    monkeypatch.setattr(prepared, "KEPT", kept)
    found = views()
    monkeypatch.setattr(found, "augment", counting)
    for epoch in range(4):
        found.turn(epoch)
        looks.append(found.images.clone())
    assert len(calls) == made
    assert torch.equal(looks[0], looks[2])
    assert torch.equal(looks[1], looks[3])


def test_batches_turn_with_the_epoch() -> None:
    made = views()
    loader = training_batches(made, Training(batch=8, balance="none"), 0)
    for epoch in (1, 0):
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        pixels, labels, taught = next(iter(loader))
        assert (pixels.shape, labels.shape, taught.shape) == ((8, 3, 16, 16), (8,), (8, 2, 2))
        assert made.view == epoch
        places = [int((made.images == one).flatten(1).all(1).nonzero()[0, 0]) for one in pixels]
        assert torch.equal(made.taught[places], taught)
        assert torch.equal(made.labels[places], labels)


def test_answers_are_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = views(tmp_path)
    for epoch in range(3):
        first.turn(epoch)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    second = views(tmp_path)
    monkeypatch.setattr(second.teachers, "logits", lambda *a: pytest.fail("asked again"))
    second.turn(0)
    second.turn(1)
    first.turn(1)
    assert torch.equal(first.taught, second.taught)
    changed = views(tmp_path)
    changed.teachers.networks[0].head.weight.data += 1
    changed.turn(0)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"code"])
def test_a_damaged_file_is_written_anew(tmp_path: Path, damage: bytes) -> None:
    made = views(tmp_path)
    made.turn(0)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    again = views(tmp_path)
    again.turn(0)
    assert torch.equal(again.taught, made.taught)
    assert np.load(file).shape == (40, 2, 2)
