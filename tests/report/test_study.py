from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tejido.errors import DataError
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.plan import Plan, Trial
from tejido.metrics.compare import corrected_resampled_t, holm
from tejido.report.study.rows import Row, results, rows
from tejido.report.study.text import markdown
from tests.support.study import TEXT, answers, finish, plan

Rows = dict[tuple[str, str], Row]
SEEDS = TEXT.replace("seeds: [0, 1]", "seeds: [0, 1, 2, 3]")


def carry_out(study: Plan, folder: StudyFolder, leave: tuple[Trial, ...] = ()) -> None:
    for trial in study.trials:
        if trial not in leave:
            finish(folder.prepare(trial), *answers(trial.recipe))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, StudyFolder, Rows]:
    base = tmp_path_factory.mktemp("report")
    found = plan(base, SEEDS), StudyFolder(base / "study")
    carry_out(*found)
    return *found, table(*found)


def table(study: Plan, folder: StudyFolder) -> Rows:
    return {(row.metric, row.levels[0]): row for row in rows(study, results(study, folder))}


def test_summaries_equal_numpys_over_the_values_of_metrics_json(study: tuple[Plan, StudyFolder, Rows]) -> None:
    plan, folder, found = study
    for level in ("none", "weights", "oversample"):
        trials = [trial for trial in plan.trials if trial.levels == (level,)]
        said = [json.loads((folder.of(trial) / "metrics.json").read_text())["test"] for trial in trials]
        for name, part in (("auc", "all"), ("auc_histology", "histology"), ("sensitivity", "all")):
            values = np.array([metrics[part][name.removesuffix("_histology")]["value"] for metrics in said])
            row = found[name, level]
            assert row.runs == 4
            assert row.mean == pytest.approx(values.sum() / 4)
            assert row.std == pytest.approx(np.sqrt(((values - values.mean()) ** 2).sum() / 3))
            ordered = np.sort(values)  # of four values, the quartiles lie at 0.75, 1.5 and 2.25 of the way along
            assert row.q25 == pytest.approx(0.25 * ordered[0] + 0.75 * ordered[1])
            assert row.median == pytest.approx((ordered[1] + ordered[2]) / 2)
            assert row.q75 == pytest.approx(0.75 * ordered[2] + 0.25 * ordered[3])
            assert row.max == ordered[3]


def test_differences_and_tests_are_paired_by_seed(study: tuple[Plan, StudyFolder, Rows]) -> None:
    plan, _, found = study
    by_level = {
        level: [roc_auc_score(*answers(trial.recipe)) for trial in plan.trials if trial.levels == (level,)]
        for (level,) in plan.cells
    }
    p = []
    for level in ("weights", "oversample"):
        row = found["auc", level]
        d = np.subtract(by_level[level], by_level["none"])
        assert (row.pairs, row.difference) == (4, pytest.approx(d.mean()))
        plain = stats.ttest_rel(by_level[level], by_level["none"])
        t = plain.statistic * np.sqrt((1 / 4) / (1 / 4 + 60 / 300))
        assert (row.t, row.p) == pytest.approx((t, 2 * stats.t.sf(abs(t), 3)))
        p.append(row.p)
    assert [found["auc", level].p_holm for level in ("weights", "oversample")] == holm(p)
    baseline = found["auc", "none"]
    assert (baseline.pairs, baseline.difference, baseline.p, baseline.p_holm) == (0, None, None, None)


def test_the_interval_equals_a_bootstrap_written_anew(study: tuple[Plan, StudyFolder, Rows]) -> None:
    plan, _, found = study
    row = found["auc", "oversample"]
    runs = {(trial.levels[0], trial.seed): answers(trial.recipe) for trial in plan.trials}
    above = {key: np.array(p)[:, None] > np.array(p) for key, (_, p) in runs.items()}  # pairs of images in order
    ahead = np.mean([above["oversample", seed].astype(int) - above["none", seed] for seed in range(4)], axis=0)
    truth = np.array(runs["none", 0][0])
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(1000):
        groups = rng.integers(0, 30, 30)
        images = np.concatenate([2 * groups, 2 * groups + 1])
        yes, no = images[truth[images]], images[~truth[images]]
        draws.append(ahead[np.ix_(yes, no)].mean())
    low, high = np.quantile(draws, [0.025, 0.975])
    # the recipe asks for 200 rounds only
    assert row.low == pytest.approx(low, abs=0.25 * (high - low))
    assert row.high == pytest.approx(high, abs=0.25 * (high - low))
    assert row.low < row.difference < row.high  # type: ignore[operator]


def test_figures_recomputed_from_predictions_are_those_of_the_runs(study: tuple[Plan, StudyFolder, Rows]) -> None:
    _, _, found = study
    for metric in ("auc", "auc_histology", "balanced_accuracy", "accuracy", "sensitivity", "specificity"):
        row, base = found[metric, "weights"], found[metric, "none"]
        assert row.difference == pytest.approx(row.mean - base.mean)  # type: ignore[operator]


