from __future__ import annotations

from pathlib import Path

import pytest

from tejido.cli.bench import _table
from tejido.cli.main import main
from tejido.experiments.bench import input as bench_input
from tejido.experiments.bench import rivals as bench_rivals
from tejido.experiments.bench.input import measure
from tests.data.cache.pictures import picture


def test_every_method_draws_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        picture(tmp_path / f"{number}.png", number)
    monkeypatch.setattr(bench_rivals, "tensorflow", lambda: None)
    # Processes take seconds to start; in this one, the loader does the same work.
    monkeypatch.setattr(bench_rivals, "torch_loader", in_this_process)
    report = measure(tmp_path, size=32, batch=2, rounds=2)
    assert (report["images"], report["missing"]) == (5, ["tensorflow"])
    rates = report["images per second"]
    assert list(rates) == [bench_input.BUILD, bench_input.CACHE, bench_input.COPY, bench_input.TORCH]
    assert all(len(values) == 2 and min(values) > 0 for values in rates.values())
    (ratio,) = report["ratios"]
    assert ratio["rival"] == bench_input.TORCH
    assert "wanted >= 30" in _table(report)


def in_this_process(paths: list[Path], size: int, batch: int, _: int) -> bench_rivals.Epoch:
    data = bench_rivals.DecodedEachTime(paths, size)
    return lambda: sum(len(data[number][None]) for number in range(len(data)))


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, message in ((tmp_path, "no JPEG or PNG files"), (tmp_path / "gone", "no such folder")):
        assert main(["bench", "input", str(folder)]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
