from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from tejido.experiments.study.folder import StudyFolder
from tests.support.study import TEXT, answers, finish, plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Result


def finished(base: Path, *leave: int, text: str = TEXT) -> Path:
    """A study whose trials are finished, but those of some numbers; returns the study's file."""
    study, folder = plan(base, text), StudyFolder(base / "studies" / "tiny")
    for number, trial in enumerate(study.trials):
        if number not in leave:
            finish(folder.prepare(trial), *answers(trial.recipe))
    return base / "study.yaml"


def test_the_table_of_finished_runs_is_the_same_every_time(run: Callable[..., Result], tmp_path: Path) -> None:
    path = finished(tmp_path)
    folder = tmp_path / "studies" / "tiny"
    assert run("study", path, "--table", "-o", tmp_path / "studies").code == 0
    names = ["study.md", "study.csv", "study.json", "runs.csv", "study.png"]
    first = [(folder / name).read_bytes() for name in names]
    assert run("study", path, "--table", "-o", tmp_path / "studies").code == 0
    assert [(folder / name).read_bytes() for name in names] == first
    page = (folder / "study.md").read_text()
    assert "6 of 6 runs finished (3 levels, 2 seeds). Figures are of 60 test images; training had 300" in page
    assert "| training.balance | runs | mean | std | 25 % | 50 % | 75 % | max | difference (95 %) | pairs | p |" in page
    assert "Only seeds differ" in page
    assert "Nadeau and Bengio 2003" in page
    table = pd.read_csv(folder / "study.csv")
    assert list(table["training.balance"])[:3] == ["none", "weights", "oversample"]
    assert list(table["metric"].unique()) == [
        *("auc", "auc_histology", "balanced_accuracy", "accuracy", "sensitivity", "specificity"),
    ]
    runs = pd.read_csv(folder / "runs.csv")
    assert list(runs["state"]) == ["finished"] * 6
    means = runs.groupby("training.balance")["auc"].mean()
    for level, mean in means.items():
        row = table[(table["metric"] == "auc") & (table["training.balance"] == level)]
        assert abs(row["mean"].item() - mean) < 1e-12
        assert f"| {level} | 2 | {mean:.3f} |" in page


def test_json_holds_what_the_tables_say(run: Callable[..., Result], tmp_path: Path) -> None:
    path = finished(tmp_path, 5)
    result = run("study", path, "--table", "--json", "-o", tmp_path / "studies")
    said = json.loads(result.out)
    assert said == json.loads((tmp_path / "studies" / "tiny" / "study.json").read_text())
    assert (said["trials"], said["finished"], said["test_per_train"]) == (6, 5, 0.2)
    assert said["rows"][2]["levels"] == {"training.balance": "oversample"}
    assert (said["rows"][2]["runs"], said["rows"][2]["pairs"], said["rows"][2]["p"]) == (1, 1, None)


def test_a_study_with_no_finished_run(run: Callable[..., Result], tmp_path: Path) -> None:
    path = finished(tmp_path, *range(6))
    result = run("study", path, "--table", "-o", tmp_path / "studies")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "no run of this study is finished yet" in result.err
    assert not (tmp_path / "studies").exists()


def test_a_dry_run_lists_the_runs_and_touches_nothing(run: Callable[..., Result], tmp_path: Path) -> None:
    path = finished(tmp_path, 1, 4)
    folder = StudyFolder(tmp_path / "studies" / "tiny")
    trials = plan(tmp_path).trials
    for number in (0, 2, 3, 5):
        (folder.of(trials[number]) / "seconds.json").write_text(f'{{"seconds": {60 + number}, "resumed": false}}')
    result = run("study", path, "--dry-run", "-o", tmp_path / "studies")
    assert result.code == 0
    assert f"{trials[1].id}  new          weights, seed 0" in result.out
    assert "6 runs: 4 finished, 2 new" in result.out
    assert "Time left with 1 at a time: about 2 min" in result.out  # twice the mean of 60, 62, 63 and 65 seconds
    result = run("study", path, "--dry-run", "--workers", 2, "-o", tmp_path / "studies")
    assert "Time left with 2 at a time: about 62 s" in result.out
    result = run("study", path, "training.epochs=2", "--dry-run", "-o", tmp_path / "studies")
    assert "6 runs: 6 new" in result.out
    assert "not known before a run is finished" in result.out


def test_mistakes_are_one_line_and_come_before_any_run(run: Callable[..., Result], tmp_path: Path) -> None:
    path = finished(tmp_path, *range(6))
    known = tmp_path / "m.parquet"
    known.touch()
    here = TEXT.replace("manifest: m", f"manifest: {tmp_path}/m").replace("split: s", f"split: {tmp_path}/m")
    cases = [
        (TEXT, [], 1, "none, seed 0: data.manifest: m.parquet is not there (nothing was run)"),
        (here.replace("mobilenetv1_025", "mobilenetv1_05"), [], 1, "did you mean 'mobilenetv1_050'"),
        (here.replace("skin-suspicion", "skin-suspicions"), [], 1, "did you mean 'skin-suspicion'"),
        (TEXT.replace("axes", "axis"), [], 1, "unknown key 'axis'; did you mean 'axes'?"),
        (TEXT, ["training.epoch=1"], 1, "did you mean 'epochs'"),
        (TEXT, ["--ray", "auto", "--workers", "2"], 2, "exclude each other"),
        (TEXT, ["--workers", "0"], 2, "--workers"),
    ]
    for text, more, code, message in cases:
        path.write_text(text)
        result = run("study", path, *more, "-o", tmp_path / "studies")
        assert (result.code, result.err.count("\n")) == (code, 1), result.err
        assert message in result.err
    assert not list((tmp_path / "studies").glob("*/*/recipe.yaml"))
    assert "no such recipe" in run("study", tmp_path / "none.yaml").err
