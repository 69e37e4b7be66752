"""A study of real, tiny trainings through the command line, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tejido.cli.main import main
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.plan import load
from tejido.experiments.train import train
from tejido.report.study.page import make, write
from tests.support.experiment import prepare


@pytest.fixture
def _one_thread() -> object:
    """As many as the study's processes have: sums in another order end in other last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow  # test_trials kills studies of trials that take a moment
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("_one_thread")
def test_killed_in_the_midst_of_a_training_it_ends_with_the_same_table(
    tmp_path: Path, shared: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = prepare(tmp_path, shared, lesions=120)
    path = tmp_path / "study.yaml"
    path.write_text(f"{{name: real, recipe: {recipe.name}, overrides: {{training.epochs: 2}}, seeds: [3]}}")
    whole, killed = (StudyFolder(tmp_path / name / "real") for name in ("whole", "killed"))
    (trial,) = load(path).trials

    command = [
        sys.executable,
        "-m",
        "tejido.cli.main",
        "study",
        str(path),
        "--threads",
        "1",
        "-o",
        str(tmp_path / "killed"),
    ]
    driver = subprocess.Popen(command)
    end = time.monotonic() + 200
    while not (killed.of(trial) / "checkpoints" / "last.ckpt").is_file():
        assert driver.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    assert killed.state(trial) == "interrupted"
    assert main(command[3:]) == 0
    assert "1 of 1 runs finished" in capfd.readouterr().err
    assert '"resumed": true' in (killed.of(trial) / "seconds.json").read_text()
    assert (killed.of(trial) / "plots" / "roc.png").is_file()

    train(whole.prepare(trial))
    write(make(load(path), whole))
    for name in ("study.md", "study.csv", "study.json", f"{trial.id}/metrics.json", f"{trial.id}/metrics.csv"):
        assert (killed.path / name).read_bytes() == (whole.path / name).read_bytes(), name
