"""Answers of the bundled model to real pictures made worse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tejido import load
from tejido.cli.main import main
from tejido.experiments.robustness import Corrupted, robustness
from tejido.imaging.corruption import NAMES, SEVERITIES, corrupt
from tejido.metrics.bootstrap import Estimate
from tejido.report.robustness import as_rows, plot
from tests.support.experiment import prepare


@pytest.fixture(scope="module")
def folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    prepare(folder, shared, lesions=60)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[tuple[str, int], Corrupted]:
    results = robustness(load(), folder / "manifest.parquet", folder / "split.parquet", rounds=100)
    return {(one.name, one.severity): one for one in results}


def test_every_way_and_severity_once(found: dict[tuple[str, int], Corrupted]) -> None:
    assert list(found) == [(name, severity) for name in NAMES for severity in SEVERITIES]
    assert found["darker", 5].refused.value > 0.9
    assert found["fewer_pixels", 1].refused.value < 0.2
    # A half turn hardly changes a network that was trained with turned pictures.
    assert found["rotation", 5].same.value > 0.8


@pytest.mark.parametrize("way", [("warmer", 2), ("hair", 4)])
def test_figures_are_those_of_pictures_corrupted_by_hand(
    folder: Path, found: dict[tuple[str, int], Corrupted], way: tuple[str, int]
) -> None:
    table = pd.read_parquet(folder / "manifest.parquet")
    split = pd.read_parquet(folder / "split.parquet").set_index("image_id")["split"]
    rows = table[table["image_id"].map(split) == "test"]
    model = load()
    one = found[way]
    groups, refused, same = [], [], []
    for group, part in rows.groupby("group_id"):
        groups.append(group)
        for _, row in part.iterrows():
            pixels = np.asarray(Image.open(folder / row["path"]).convert("RGB"))
            clean, worse = model.predict(pixels), model.predict(corrupt(pixels, *way, row["image_id"]))
            if not clean.refused and len(part) == 1:
                refused.append(worse.refused)
                same.append(clean.label == worse.label)
    assert one.images <= len(groups)
    assert one.images >= len(refused)
    several = one.images - len(refused)  # lesions with several pictures, of which one was drawn
    count = round(one.refused.value * one.images)
    assert sum(refused) <= count <= sum(refused) + several
    kept = np.array(same)[~np.array(refused)]
    answered = one.images - count
    assert kept.sum() <= round(one.same.value * answered) <= kept.sum() + several


def test_in_the_terminal_and_as_files(
    folder: Path, found: dict[tuple[str, int], Corrupted], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["skin-suspicion", str(folder / "manifest.parquet"), "--split", str(folder / "split.parquet")]
    assert main(["evaluate", *asked, "--robustness", "3", "--rounds", "100", "-o", str(tmp_path)]) == 0
    assert "fewer pixels" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "robustness.csv")
    assert (table["images"] <= 3).all()
    assert list(table.columns) == list(pd.DataFrame(as_rows(list(found.values()))).columns)
    assert "NaN" not in json.dumps(as_rows(list(found.values())))
    assert "| warmer |" in (tmp_path / "robustness.md").read_text()
    with Image.open(tmp_path / "robustness.png") as plot:
        assert plot.size[0] > 800


def test_only_a_model_can_be_asked_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answers.csv").write_text("truth,p_a,p_b\na,1,0\n")
    assert main(["evaluate", str(tmp_path / "answers.csv"), "--robustness", "5"]) == 2
    assert "--robustness is for a model file of ours" in capsys.readouterr().err


def test_a_severity_at_which_one_label_is_refused_has_no_point() -> None:
    refused, auc, less = Estimate(0.5, None, None), Estimate(0.8, 0.7, 0.9), Estimate(-0.1, -0.2, 0.0)
    found = [
        Corrupted("blur", 1, 20, refused, {}, {}, refused),
        Corrupted("blur", 2, 20, refused, {"auc": auc}, {"auc": less}, refused),
    ]
    (axis, *_) = plot(found).axes
    curve, clean = axis.lines
    assert (curve.get_xdata().tolist(), curve.get_ydata().tolist()) == ([2], [0.8])
    assert clean.get_ydata() == pytest.approx([0.9, 0.9])
