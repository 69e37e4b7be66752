"""From a model file and manifests to a file that refuses strangers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.experiments import pictures
from tejido.experiments.gating import fit, look
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare
from tejido.imaging.strangers import stranger
from tejido.metrics.calibration import Calibration
from tejido.models.gate import NAMES
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import RefusalRule
from tests.support.experiment import prepare
from tests.support.pictures import encode, noise
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA


def fewer(patch: pytest.MonkeyPatch) -> None:
    """Let a gate look at fewer pictures."""
    for name, value in (("OWN", 400), ("STRANGERS", 15)):
        patch.setattr(fit, name, value)
    for name, value in (("MADE_UP", 30), ("PARTS", 2), ("FEW", 0), ("SKIN", 60)):
        patch.setattr(look, name, value)


def validation(folder: Path) -> pd.DataFrame:
    rows = manifests.read(folder / "manifest.parquet")
    split = pd.read_parquet(folder / "split.parquet").set_index("image_id")["split"]
    return rows[rows["image_id"].map(split) == "val"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A model file, its manifest and split, and histology."""
    found = tmp_path_factory.mktemp("gate")
    prepare(found, shared, lesions=700)
    module = Deployed(CentreSquare(64), small_network(0.3), Calibration(1.0, (0.0, 0.0))).eval()
    metadata = dataclasses.replace(METADATA, refusal=(), input_size=64, modality="dermoscopy")
    graph = export_graph(module)
    model = Classifier(with_metadata(graph, metadata))
    blur = [model.predict(path).quality["blur"] for path in validation(found)["path"]]
    rule = RefusalRule("blur", "quality", METADATA.quality.index("blur"), float(np.quantile(blur, 0.97)))
    (found / "plain.onnx").write_bytes(with_metadata(graph, dataclasses.replace(metadata, refusal=(rule,))))
    slides = shared / "data" / "breakhis"
    assert main(["data", "build", "--source", f"breakhis={slides}", "-o", str(found / "slides.parquet")]) == 0
    for name in ("photo.jpg", "deeper/other.png"):
        path = found / "anything" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(noise(), "PNG"))
    (found / "anything" / "broken.jpg").write_bytes(b"no picture")
    (found / "anything" / "readme.txt").write_text("no picture either")
    return found


@pytest.fixture(scope="module")
def gated(folder: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        fewer(patch)
        asked = ["gate", str(folder / "plain.onnx"), str(folder / "manifest.parquet")]
        asked += ["--split", str(folder / "split.parquet"), "--stranger", str(folder / "slides.parquet")]
        asked += ["--anything", str(folder / "anything")]
        assert main([*asked, "-o", str(folder / "gated.onnx")]) == 0
    return folder / "gated.onnx"


def test_strangers_are_refused_and_its_own_are_not(gated: Path, folder: Path, shared: Path) -> None:
    model = Classifier(gated)
    slides = sorted((shared / "data" / "breakhis").rglob("*.png"))
    assert np.mean([model.predict(path).refused for path in slides]) > 0.9
    assert {model.predict(path).reason for path in slides} & {"histology"}
    new = [stranger(family, number) for family in ("text", "shapes", "stripes") for number in range(100, 110)]
    assert np.mean([model.predict(pixels).refused for pixels in new]) > 0.9
    answers = [model.predict(path) for path in validation(folder)["path"]]
    assert np.mean([answer.reason == "blur" for answer in answers]) > 0.02  # as the file did before
    assert np.mean([answer.refused for answer in answers]) <= 0.05 + 1.5 / len(answers)


def test_nothing_else_changes(gated: Path, folder: Path, shared: Path) -> None:
    picture = sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))[0]
    before, after = Classifier(folder / "plain.onnx"), Classifier(gated)
    assert before.predict(picture).probabilities == after.predict(picture).probabilities
    metadata = after.metadata
    assert metadata.gate == NAMES
    codes = [rule.code for rule in metadata.refusal]
    assert codes == ["clinical_photo", "histology", "blur", "no_lesion", "novelty", "novelty"]
    learned = metadata.derivation["gate"]["learned_from"]
    assert learned["histology: breakhis"] == 15 * 3
    assert learned["anything: anything"] == 2 * 3
    assert learned["skin without lesion"] > 20
    own = metadata.derivation["gate"]["own"]
    assert own["augmented"] == 2 * own["images"]
    same = dataclasses.replace(metadata, refusal=(), gate=(), derivation={})
    assert same == dataclasses.replace(before.metadata, refusal=(), derivation={})


def test_the_same_again(gated: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer(monkeypatch)
    strangers = [(folder / "slides.parquet", None)]
    again = folder / "again.onnx"
    split = folder / "split.parquet"
    anything = [folder / "anything"]
    fit.fit_gate(folder / "plain.onnx", folder / "manifest.parquet", split, strangers, again, anything=anything)
    assert again.read_bytes() == gated.read_bytes()


def test_what_cannot_be(gated: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, split = str(folder / "manifest.parquet"), ["--split", str(folder / "split.parquet")]
    output = tmp_path / "out.onnx"
    twice = ["--anything", str(folder / "anything")] * 2
    cases = [
        ([str(folder / "plain.onnx"), manifest, *split, "--stranger", manifest], "of the model's own modality"),
        ([str(gated), manifest, *split], "it has a gate already"),
        ([str(folder / "plain.onnx"), manifest, *split, "--anything", str(tmp_path)], "no picture files in it"),
        ([str(folder / "plain.onnx"), manifest, *split, *twice], "the same name"),
        ([str(folder / "plain.onnx"), str(folder / "slides.parquet"), *split], "slides.parquet|split.parquet"),
    ]
    for arguments, message in cases:
        assert main(["gate", *arguments, "-o", str(output)]) == 1
        error = capsys.readouterr().err
        assert any(part in error for part in message.split("|")), error
        assert error.count("\n") == 1
        assert not output.exists()


def test_of_few_strangers_more_parts_are_taken() -> None:
    assert [look.pieces(count) for count in (1, 20, 300)] == [601, 31, 7]
    assert [look.looks(count) for count in (1, 20, 300)] == [2 * 601, 2 * 20 * 31, 300 * 7]


def test_skin_is_where_the_mask_is_not() -> None:
    row = pd.Series({"mask_path": "mask.png", "width": 100, "height": 80})
    pixels = np.zeros((80, 100, 3), np.uint8)
    pixels[20:60, :60] = 200  # the lesion
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "read_mask", lambda *_: (pixels[:, :, 0] > 0).astype(np.uint8) * 255)
        part = look.skin_of(pixels, row, rng)
        assert part is not None
        assert not part.any()
        patch.setattr(pictures, "read_mask", lambda *_: np.full((80, 100), 255, np.uint8))
        assert look.skin_of(pixels, row, rng) is None
