"""The bundled model, made to fit a clinic where every second lesion is suspicious."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from tejido import load
from tejido.cli.main import main
from tejido.data import manifest
from tejido.export.card import card
from tejido.runtime.library import locate
from tejido.sources.ham10000 import Ham10000
from tejido.sources.record import ImageRecord


@pytest.fixture(scope="module")
def records(shared: Path) -> dict[str, list[ImageRecord]]:
    """One picture of each lesion, by diagnosis."""
    found: dict[str, dict[str, ImageRecord]] = {}
    for record in Ham10000().read(shared / "data" / "ham10000").records:
        found.setdefault(str(record.diagnosis), {}).setdefault(str(record.lesion_id), record)
    return {name: list(lesions.values()) for name, lesions in found.items()}


def written(folder: Path, chosen: list[ImageRecord]) -> Path:
    table, _ = manifest.build(chosen, folder)
    manifest.write(table, folder / "cases.parquet")
    return folder / "cases.parquet"


def test_a_copy_that_fits_and_gives_the_same_labels(
    records: dict[str, list[ImageRecord]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = written(tmp_path, [*records["nevus"][:300:5], *records["melanoma"][:300:5]])
    assert main(["recalibrate", "skin-suspicion", str(cases), "-o", str(tmp_path / "local.onnx")]) == 0
    out = capsys.readouterr().out
    assert "on cases left out" in out
    assert "Written:" in out
    before, after = load("skin-suspicion"), load(tmp_path / "local.onnx")
    facts = after.metadata.derivation["recalibrated"]
    assert facts["method"] in ("bias", "scale_and_bias")
    assert facts["groups"] == facts["cases"] <= 120
    assert after.metadata.calibration["local"] == facts
    assert after.metadata.calibration["method"] == before.metadata.calibration["method"]
    moved = []
    for name in ("nevus", "melanoma", "basal_cell_carcinoma"):
        for record in records[name][1:300:30]:
            pixels = np.asarray(Image.open(record.path).convert("RGB"))
            one, other = before.predict(pixels), after.predict(pixels)
            assert one.label == other.label
            assert one.heatmap is not None
            assert other.heatmap is not None
            np.testing.assert_array_equal(one.heatmap, other.heatmap)
            moved.append(other.probabilities["suspicious"] - one.probabilities["suspicious"])
    assert np.mean(moved) > 0.05  # every second is suspicious here, and not every fifth
    assert f"on {facts['cases']} confirmed cases" in card(after.metadata)


def test_a_file_with_a_scale_for_every_label(records: dict[str, list[ImageRecord]], tmp_path: Path) -> None:
    """With equal scales it answers as the file with one, before and after."""
    graph = onnx.load(locate("skin-suspicion"))
    (scale,) = (tensor for tensor in graph.graph.initializer if tensor.name == "scale")
    values = np.repeat(numpy_helper.to_array(scale), 2).astype(np.float32)
    scale.CopyFrom(numpy_helper.from_array(values, "scale"))
    onnx.save(graph, tmp_path / "vector.onnx")
    cases = written(tmp_path, [*records["nevus"][:300:5], *records["melanoma"][:300:5]])
    for name, model in (("one", "skin-suspicion"), ("two", str(tmp_path / "vector.onnx"))):
        asked = ["recalibrate", model, str(cases), "-o", str(tmp_path / f"{name}.onnx")]
        assert main(asked) == 0
    one, two = (load(tmp_path / f"{name}.onnx") for name in ("one", "two"))
    for record in records["melanoma"][1:300:60]:
        assert two.predict(record.path).probabilities == pytest.approx(one.predict(record.path).probabilities, abs=1e-5)


def test_too_few_cases_are_refused(
    records: dict[str, list[ImageRecord]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = written(tmp_path / "few", [*records["nevus"][:20], *records["melanoma"][:20]])
    lopsided = written(tmp_path / "lopsided", [*records["nevus"][:60], *records["melanoma"][:4]])
    for cases, message in ((few, "too few to say how probable"), (lopsided, "'suspicious'; 10 of every label")):
        assert main(["recalibrate", "skin-suspicion", str(cases), "-o", str(tmp_path / "no.onnx")]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert len(error.splitlines()) == 1
        assert not (tmp_path / "no.onnx").exists()


def test_a_file_without_a_calibration_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = onnx.load(locate("skin-suspicion"))
    for tensor in graph.graph.initializer:
        if tensor.name == "scale":
            tensor.name = "gain"
    for node in graph.graph.node:
        for place, name in enumerate(node.input):
            if name == "scale":
                node.input[place] = "gain"
    onnx.save(graph, tmp_path / "other.onnx")
    asked = [
        "recalibrate",
        str(tmp_path / "other.onnx"),
        str(tmp_path / "cases.parquet"),
        "-o",
        str(tmp_path / "no.onnx"),
    ]
    assert main(asked) == 1
    assert "its calibration cannot be changed" in capsys.readouterr().err
