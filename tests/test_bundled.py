"""The bundled model, as a user meets it: same answer by every door, sizes agree, bad captures refused, figures true."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from sklearn.metrics import roc_auc_score

import tejido
from tejido.app.server import create_app
from tejido.cli.main import main
from tejido.data import manifest
from tejido.data.splitting import splits
from tejido.metrics.evaluate import estimate_of
from tejido.runtime.classifier import Classifier
from tejido.runtime.library import BUNDLED
from tejido.sources.ham10000 import Ham10000
from tests.app.client import Client

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "skin-suspicion"
EXAMPLES = sorted((Path(tejido.__file__).parent / "app" / "web" / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return tejido.load()


@pytest.fixture(scope="module")
def lesions(shared: Path) -> list[Path]:
    return sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))


def rotated(path: Path, folder: Path) -> Path:
    """The same picture stored lying on its side, with the EXIF tag that puts it upright."""
    image = Image.open(path)
    exif = Image.Exif()
    exif[0x0112] = 6
    target = folder / f"{path.stem}-rotated.jpg"
    image.transpose(Image.Transpose.ROTATE_90).save(target, exif=exif, quality=95)
    return target


def test_terminal_python_and_rest_agree(
    classifier: Classifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [*EXAMPLES, rotated(EXAMPLES[0], tmp_path)]
    assert main(["classify", "--json", *map(str, paths)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    client = Client(create_app())
    for path, line in zip(paths, lines, strict=True):
        expected = classifier.predict(path)
        answer = client.classify(path.read_bytes()).json()
        assert line["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        assert line["label"] == answer["label"] == expected.label
        assert line["quality"] == answer["quality"] == pytest.approx(expected.quality)


def test_an_exif_rotated_file_equals_its_upright_array(classifier: Classifier, tmp_path: Path) -> None:
    path = rotated(EXAMPLES[1], tmp_path)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert classifier.predict(path).probabilities == classifier.predict(upright).probabilities


def test_it_is_small_and_says_what_it_is(classifier: Classifier) -> None:
    assert (BUNDLED / "skin-suspicion.onnx").stat().st_size <= 2_000_000
    metadata = classifier.metadata
    assert (metadata.name, metadata.task, metadata.positive) == ("skin-suspicion", "skin-suspicion", "suspicious")
    assert metadata.licence == "CC-BY-NC-4.0"
    assert {data.source for data in metadata.training_data} == {"ham10000"}
    assert {"blur", "darkness", "glare"} == {rule.code for rule in metadata.refusal}


def test_both_sizes_of_a_lesion_get_nearly_the_same_answer(
    classifier: Classifier, lesions: list[Path], shared: Path
) -> None:
    small = shared / "data" / "ham10000" / "images"
    differences = [
        abs(
            classifier.predict(path).probabilities["suspicious"]
            - classifier.predict(small / path.name).probabilities["suspicious"]
        )
        for path in lesions
    ]
    assert len(differences) == 24
    assert np.median(differences) <= 0.05


def as_bytes(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def with_reflection(image: Image.Image) -> Image.Image:
    spot = Image.new("RGB", (image.height // 2, image.height // 2), "white")
    copy = image.copy()
    copy.paste(spot, (image.width // 2 - spot.width // 2, image.height // 2 - spot.height // 2))
    return copy


def test_bad_captures_are_refused_and_good_ones_are_not(classifier: Classifier, lesions: list[Path]) -> None:
    spoilt = {
        None: lambda image: image,
        "blur": lambda image: image.filter(ImageFilter.GaussianBlur(image.height / 20)),
        "darkness": lambda image: ImageEnhance.Brightness(image).enhance(0.3),
        "glare": with_reflection,
    }
    for reason, spoil in spoilt.items():
        answers = [classifier.predict(as_bytes(spoil(Image.open(path)))) for path in lesions]
        share = np.mean([answer.reason == reason for answer in answers])
        assert share >= 0.9, (reason, share)


def test_the_figures_on_its_card_follow_from_the_stored_predictions(classifier: Classifier) -> None:
    table = pd.read_parquet(RESULTS / "predictions.parquet")
    test = table[table["split"] == "test"]
    for part, rows in (("all", test), ("histology", test[test["confirmation"] == "histology"])):
        area = roc_auc_score(rows["truth"] == "suspicious", rows["p_suspicious"])
        assert classifier.metadata.metrics[part]["auc"]["value"] == pytest.approx(area)
        called = rows["p_suspicious"] >= classifier.metadata.thresholds["suspicious"]
        melanoma = rows["diagnosis"] == "melanoma"
        sensitivity = classifier.metadata.metrics[part]["sensitivity_melanoma"]["value"]
        assert sensitivity == pytest.approx(called[melanoma].mean())


def test_it_answers_as_its_run_did_and_its_split_is_clean(classifier: Classifier, shared: Path, tmp_path: Path) -> None:
    records = Ham10000().read(shared / "data" / "ham10000").records
    paths = {record.image_id: record.path for record in records}
    table, _ = manifest.build(records, tmp_path)
    assigned = splits.load(RESULTS / "split.parquet", table)  # raises where a lesion crosses
    predictions = pd.read_parquet(RESULTS / "predictions.parquet")
    test = predictions[predictions["split"] == "test"]
    assert set(test["image_id"]) == set(table["image_id"][assigned == "test"])
    sample = test.iloc[::10]
    answers = [classifier.predict(paths[image_id]) for image_id in sample["image_id"]]
    file = np.array([answer.probabilities["suspicious"] for answer in answers])
    assert np.abs(file - sample["p_suspicious"]).max() <= 1e-2
    called = sample["p_suspicious"] >= classifier.metadata.thresholds["suspicious"]
    assert np.mean([(a.label == "suspicious") == c for a, c in zip(answers, called, strict=True)]) >= 0.995


@pytest.mark.parametrize("name", ["README.md", "README.es.md", "docs/results/skin-suspicion.md"])
def test_the_documents_give_the_figures_of_the_card(classifier: Classifier, name: str) -> None:
    text = (Path(__file__).parents[1] / name).read_text()
    for part in ("all", "histology"):
        for figure in ("auc", "sensitivity", "specificity", "accuracy", "sensitivity_melanoma"):
            assert str(estimate_of(classifier.metadata.metrics[part][figure])) in text, (part, figure)


def test_the_documented_commands_make_its_split(shared: Path, tmp_path: Path) -> None:
    truth = shared / "data" / "csv" / "isic2019_toregore" / "ISIC_2019_Training_GroundTruth.csv"
    manifest_path, split = str(tmp_path / "m.parquet"), tmp_path / "s.parquet"
    build = ["data", "build", "--source", f"ham10000={shared / 'data' / 'ham10000'}", "--metadata", str(truth)]
    assert main([*build, "--task", "skin-suspicion", "--keep-duplicates", "-o", manifest_path]) == 0
    assert main(["data", "split", manifest_path, "-o", str(split)]) == 0
    made = pd.read_parquet(split)
    pd.testing.assert_frame_equal(made, pd.read_parquet(RESULTS / "split.parquet"))
    # What is known of HAM10000, on the way.
    table = manifest.read(Path(manifest_path))
    counts = table["diagnosis"].value_counts()
    assert (len(table), table["group_id"].nunique(), table["sha256"].duplicated().sum()) == (10_015, 7_470, 2)
    assert (counts["squamous_cell_carcinoma"], counts["actinic_keratosis"]) == (197, 130)
    assigned = table["image_id"].map(made.set_index("image_id")["split"])
    splits.check(assigned, table)
    for _, rows in table.groupby("diagnosis"):
        shares = assigned[rows.index].value_counts(normalize=True)
        for name, fraction in splits.DEFAULT_FRACTIONS.items():
            assert abs(shares[name] - fraction) < 0.02
