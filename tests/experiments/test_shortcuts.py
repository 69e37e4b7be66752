"""Shortcuts that are planted are found, and none where there is none."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tejido.cli.main import main
from tejido.errors import DataError
from tejido.experiments.predict import Predictions
from tejido.experiments.shortcuts import shortcuts
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.calibration import Calibration
from tests.support.experiment import prepare
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = Deployed(CentreSquare(64), small_network(0.3), Calibration(1.0, (0.0, 0.0))).eval()
    path = tmp_path_factory.mktemp("shortcuts") / "model.onnx"
    path.write_bytes(with_metadata(export_graph(module), dataclasses.replace(METADATA, refusal=(), input_size=64)))
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Predictions:
    """Grey pictures with a dark disc: those of one source have a green frame; confirmation is drawn by lot."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:64, :64]
    rows = []
    for number in range(120):
        pixels = np.clip(rng.normal(170, 20, (64, 64, 3)), 0, 255)
        disc = np.hypot(down - 32, across - 32) < rng.uniform(10, 16)
        pixels[disc] = np.clip(rng.normal(90, 20, (int(disc.sum()), 3)), 0, 255)
        source = "clinic" if number % 2 else "archive"
        if source == "clinic":
            pixels[:6] = (0, 160, 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
        Image.fromarray(disc.astype(np.uint8) * 255).save(folder / f"{number}-mask.png")
        rows.append(
            {
                "image_id": f"i{number}", "group_id": f"g{number}", "path": str(folder / f"{number}.png"),
                "mask_path": str(folder / f"{number}-mask.png"), "width": 64, "height": 64, "aspect": np.nan,
                "source": source, "confirmation": str(rng.choice(["histology", "follow_up"])),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    truth = np.where(rng.random(120) < 0.3, "bright", "dark")
    answers = table[["image_id", "group_id"]].assign(truth=truth, p_dark=0.5, p_bright=0.5)
    return Predictions("planted", answers, "bright", None, rows=table)


def test_a_planted_source_is_found_and_a_lot_is_not(model: Path, found: Predictions) -> None:
    audit = shortcuts(found, model, rounds=200)
    probes = {(probe.attribute, probe.among): probe for probe in audit.probes}
    assert set(probes) == {("source", "dark"), ("confirmation", "dark")}  # of the other label there are too few
    planted, lot = probes["source", "dark"], probes["confirmation", "dark"]
    assert planted.values == ("archive", "clinic")
    assert planted.auc.value > 0.95
    assert lot.auc.low is not None
    assert lot.auc.high is not None
    assert lot.auc.low < 0.5 < lot.auc.high or abs(lot.auc.value - 0.5) < 0.15
    lesion, surroundings = audit.covered
    assert (lesion.name, surroundings.name, lesion.images) == ("lesion", "surroundings", 120)


def test_covers_hide_what_they_should(
    model: Path, found: Predictions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that answers by the disc's darkness knows nothing once it is covered, and all once all else is."""
    from tejido.experiments import shortcuts as module
    from tejido.runtime.classifier import Prediction

    class Stub:
        """P(bright) is the darkness of the middle."""

        metadata = METADATA

        def __init__(self, _: bytes) -> None:
            """Need nothing."""

        def predict(self, pixels: np.ndarray) -> Prediction:
            share = 1 - float(pixels[26:38, 26:38].mean()) / 255
            return Prediction("bright", {"dark": 1 - share, "bright": share}, None, False, None, "stub")

    assert found.rows is not None
    paths = []
    for place, (path, truth) in enumerate(zip(found.rows["path"], found.table["truth"], strict=True)):
        pixels = np.array(Image.open(path))
        pixels[np.hypot(*(np.mgrid[:64, :64] - 32)) < 9] = 40 if truth == "bright" else 130
        paths.append(str(tmp_path / f"{place}.png"))
        Image.fromarray(pixels).save(paths[-1])
    monkeypatch.setattr(module, "Classifier", Stub)
    shares = [Stub(b"").predict(np.array(Image.open(path))).probabilities["bright"] for path in paths]
    table = found.table.assign(p_bright=shares, p_dark=[1 - share for share in shares])
    planted = dataclasses.replace(found, table=table, rows=found.rows.assign(path=paths))
    lesion, surroundings = shortcuts(planted, model, rounds=100).covered
    assert abs(lesion.auc.value - 0.5) < 0.15
    assert lesion.difference.value == pytest.approx(lesion.auc.value - 1)
    assert surroundings.auc.value == 1


def test_in_the_terminal_and_in_the_report(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path, shared, lesions=150)
    asked = ["evaluate", "skin-suspicion", str(tmp_path / "manifest.parquet"), "--rounds", "100", "--shortcuts"]
    assert main([*asked, "-o", str(tmp_path / "out"), "--json"]) == 0
    audit = json.loads(capsys.readouterr().out)["shortcuts"]
    assert [one["name"] for one in audit["covered"]] == ["lesion", "surroundings"]
    assert audit["covered"][0]["difference"]["value"] < 0
    assert 'id="shortcuts"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert len(pd.read_csv(tmp_path / "out" / "shortcuts.csv")) == len(audit["probes"]) + 2


def test_without_pictures(model: Path, found: Predictions) -> None:
    with pytest.raises(DataError, match="the pictures are not at hand"):
        shortcuts(dataclasses.replace(found, rows=None), model)