def test_only_pairs_count(tmp_path: Path) -> None:
    study, folder = plan(tmp_path, SEEDS), StudyFolder(tmp_path / "study")
    carry_out(study, folder, leave=(study.trials[0], study.trials[4], study.trials[7], study.trials[11]))
    found = table(study, folder)  # of none seed 0 is missing, of weights seeds 1 and 2, of oversample seed 3
    assert [found["auc", level].runs for (level,) in study.cells] == [3, 2, 3]
    assert [found["auc", level].pairs for (level,) in study.cells] == [0, 1, 2]
    assert found["auc", "weights"].difference is not None
    assert found["auc", "weights"].p is None  # one pair
    assert found["auc", "oversample"].p is not None


def test_folds_are_pooled_in_one_bootstrap(tmp_path: Path) -> None:
    """Fold k tests images of its own; the difference is the mean over folds."""
    study, folder = plan(tmp_path), StudyFolder(tmp_path / "study")
    trials = tuple(replace(trial, seed=0, fold=trial.seed) for trial in study.trials)
    study = replace(study, trials=trials)
    carry_out(study, folder)
    for trial in trials:
        path = folder.of(trial) / "predictions.parquet"
        answered = pd.read_parquet(path)
        answered[["image_id", "group_id"]] += f"-{trial.fold}"
        answered.to_parquet(path)
    row = table(study, folder)["auc", "oversample"]
    assert row.pairs == 2
    aucs = {(trial.levels[0], trial.fold): roc_auc_score(*answers(trial.recipe)) for trial in trials}
    d = [aucs["oversample", fold] - aucs["none", fold] for fold in (0, 1)]
    assert row.difference == pytest.approx(np.mean(d))
    assert row.p == pytest.approx(corrected_resampled_t(d, 0.2).p)
    assert row.low is not None


def test_levels_with_other_test_images_are_not_compared(tmp_path: Path) -> None:
    study, folder = plan(tmp_path), StudyFolder(tmp_path / "study")
    carry_out(study, folder)
    path = folder.of(study.trials[1]) / "predictions.parquet"
    answered = pd.read_parquet(path)
    answered.loc[0, "image_id"] = "another"
    answered.to_parquet(path)
    found = table(study, folder)
    assert found["auc", "weights"].runs == 2
    assert (found["auc", "weights"].difference, found["auc", "weights"].p) == (None, None)
    assert found["auc", "oversample"].p is not None


def test_without_a_baseline_nothing_is_compared(tmp_path: Path) -> None:
    study, folder = plan(tmp_path, TEXT.replace("baseline: none", "metrics: [accuracy]")), StudyFolder(tmp_path / "s")
    carry_out(study, folder)
    found = rows(study, results(study, folder))
    assert [row.metric for row in found] == ["accuracy"] * 3
    assert all(row.mean is not None and row.difference is None for row in found)


def test_nothing_finished_is_an_empty_table(tmp_path: Path) -> None:
    study, folder = plan(tmp_path), StudyFolder(tmp_path / "study")
    assert rows(study, results(study, folder)) == []
    named = plan(tmp_path, TEXT + "metrics: [auc]")
    assert [row.runs for row in rows(named, results(named, folder))] == [0, 0, 0]


def test_damaged_and_unknown_figures_are_named(tmp_path: Path) -> None:
    study, folder = plan(tmp_path, TEXT + "metrics: [recall_nevus]"), StudyFolder(tmp_path / "study")
    carry_out(study, folder)
    with pytest.raises(DataError, match=r"no run has the figure 'recall_nevus'; they have: auc, .*auc_histology"):
        rows(study, results(study, folder))
    (folder.of(study.trials[2]) / "metrics.json").write_text("{")
    with pytest.raises(DataError, match=r"metrics\.json: damaged"):
        results(study, folder)


def test_a_run_without_a_model_file_counts_and_is_named(tmp_path: Path) -> None:
    study, folder = plan(tmp_path), StudyFolder(tmp_path / "study")
    carry_out(study, folder)
    before = rows(study, results(study, folder))
    path = folder.of(study.trials[1]) / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"disagreement": "3 of 64 labels differ"}))
    found = results(study, folder)
    assert rows(study, found) == before
    page = markdown(study, found, before, {})
    assert f"- {study.trials[1]}: 3 of 64 labels differ" in page
    assert page.count("labels differ") == 1
    assert "without a model file" not in markdown(study, [r for r in found if not r.disagreement], before, {}).lower()


def test_a_study_that_chooses_looks_at_validation(tmp_path: Path) -> None:
    """Runs whose two sides were swapped give, looked at from the other side, the table of the others."""
    expected_plan, expected = plan(tmp_path), StudyFolder(tmp_path / "expected")
    carry_out(expected_plan, expected)
    (tmp_path / "v").mkdir()
    study, folder = plan(tmp_path / "v", TEXT + "figures: val"), StudyFolder(tmp_path / "study")
    carry_out(study, folder)
    for trial in study.trials:
        path = folder.of(trial) / "metrics.json"
        metrics = json.loads(path.read_text())
        images = {"train": 300, "val": 60, "test": 77}
        path.write_text(json.dumps(metrics | {"validation": metrics["test"], "test": {}, "images": images}))
        table = pd.read_parquet(folder.of(trial) / "predictions.parquet")
        table.assign(split="val").to_parquet(folder.of(trial) / "predictions.parquet")
    found = rows(study, results(study, folder))
    assert found == rows(expected_plan, results(expected_plan, expected))
    page = markdown(study, results(study, folder), found, {})
    assert "Figures are of 60 validation images; training had 300." in page
    assert "test images" not in page.replace("the test images must say", "")
