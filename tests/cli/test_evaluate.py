"""``tejido evaluate`` on a file of predictions, a model file, and a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tejido.cli.main import main

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "skin-suspicion"


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model's, as a CSV file."""
    table = pd.read_parquet(RESULTS / "predictions.parquet")
    path = tmp_path_factory.mktemp("predictions") / "test.csv"
    table[table["split"] == "test"].drop(columns="split").to_csv(path, index=False)
    return path


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[tuple[str, str, str | None], Any]:
    assert main(["evaluate", *map(str, arguments), "--rounds", "100", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {(row["images"], row["name"], row["of"]): row for row in found["figures"]}


def test_a_file_of_predictions_gives_the_published_figures(
    predictions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = json.loads((RESULTS / "metrics.json").read_text())
    asked = (predictions, "--positive", "suspicious", "--threshold", known["threshold"], "-o", tmp_path)
    found = evaluated(capsys, *asked, "--challenge", "isic2020")
    for part in ("all", "histology"):
        for name in ("auc", "accuracy", "sensitivity", "specificity", "balanced_accuracy"):
            assert found[part, name, None]["value"] == pytest.approx(known["test"][part][name]["value"]), (part, name)
        assert found[part, "isic2020", None]["value"] == pytest.approx(known["test"][part]["auc"]["value"])
    assert found["all", "auc", None]["low"] < known["test"]["all"]["auc"]["value"] < found["all", "auc", None]["high"]
    page = (tmp_path / "evaluation.md").read_text()
    assert "| AUC | 0.9" in page
    counts = pd.read_csv(tmp_path / "confusion.csv", index_col=0)
    assert counts.to_numpy().sum() == known["test"]["all"]["images"]
    assert counts.index.name == f"truth; answer: suspicious from a probability of {known['threshold']:.3f}"
    for name in ("roc", "precision_recall", "reliability", "net_benefit"):
        with Image.open(tmp_path / f"{name}.png") as plot:
            assert plot.size[0] > 400


def test_a_bare_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    values = rng.dirichlet([1, 1, 1], 90)
    table = pd.DataFrame(values, columns=["p_a", "p_b", "p_c"]).assign(truth=rng.choice(["a", "b", "c"], 90))
    table.to_csv(tmp_path / "bare.csv", index=False)
    assert main(["evaluate", str(tmp_path / "bare.csv"), "--rounds", "100"]) == 0
    out = capsys.readouterr().out
    assert "balanced accuracy" in out
    assert "there is no group_id, so every image counts as independent" in out


def test_without_a_threshold_the_counts_say_how_they_were_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.DataFrame({"truth": ["a", "b"] * 20, "p_a": [0.6, 0.4] * 20, "p_b": [0.4, 0.6] * 20})
    table.to_csv(tmp_path / "bare.csv", index=False)
    assert main(["evaluate", str(tmp_path / "bare.csv"), "--rounds", "100", "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    words = "the most probable label, because no threshold is known"
    assert f"The answer is {words}." in (tmp_path / "out" / "evaluation.md").read_text()
    assert words in (tmp_path / "out" / "confusion.csv").read_text().splitlines()[0]


def test_a_model_file_asked_about_a_manifest(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tejido import load
    from tests.support.experiment import prepare

    prepare(tmp_path, shared, lesions=120)
    asked = (tmp_path / "manifest.parquet", "--split", tmp_path / "split.parquet")
    found = evaluated(capsys, "skin-suspicion", *asked)
    table = pd.read_parquet(tmp_path / "manifest.parquet")
    split = pd.read_parquet(tmp_path / "split.parquet").set_index("image_id")["split"]
    rows = table[table["image_id"].map(split) == "test"]
    model = load()
    answers = [model.predict(tmp_path / path) for path in rows["path"]]
    ill = {"melanoma", "basal_cell_carcinoma", "squamous_cell_carcinoma", "actinic_keratosis", "akiec"}
    right = [
        (answer.label == "suspicious") == (diagnosis in ill)
        for answer, diagnosis in zip(answers, rows["diagnosis"], strict=True)
        if not answer.refused
    ]
    assert found["all", "accuracy", None]["value"] == pytest.approx(np.mean(right))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, [], "no such file"),
        ("nonsense", [], "predictions lack image_id|predictions lack"),
        ("truth,p_a,p_b\na,1,0\n", ["--positive", "c"], "'c' is no label; there are: a, b"),
        ("truth,p_a,p_b\na,0.7,0.7\n", [], "not finite or do not sum to 1"),
        ("truth,p_a,p_b\nx,0.3,0.7\n", [], "have a truth 'x' that is no label"),
        ("image_id,truth,p_a,p_b\n1,a,1,0\n1,a,1,0\n", [], "1 stands in it twice"),
        ("image_id,group_id,truth,p_a,p_b\n1,g,a,1,0\n2,,b,0,1\n", [], "lack group_id in 1 of 2 rows; every row needs"),
        ("truth,p_a,p_b\na,1,0\nb,0,1\n", ["--challenge", "isic1999"], "there is no challenge 'isic1999'"),
    ],
)
def test_files_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, options: list[str], message: str
) -> None:
    import re

    path = tmp_path / "given.csv"
    if text is not None:
        path.write_text(text)
    assert main(["evaluate", str(path), "--rounds", "100", *options]) == 1
    err = capsys.readouterr().err
    assert re.search(message, err), err
    assert err.count("\n") == 1


def test_a_model_without_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "skin-suspicion"]) == 2
    assert "name a manifest" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--threshold", "0.5"], ["--positive", "suspicious"]])
