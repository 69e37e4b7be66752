"""The bundled models, as a user meets them: one answer by every door, bad captures refused, figures true."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import tejido
from tejido.app.server import create_app
from tejido.cli.main import main
from tejido.data import manifest
from tejido.data.splitting import splits
from tejido.export.card import card
from tejido.metrics.evaluate import estimate_of
from tejido.runtime.classifier import Classifier
from tejido.runtime.library import BUNDLED, load_segmenter
from tejido.sources.ham10000 import Ham10000
from tejido.sources.idc import Idc
from tests.app.client import Client

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
EXAMPLES = sorted((Path(tejido.__file__).parent / "app" / "web" / "examples").glob("*.jpg"))
OUTLINER = "lesion-outline-tiny"
MODELS = sorted({path.stem for path in BUNDLED.glob("*.onnx")} - {OUTLINER})
SUSPICION = [name for name in MODELS if name.startswith("skin-suspicion")]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return tejido.load()


@pytest.fixture(scope="module")
def lesions(shared: Path) -> list[Path]:
    return sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))


@cache
def load(name: str) -> Classifier:
    return tejido.load(name)


@cache
def predictions(name: str) -> pd.DataFrame:
    """The file's answers of validation and test."""
    return pd.read_parquet(RESULTS / name / "bundled" / "predictions.parquet")


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


@pytest.mark.parametrize("name", MODELS)
def test_an_exif_rotated_file_equals_its_upright_array(name: str, tmp_path: Path) -> None:
    path = rotated(EXAMPLES[1], tmp_path)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert load(name).predict(path).probabilities == load(name).predict(upright).probabilities


@pytest.mark.parametrize("name", MODELS)
def test_it_is_small_and_says_what_it_is(name: str) -> None:
    limit = 4_000_000 if name.endswith("-accurate") else 150_000
    assert (BUNDLED / f"{name}.onnx").stat().st_size <= limit
    metadata = load(name).metadata
    assert metadata.name == name
    assert metadata.task == name.removesuffix("-accurate")
    skin = name.startswith("skin-")
    assert metadata.modality == ("dermoscopy" if skin else "histology")
    assert metadata.licence == ("CC-BY-NC-4.0" if skin else "CC-BY-4.0")
    assert {data.source for data in metadata.training_data} == {"ham10000" if skin else "idc"}
    assert {"blur", "darkness", "glare"} <= {rule.code for rule in metadata.refusal}
    assert f"`{name}.onnx`" in (ROOT / "MODELS_LICENSE.md").read_text()


@pytest.mark.parametrize("name", SUSPICION)
def test_both_sizes_of_a_lesion_get_nearly_the_same_answer(name: str, lesions: list[Path], shared: Path) -> None:
    small = shared / "data" / "ham10000" / "images"
    pairs = [(path, small / path.name) for path in lesions]
    answers = [[load(name).predict(path).probabilities["suspicious"] for path in pair] for pair in pairs]
    assert len(answers) == 24
    assert np.median(np.abs(np.diff(answers))) <= 0.05


