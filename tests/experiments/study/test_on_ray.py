"""Studies on a real Ray cluster of two nodes on this machine, one of which is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tejido.errors import TejidoError
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.local import LocalWorkers
from tejido.experiments.study.plan import Trial
from tejido.experiments.study.trials import Progress, carry_out
from tejido.report.study.rows import results, rows
from tests.support.study import EPOCHS, FAKE, ROOT, TEXT, calls, plan

pytest.importorskip("ray", reason="needs the extra ray")
# Every trial starts a process, which takes many times as long where other tests keep the processors busy.
pytestmark = [pytest.mark.filterwarnings("ignore:::ray", "ignore::ResourceWarning"), pytest.mark.timeout(600)]

Nodes = tuple[Any, Any, Path]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A cluster of two nodes with a processor each, the second one, and the folder of the trials' notes."""
    from ray.cluster_utils import Cluster

    notes = tmp_path_factory.mktemp("notes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("TEJIDO_TEST_NOTES", str(notes))
        patch.setenv("TEJIDO_TEST_SECONDS", "0.8")
        both = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        second = both.add_node(num_cpus=1)
        yield both, second, notes
        both.shutdown()


def test_a_node_is_killed_and_nothing_is_lost(cluster: Nodes, tmp_path: Path) -> None:
    from tejido.experiments.study.on_ray import RayWorkers

    both, second, notes = cluster
    study, folder = plan(tmp_path, TEXT), StudyFolder(tmp_path / "study")
    killed: list[str] = []
    its_node = str(second.all_processes["raylet"][0].process.pid)

    def kill(_: Progress) -> None:
        """Kill the second node when it is in the midst of a trial."""
        there = [call for call in calls(notes) if call[3] == its_node]
        if not killed and there and there[-1][1:3] == ["epoch", "0"]:
            killed.append(there[-1][0])
            both.remove_node(second)

    with folder.alone():
        workers = RayWorkers(folder, both.address, function=FAKE)
        assert workers.slots == 2
        assert carry_out(study, folder, workers, kill) == {}
    assert killed
    begun = [call for call in calls(notes) if call[0] == killed[0] and call[1] == "start"]
    assert [call[3] == its_node for call in begun] == [True, False]
    assert int(begun[1][2]) >= 1  # gone on from its checkpoint
    finished = {call[0] for call in calls(notes) if call[1] == "epoch" and int(call[2]) == EPOCHS - 1}
    assert finished == {trial.id for trial in study.trials}
    starts = [call[0] for call in calls(notes) if call[1] == "start"]
    assert len(starts) == len(study.trials) + 1  # what was finished on the dead node was not repeated

    alone = StudyFolder(tmp_path / "alone")
    with alone.alone():
        assert carry_out(study, alone, LocalWorkers(alone, 2, 1, FAKE), lambda _: None) == {}
    table = rows(study, results(study, folder))
    assert len(table) == 18
    assert table == rows(study, results(study, alone))


def test_without_a_shared_folder_the_files_come_back(
    cluster: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tejido.experiments.study.on_ray import RayWorkers

    ordinary = RayWorkers._job

    def elsewhere(self: RayWorkers, trial: Trial, token: str) -> Any:
        return replace(ordinary(self, trial, token), folder=tmp_path / "not here" / trial.id)

    monkeypatch.setattr(RayWorkers, "_job", elsewhere)
    both, _, notes = cluster
    study, folder = plan(tmp_path, TEXT.replace("none, weights, oversample", "none")), StudyFolder(tmp_path / "study")
    (notes / "fail").write_text("1")
    with folder.alone():
        failures = carry_out(study, folder, RayWorkers(folder, both.address, function=FAKE), lambda _: None)
    assert failures == {"none, seed 1": "ValueError: seeds like this fail"}
    done, failed = (folder.of(trial) for trial in study.trials)
    assert {path.relative_to(done).as_posix() for path in done.rglob("*") if path.is_file()} == {
        *("recipe.yaml", "trial.json", "environment.json", "log.txt"),
        *("metrics.json", "predictions.parquet", "seconds.json"),
    }
    assert "Traceback" in (failed / "failed.json").read_text()
    assert not (folder.path / ".token").exists()


def test_what_the_cluster_cannot_do_is_said(cluster: Nodes, tmp_path: Path) -> None:
    from tejido.experiments.study.on_ray import RayWorkers

    both, _, _ = cluster
    with pytest.raises(TejidoError, match="no node has 64 processors and 0 GPUs"):
        RayWorkers(StudyFolder(tmp_path), both.address, threads=64)
    with pytest.raises(TejidoError, match="no Ray cluster answers at"):
        RayWorkers(StudyFolder(tmp_path), "127.0.0.1:1")