def test_a_model_has_its_own_threshold(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert main(["evaluate", "skin-suspicion", "somewhere.parquet", *options]) == 2
    assert "are for files of predictions" in capsys.readouterr().err


def test_a_table_that_has_a_manifests_columns_in_part(
    predictions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv(predictions).head(300)
    sources = np.where(np.arange(300) % 2, "clinic", "archive")
    table = table.assign(source=sources, path="gone.jpg", mask_path="gone.png")
    table.to_csv(tmp_path / "known.csv", index=False)
    asked = [str(tmp_path / "known.csv"), "--rounds", "100", "--subgroups", "-o", str(tmp_path / "out")]
    assert main(["evaluate", *asked]) == 0
    assert "source: clinic" in capsys.readouterr().out
    assert "Test images are from archive, clinic" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_parts_of_the_images(predictions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(predictions)
    rng = np.random.default_rng(0)
    table["sex"] = rng.choice(["female", "male"], len(table))
    table["age"] = rng.integers(20, 90, len(table))
    table.to_csv(tmp_path / "known.csv", index=False)
    asked = [str(tmp_path / "known.csv"), "--threshold", "0.2", "--rounds", "100", "--subgroups"]
    assert main(["evaluate", *asked, "-o", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["subgroups"]
    values = [(row["attribute"], row["of"]) for row in found[::3]]
    assert values[:4] == [
        ("sex", "female"),
        ("sex", "male"),
        ("confirmation", "confocal"),
        ("confirmation", "consensus"),
    ]
    assert values[-4:] == [("age", "0-29"), ("age", "30-49"), ("age", "50-69"), ("age", "70+")]
    follow_up = next(row for row in found if row["of"] == "follow_up")
    assert follow_up["value"] is None  # an AUC of nevi alone
    assert follow_up["note"] == "undefined for these images"
    # Sex was drawn by lot: nothing is to be found. Whether a lesion was cut out is no accident.
    assert not any(row["flagged"] for row in found if row["attribute"] == "sex")
    assert any(row["flagged"] for row in found if row["of"] == "histology")
    assert len(pd.read_csv(tmp_path / "out" / "subgroups.csv")) == len(found)
    page = (tmp_path / "out" / "subgroups.md").read_text()
    assert "| confirmation: histology | 1,060 | 628 | ‡ 0.8" in page
    with Image.open(tmp_path / "out" / "subgroups.png") as plot:
        assert plot.size[0] > 800
    assert main(["evaluate", *asked]) == 0
    assert "age: 70+" in capsys.readouterr().out


def test_nothing_known_of_the_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"truth": ["a", "b"] * 20, "p_a": 0.5, "p_b": 0.5})
    table.to_csv(tmp_path / "bare.csv", index=False)
    assert main(["evaluate", str(tmp_path / "bare.csv"), "--subgroups"]) == 1
    error = capsys.readouterr().err
    assert "there is no sex, age, site" in error
    assert len(error.splitlines()) == 1


def test_against_another(predictions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(predictions)
    noise = np.random.default_rng(0).normal(0, 0.15, len(table))
    table["p_suspicious"] = (table["p_suspicious"] + noise).clip(0, 1)
    table["p_benign"] = 1 - table["p_suspicious"]
    table.sample(frac=1, random_state=0).iloc[10:].to_csv(tmp_path / "other.csv", index=False)
    asked = [str(predictions), "--against", str(tmp_path / "other.csv"), "--threshold", "0.2", "--rounds", "100"]
    assert main(["evaluate", *asked, "-o", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["against"]
    assert (found["images"], found["left_out"]) == (1984, 10)
    (auc,) = [row for row in found["figures"] if row["name"] == "auc"]
    assert auc["difference"]["value"] == pytest.approx(auc["first"]["value"] - auc["second"]["value"])
    assert auc["difference"]["low"] > 0
    assert found["delong"] is None
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="against"' in page
    assert "<td>—</td>" in page.split("<th>T16, C32</th>")[1].split("</tr>")[0]  # the same images, not others
    assert "1,984 images of" in page
    assert "difference" in (tmp_path / "out" / "against.csv").read_text().splitlines()[0]
    assert main(["evaluate", *asked]) == 0
    assert "10 that only one did are left out" in capsys.readouterr().out
    assert main(["evaluate", str(predictions), "--against", str(tmp_path / "none.csv")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_the_drop_on_other_images(predictions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(predictions)
    noise = np.random.default_rng(0).normal(0, 0.3, len(table))
    table["p_suspicious"] = (table["p_suspicious"] + noise).clip(0, 1)
    table["p_benign"] = 1 - table["p_suspicious"]
    table["image_id"], table["group_id"] = "e" + table["image_id"], "e" + table["group_id"]
    table.to_csv(tmp_path / "external.csv", index=False)
    asked = [str(tmp_path / "external.csv"), "--drop-from", str(RESULTS), "--threshold", "0.2", "--rounds", "100"]
    assert main(["evaluate", *asked, "--positive", "suspicious", "-o", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["against"]
    (auc,) = [row for row in found["figures"] if row["name"] == "auc"]
    assert auc["difference"]["high"] < 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "1,994 images of" in page
    item = page.split("<th>T16, C32</th>")[1].split("</tr>")[0]
    assert "1,994 images" in item
    assert main(["evaluate", *asked, "--against", str(predictions)]) == 2
    assert "take one" in capsys.readouterr().err
