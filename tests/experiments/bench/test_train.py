from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from tejido.cli.bench import _training_table
from tejido.cli.main import main
from tejido.experiments.bench import train as bench_train
from tejido.experiments.bench.loop import Labelled, transforms
from tejido.experiments.bench.train import CHANNELS_LAST, CONTIGUOUS, TEJIDO, covered, measure
from tejido.recipe import Augmentation
from tests.data.cache.pictures import picture


def in_this_process(
    paths: list[Path], labels: Tensor, size: int, batch: int, _: int
) -> DataLoader[tuple[Tensor, Tensor]]:
    """The loop's loader without processes, which take seconds to start."""
    return DataLoader(Labelled(paths, labels, size), batch, shuffle=True, drop_last=True)


def test_every_method_trains_on_every_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        picture(tmp_path / f"{number}.png", number)
    monkeypatch.setattr(bench_train, "plain_loader", in_this_process)
    epochs: list[bench_train.Epoch] = []
    real = bench_train.Epoch.__init__

    def noted(self: bench_train.Epoch, *arguments: float) -> None:
        real(self, *arguments)  # type: ignore[arg-type]
        epochs.append(self)

    monkeypatch.setattr(bench_train.Epoch, "__init__", noted)
    report = measure(tmp_path, size=32, batch=4, images=9, rounds=2, networks=("mobilenetv1_025",))
    assert [epoch.images for epoch in epochs] == [8] * 9  # two batches of four; three methods; three rounds
    assert all(0 < epoch.waiting < epoch.seconds for epoch in epochs)
    found = report["networks"]["mobilenetv1_025"]
    assert list(found) == [TEJIDO, CONTIGUOUS, CHANNELS_LAST, "ratios"]
    for method in (TEJIDO, CONTIGUOUS, CHANNELS_LAST):
        assert len(found[method]["images per second"]) == 2
    assert all(0 < share < 1 for share in found[TEJIDO]["augmenting"])
    first, second = (found[TEJIDO]["images per second"][k] / found[CONTIGUOUS]["images per second"][k] for k in (0, 1))
    assert found["ratios"][0]["ratio"] == pytest.approx((first + second) / 2)
    table = _training_table(report)
    assert "wanted <= 5%" in table
    assert f"Tejido / {CHANNELS_LAST}: " in table
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_loop_changes_images_as_much_as_tejido_does() -> None:
    picture = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    torch.manual_seed(0)
    out = transforms(Augmentation())(picture)
    assert out.dtype == torch.float32
    assert out.shape == (3, 32, 32)
    assert -1 <= out.min() < out.max() <= 1
    off = Augmentation(
        rotation=0, zoom=1, shift=0, flip=False, brightness=0, contrast=0, saturation=0, blur=0, sharpen=0, jpeg=0
    )
    same = transforms(off)(picture)
    assert torch.allclose(same, picture / 127.5 - 1, atol=1e-2)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=12))
def test_the_union_of_intervals_counts_nothing_twice(pairs: list[tuple[int, int]]) -> None:
    spans = [(float(start), float(start + length)) for start, length in pairs]
    cells = {cell for start, length in pairs for cell in range(start, start + length)}
    assert covered(spans) == len(cells)


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(tmp_path / "one.png", 1)
    cases = [
        ([str(tmp_path)], "1 pictures are fewer than a batch of 64"),
        ([str(tmp_path / "gone")], "no such folder"),
        ([str(tmp_path), "--batch", "2", "--images", "2", "--network", "resnet19"], "1 pictures are fewer"),
    ]
    for arguments, message in cases:
        assert main(["bench", "train", *arguments]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
