from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tejido.errors import TejidoError
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.local import LocalWorkers
from tejido.experiments.study.plan import Plan
from tejido.experiments.study.trials import Progress, carry_out
from tejido.files import locked
from tests.support.study import FAKE, ROOT, TEXT, calls, plan

SCRIPT = """
import sys
from pathlib import Path
from tejido.experiments.study.plan import load
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.local import LocalWorkers
from tejido.experiments.study.trials import carry_out
folder = StudyFolder(Path(sys.argv[2]))
with folder.alone():
    carry_out(load(Path(sys.argv[1])), folder, LocalWorkers(folder, 2, 1, sys.argv[3]), lambda progress: None)
"""


@pytest.fixture(autouse=True)
def _trials_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


def go(study: Plan, path: Path, workers: int = 2) -> tuple[dict[str, str], list[Progress]]:
    folder = StudyFolder(path)
    told: list[Progress] = []
    with folder.alone():
        failures = carry_out(study, folder, LocalWorkers(folder, workers, 1, FAKE), told.append)
    return failures, told


def states(study: Plan, path: Path) -> list[str]:
    return [StudyFolder(path).state(trial) for trial in study.trials]


def results(path: Path) -> dict[str, bytes]:
    return {file.parent.name: file.read_bytes() for file in path.glob("*/metrics.json")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that was never interrupted, with the states that it had told."""
    base = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        failures, told = go(plan(base), base / "study")
    assert failures == {}
    ended = [progress for progress in told if progress.ended is not None]
    assert [progress.finished for progress in ended] == [1, 2, 3, 4, 5, 6]
    assert told[0].left is None
    assert ended[0].left is not None
    assert ended[0].left > 0
    assert ended[-1].left == 0
    return base


def test_every_trial_leaves_a_run_directory_that_says_what_it_is(whole: Path) -> None:
    study = plan(whole)
    assert states(study, whole / "study") == ["finished"] * 6
    for trial in study.trials:
        folder = StudyFolder(whole / "study").of(trial)
        assert (folder / "recipe.yaml").read_text() == trial.recipe.to_yaml()
        assert (folder / "environment.json").is_file()
        assert f'"trial": "{trial.levels[0]}"' in (folder / "trial.json").read_text()
        assert StudyFolder(whole / "study").seconds(trial) is not None


def test_starting_again_repeats_nothing_and_counts_no_run_of_another_recipe(whole: Path) -> None:
    before = calls(whole / "study")
    failures, told = go(plan(whole), whole / "study")
    assert (failures, calls(whole / "study")) == ({}, before)
    assert (told[-1].finished, told[-1].left) == (6, 0)
    changed = plan(whole, TEXT.replace("bootstrap: 200", "bootstrap: 201"))
    plan(whole)  # as it was
    assert states(changed, whole / "study") == ["new"] * 6
    assert StudyFolder(whole / "study").others(changed.trials) == 6
    assert StudyFolder(whole / "study").others(plan(whole).trials) == 0


def test_after_kill_9_only_the_unfinished_runs_are_repeated_and_every_file_is_the_same(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEJIDO_TEST_SECONDS", "0.4")
    study, path = plan(tmp_path), tmp_path / "study"
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "study.yaml"), str(path), FAKE]
    driver = subprocess.Popen(command, cwd=ROOT)
    wait_for(lambda: states(study, path).count("finished") >= 2 and len(epochs_of_unfinished(study, path)) >= 1)
    with pytest.raises(TejidoError, match="a study is at work there"), StudyFolder(path).alone():
        pass
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    finished = [trial.id for trial, state in zip(study.trials, states(study, path), strict=True) if state == "finished"]
    assert 2 <= len(finished) < 6

    noted = len(calls(path))
    failures, _ = go(study, path)  # its workers wait for those of the killed study to have ended
    assert failures == {}
    again = calls(path)[noted:]
    begun = {name: int(number) for name, what, number, _ in again if what == "start"}
    assert not set(begun) & set(finished)
    assert max(begun.values()) >= 1  # somebody went on from a checkpoint
    epochs = Counter((name, number) for name, what, number, _ in calls(path) if what == "epoch")
    assert len(epochs) == 18
    # Each killed worker lost the epoch it was in, and no more; an epoch may be noted just after the driver's end.
    assert sum(epochs.values()) <= 18 + 2
    assert results(path) == results(whole / "study")


def test_a_run_ends_with_the_process_that_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEJIDO_TEST_SECONDS", "100")
    study, path = plan(tmp_path, TEXT.replace("none, weights, oversample", "none")), tmp_path / "study"
    driver = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path / "study.yaml"), str(path), FAKE], cwd=ROOT)
    wait_for(lambda: len(calls(path)) == 2)
    driver.kill()
    driver.wait()
    for trial in study.trials:
        with locked(StudyFolder(path).of(trial) / ".lock", wait=50):  # held as long as the process lives
            pass


def test_a_failing_trial_does_not_stop_the_others_and_is_tried_again(tmp_path: Path) -> None:
    study, path = plan(tmp_path, TEXT.replace("none, weights, oversample", "none")), tmp_path / "study"
    path.mkdir()
    (path / "fail").write_text("1")
    failures, told = go(study, path, workers=1)
    assert failures == {"none, seed 1": "ValueError: seeds like this fail"}
    assert states(study, path) == ["finished", "failed"]
    assert (told[-1].finished, told[-1].failed) == (1, 1)
    assert "Traceback" in (StudyFolder(path).of(study.trials[1]) / "failed.json").read_text()
    (path / "fail").unlink()
    assert go(study, path)[0] == {}
    assert states(study, path) == ["finished", "finished"]
    assert [call[2] for call in calls(path) if call[1] == "start"] == ["0", "0", "3"]


def test_a_trial_whose_process_is_killed_is_a_failure_with_a_reason(tmp_path: Path) -> None:
    study, path = plan(tmp_path, TEXT.replace("none, weights, oversample", "none")), tmp_path / "study"
    path.mkdir()
    (path / "die").write_text("0")
    failures, _ = go(study, path)
    assert failures == {"none, seed 0": "its process was ended by signal 9, perhaps for want of memory"}
    assert states(study, path) == ["failed", "finished"]


def test_stopping_ends_the_processes_and_keeps_what_they_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEJIDO_TEST_SECONDS", "0.4")
    study, folder = plan(tmp_path), StudyFolder(tmp_path / "study")

    def interrupt(progress: Progress) -> None:
        if any(call[1] == "epoch" for call in calls(folder.path)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), folder.alone():
        carry_out(study, folder, LocalWorkers(folder, 2, 1, FAKE), interrupt)
    before = calls(folder.path)
    time.sleep(0.6)
    assert calls(folder.path) == before
    assert "interrupted" in states(study, folder.path)
    assert "failed" not in states(study, folder.path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="Not a directory"), StudyFolder(tmp_path / "file" / "study").alone():
        pass


def epochs_of_unfinished(study: Plan, path: Path) -> list[str]:
    state = dict(zip((trial.id for trial in study.trials), states(study, path), strict=True))
    return [name for name, what, *_ in calls(path) if what == "epoch" and state[name] != "finished"]


def wait_for(condition: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_copies_of_a_finished_study_are_finished(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "study", tmp_path / "moved")
    assert states(plan(tmp_path), tmp_path / "moved") == ["finished"] * 6