def as_bytes(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return buffer.getvalue()


def with_reflection(image: Image.Image) -> Image.Image:
    spot = Image.new("RGB", (image.height // 2, image.height // 2), "white")
    copy = image.copy()
    copy.paste(spot, (image.width // 2 - spot.width // 2, image.height // 2 - spot.height // 2))
    return copy


@pytest.mark.parametrize("name", SUSPICION)
def test_bad_captures_are_refused_and_good_ones_are_not(name: str, lesions: list[Path]) -> None:
    spoilt = {
        None: lambda image: image,
        "blur": lambda image: image.filter(ImageFilter.GaussianBlur(image.height / 20)),
        "darkness": lambda image: ImageEnhance.Brightness(image).enhance(0.3),
        "glare": with_reflection,
    }
    for reason, spoil in spoilt.items():
        answers = [load(name).predict(as_bytes(spoil(Image.open(path)))) for path in lesions]
        share = np.mean([answer.reason == reason for answer in answers])
        assert share >= 0.9, (reason, share)


@pytest.mark.parametrize("name", MODELS)
def test_the_figures_on_its_card_follow_from_the_stored_predictions(name: str) -> None:
    metadata = load(name).metadata
    table = predictions(name)
    test = table[table["split"] == "test"]
    labels = [metadata.positive] if metadata.positive else [label.name for label in metadata.labels]
    for part, rows in (("all", test), ("histology", test[test["confirmation"] == "histology"])):
        area = np.mean([roc_auc_score(rows["truth"] == label, rows[f"p_{label}"]) for label in labels])
        assert metadata.metrics[part]["auc"]["value"] == pytest.approx(area)
        if metadata.task == "skin-suspicion":
            called = rows["p_suspicious"] >= metadata.thresholds["suspicious"]
            melanoma = rows["diagnosis"] == "melanoma"
            sensitivity = metadata.metrics[part]["sensitivity_melanoma"]["value"]
            assert sensitivity == pytest.approx(called[melanoma].mean())


@pytest.mark.parametrize("name", MODELS)
def test_the_card_beside_its_predictions_is_the_one_that_the_file_gives(name: str) -> None:
    """Where not: scripts/bundled_cards.py."""
    table = predictions(name)
    text = (RESULTS / name / "bundled" / "card.md").read_text(encoding="utf-8")
    assert text == card(load(name).metadata, table[table["split"] == "test"])


def calibration(table: pd.DataFrame, labels: list[str], positive: str | None) -> tuple[float, float, float]:
    """Calibration error, slope and Brier skill, as benchmarks/calibration.py computes them, written anew."""
    values = table[[f"p_{label}" for label in labels]].to_numpy()
    truth = table["truth"].map(labels.index).to_numpy()
    place = values.argmax(1) if positive is None else labels.index(positive)
    told = values.max(1) if positive is None else values[:, labels.index(positive)]
    event = truth == place
    bins = np.arange(len(told)) * 15 // len(told)
    sorted_ = pd.DataFrame({"told": told, "event": event, "row": np.arange(len(told))}).sort_values(["told", "row"])
    error = float(np.abs((sorted_["told"] - sorted_["event"]).groupby(bins).sum()).sum() / len(told))
    clipped = np.clip(told, 1e-9, 1 - 1e-9)
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(np.log(clipped / (1 - clipped))[:, None], event)
    missed = ((values - np.eye(len(labels))[truth]) ** 2).sum()
    ignorant = ((np.bincount(truth) / len(truth) - np.eye(len(labels))[truth]) ** 2).sum()
    return error, float(line.coef_[0, 0]), float(1 - missed / ignorant)


@pytest.mark.parametrize("name", MODELS)
def test_the_page_on_calibration_follows_from_the_stored_predictions(name: str) -> None:
    page = (RESULTS / "calibration.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.split(f"| `{name}`, before |")[1].splitlines()[1:3]]
    assert [row[0] for row in rows] == ["calibrated", "bundled file"]
    metadata = load(name).metadata
    for row, path in zip(rows, (RESULTS / name, RESULTS / name / "bundled"), strict=True):
        table = pd.read_parquet(path / "predictions.parquet")
        found = calibration(table[table["split"] == "test"], list(metadata.label_names), metadata.positive)
        shown = [float(cell.split(" ")[0]) for cell in (row[1], row[3], row[4])]
        assert shown == pytest.approx(found, abs=6e-4), row[0]


@pytest.mark.parametrize("name", MODELS)
def test_it_answers_as_its_network_did(name: str) -> None:
    """Storage in fewer bits moved labels and AUC of validation by no more than the limits of ``tejido compress``."""
    kept = json.loads((RESULTS / name / "bundled" / "metrics.json").read_text())["validation"]
    assert kept["labels"] >= 0.98
    assert abs(kept["auc"] - kept["auc_before"]) <= 0.005
    assert load(name).metadata.derivation["compression"]["validation"]["auc"] == kept["auc"]


@pytest.fixture(scope="module")
def paths(shared: Path) -> dict[str, Path]:
    """Where every image lies."""
    records = [*Ham10000().read(shared / "data" / "ham10000").records, *Idc().read(shared / "data" / "idc").records]
    return {record.image_id: record.path for record in records}


@pytest.mark.parametrize("name", MODELS)
def test_it_answers_as_the_stored_predictions_say(name: str, paths: dict[str, Path]) -> None:
    table = predictions(name)
    sample = table[table["split"] == "test"].iloc[::15]
    answers = [load(name).predict(paths[image]).probabilities for image in sample["image_id"]]
    for label in answers[0]:
        differences = np.abs([answer[label] for answer in answers] - sample[f"p_{label}"])
        assert differences.max() <= 1e-5


def test_the_outliner_is_small_and_its_card_is_true() -> None:
    file = BUNDLED / f"{OUTLINER}.onnx"
    assert file.stat().st_size <= 500_000
    assert file.read_bytes() == (RESULTS / OUTLINER / "model.onnx").read_bytes()
    metadata = load_segmenter().metadata
    assert (metadata.name, metadata.task, metadata.licence) == (OUTLINER, "lesion", "CC-BY-NC-4.0")
    assert f"`{OUTLINER}.onnx`" in (ROOT / "MODELS_LICENSE.md").read_text()
    table = pd.read_parquet(RESULTS / OUTLINER / "outlines.parquet")
    for part, rows in (("all", table), ("histology", table[table["confirmation"] == "histology"])):
        figure = estimate_of(metadata.metrics[part]["dice"])
        assert figure.value == pytest.approx(rows["dice"].mean())
        for name in ("README.md", "README.es.md", "docs/results/segmentation.md"):
            assert str(figure) in (ROOT / name).read_text(), (name, part)


def test_the_outliner_is_asked_where_no_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outline", "--json", str(EXAMPLES[1])]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["model"] == OUTLINER
    assert said["measures"]["area_share"] == pytest.approx(load_segmenter().predict(EXAMPLES[1]).share)


def test_the_outliner_answers_as_its_stored_table_says(shared: Path) -> None:
    records = {one.image_id: one for one in Ham10000().read(shared / "data" / "ham10000").records}
    table = pd.read_parquet(RESULTS / OUTLINER / "outlines.parquet").iloc[::50]
    model = load_segmenter()
    for image, dice in zip(table["image_id"], table["dice"], strict=True):
        record = records[image]
        outline = model.predict(record.path)
        assert outline.mask is not None
        assert record.mask_path is not None
        with Image.open(record.mask_path) as mask:
            size = outline.mask.shape[::-1]
            truth = np.asarray(mask.convert("L").resize(size, Image.Resampling.BILINEAR)) >= 128
        shared_pixels = (truth & outline.mask).sum()
        assert 2 * shared_pixels / (truth.sum() + outline.mask.sum()) == pytest.approx(dice, abs=2e-3)


@pytest.mark.parametrize("name", [OUTLINER, *(name for name in MODELS if name.startswith("skin-"))])
def test_no_lesion_crosses_its_split(name: str, shared: Path) -> None:
    lesions = {record.image_id: record.lesion_id for record in Ham10000().read(shared / "data" / "ham10000").records}
    split = pd.read_parquet(RESULTS / name / "split.parquet")
    sides = split.assign(lesion=split["image_id"].map(lesions)).groupby("lesion")["split"].nunique()
    assert len(sides) > 300
    assert (sides == 1).all()
    for side in ("val", "test") if name != OUTLINER else ():
        known = set(split["image_id"][split["split"] == side])
        assert set(predictions(name)["image_id"][predictions(name)["split"] == side]) <= known


@pytest.mark.slow
def test_the_documented_commands_make_these_splits(shared: Path, tmp_path: Path) -> None:
    truth = shared / "data" / "csv" / "isic2019_toregore" / "ISIC_2019_Training_GroundTruth.csv"
    build = ["data", "build", "--source", f"ham10000={shared / 'data' / 'ham10000'}", "--metadata", str(truth)]
    assert main([*build, "-o", str(tmp_path / "m.parquet")]) == 0
    assert main(["data", "split", str(tmp_path / "m.parquet"), "-o", str(tmp_path / "s.parquet")]) == 0
    table = manifest.read(tmp_path / "m.parquet")
    assigned = splits.load(tmp_path / "s.parquet", table)  # raises where a lesion crosses
    made = dict(zip(table["image_id"], assigned, strict=True))
    for name in (name for name in MODELS if name.startswith("skin-")):
        own = pd.read_parquet(RESULTS / name / "split.parquet")
        assert [made[image] for image in own["image_id"]] == own["split"].tolist()
    # What is known of HAM10000, on the way.
    counts = table["diagnosis"].value_counts()
    assert (len(table), table["group_id"].nunique(), table["sha256"].duplicated().sum()) == (9_991, 7_470, 0)
    assert (counts["squamous_cell_carcinoma"], counts["actinic_keratosis"]) == (197, 130)
    for _, rows in table.groupby("diagnosis"):
        shares = assigned[rows.index].value_counts(normalize=True)
        for side, fraction in splits.DEFAULT_FRACTIONS.items():
            assert abs(shares[side] - fraction) < 0.02


@pytest.mark.parametrize("name", ["README.md", "README.es.md", "docs/results/skin-suspicion.md"])
@pytest.mark.parametrize("model", SUSPICION)
def test_the_documents_give_the_figures_of_the_card(model: str, name: str) -> None:
    text = (ROOT / name).read_text()
    for part in ("all", "histology"):
        for figure in ("auc", "sensitivity", "specificity", "accuracy", "sensitivity_melanoma"):
            assert str(estimate_of(load(model).metadata.metrics[part][figure])) in text, (part, figure)
