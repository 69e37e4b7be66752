"""Bare predictions beside a manifest that knows their images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.errors import DataError
from tejido.experiments.joined import joined

KINDS = {"nevus": "benign", "melanoma": "malignant", "basal_cell_carcinoma": "malignant", None: None}


def known(folder: Path, images: int = 400, modality: str = "dermoscopy") -> pd.DataFrame:
    """Write a manifest without pictures and a split of it: two images a lesion, every 50th without a diagnosis."""
    rng = np.random.default_rng(0)
    lesion = np.arange(images) // 2
    diagnosis = rng.choice(["nevus", "nevus", "melanoma", "basal_cell_carcinoma"], images // 2)[lesion].astype(object)
    diagnosis[::50] = None
    rows = pd.DataFrame(
        {
            "image_id": [f"{n:04}" for n in range(images)],  # looks like a number
            "source": "clinic",
            "modality": modality,
            "diagnosis": diagnosis,
            "malignancy": [KINDS[one] for one in diagnosis],
            "confirmation": np.where(diagnosis == "nevus", "follow_up", "histology"),
            "group_id": [f"g{n}" for n in lesion],
            "sex": rng.choice(["female", "male"], images),
            "synthetic": False,
        }
    )
    rows = rows.reindex(columns=list(manifests.TYPES)).astype(manifests.TYPES)
    manifests.write(rows, folder / "manifest.parquet")
    splits.write(splits.split_by_group(rows), folder / "split.parquet")
    return rows


def answers(rows: pd.DataFrame) -> pd.DataFrame:
    """Bare predictions: better than chance, and nothing but the name of the image beside them."""
    ill = rows["malignancy"].eq("malignant").fillna(False).to_numpy(float)
    score = (0.25 + 0.3 * ill + np.random.default_rng(1).uniform(-0.2, 0.2, len(rows))).round(3)
    return pd.DataFrame({"image_id": rows["image_id"], "p_benign": 1 - score, "p_suspicious": score})


def judged(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["evaluate", *map(str, arguments), "--threshold", "0.4", "--rounds", "100", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_bare_table_gets_what_a_full_one_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = known(tmp_path)
    bare = answers(rows)
    bare.sample(frac=1, random_state=0).to_csv(tmp_path / "bare.csv", index=False)
    split = pd.read_parquet(tmp_path / "split.parquet").set_index("image_id")["split"]
    test = rows["image_id"].map(split).eq("test") & rows["diagnosis"].notna()
    columns = ["group_id", "diagnosis", "malignancy", "confirmation"]
    truth = np.where(rows["malignancy"].eq("malignant").fillna(False), "suspicious", "benign")
    full = bare.join(rows[columns]).assign(truth=truth)[test]
    full.to_csv(tmp_path / "full.csv", index=False)
    asked = (tmp_path / "bare.csv", tmp_path / "manifest.parquet", "--split", tmp_path / "split.parquet")
    found = judged(capsys, *asked, "--subgroups")
    expected = judged(capsys, tmp_path / "full.csv")
    by_name = [
        {(one["images"], one["name"], one["of"]): one["value"] for one in said["figures"]} for said in (found, expected)
    ]
    assert by_name[0] == pytest.approx(by_name[1], nan_ok=True)
    assert {one["attribute"] for one in found["subgroups"]} == {"sex", "confirmation"}
    assert not any("no group_id" in note or "--positive" in note for note in found["notes"])
    assert any("of 400 predictions are of images outside of test" in note for note in found["notes"])


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = known(tmp_path)
    bare = answers(rows).iloc[100:]
    strange = bare.head(3).assign(image_id=["x1", "x2", "x3"])
    found = joined(pd.concat([bare, strange]), tmp_path / "manifest.parquet", None, "test")
    assert found.notes == (
        "3 of 303 predictions are of images that manifest.parquet lacks and do not count",
        "6 of 303 predictions are of images that have none of these labels and do not count",
        "98 of 392 images of manifest.parquet have no prediction",
    )
    assert found.positive == "suspicious"
    assert found.table["image_id"].tolist() == found.rows["image_id"].tolist()
    own = rows.set_index("image_id").loc[found.table["image_id"]]
    assert found.table["group_id"].tolist() == own["group_id"].tolist()
    assert (found.table["truth"] == "benign").tolist() == (own["diagnosis"] == "nevus").tolist()


def test_what_the_table_says_itself_goes_first(tmp_path: Path) -> None:
    rows = known(tmp_path)
    own = answers(rows).assign(truth="benign", group_id="mine", sex="female", path="elsewhere.jpg")
    found = joined(own, tmp_path / "manifest.parquet", None, "test")
    assert (found.table["truth"] == "benign").all()
    assert found.positive is None
    assert (found.table["group_id"] == "mine").all()
    assert (found.rows["sex"] == "female").all()
    assert found.rows["path"].isna().all()
    assert found.table["confirmation"].tolist() == rows["confirmation"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": "nobody"}, "no image of the predictions, such as 'nobody', is in .* such as '0000'"),
        ({"p_benign": 0.2, "p_other": 0.0}, "no task has the labels benign, suspicious, other"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, change: dict[str, object], message: str) -> None:
    rows = known(tmp_path)
    with pytest.raises(DataError, match=message):
        joined(answers(rows).assign(**change), tmp_path / "manifest.parquet", None, "test")
    with pytest.raises(DataError, match="without image_id"):
        joined(answers(rows).drop(columns="image_id"), tmp_path / "manifest.parquet", None, "test")


def test_labels_of_several_tasks(tmp_path: Path) -> None:
    rows = known(tmp_path)
    bare = answers(rows).rename(columns={"p_suspicious": "p_malignant"})
    found = joined(bare, tmp_path / "manifest.parquet", None, "test")  # two tasks that agree about every image
    assert found.positive == "malignant"
    known(tmp_path, modality="histology")
    with pytest.raises(DataError, match="skin-malignancy-any and breast-malignancy have these labels and differ"):
        joined(bare, tmp_path / "manifest.parquet", None, "test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bare.csv", "--split", "split.parquet"], "choose images of a manifest; name it"),
        (["bare.csv", "--side", "val"], "choose images of a manifest; name it"),
        (["bare.csv", "manifest.parquet", "--side", "val"], "--side is a side of a split; name it with --split"),
        (["bare.csv", "manifest.parquet", "--preprocess", "how.yaml"], "--preprocess is for an ONNX file"),
        ([".", "manifest.parquet"], "a run has answered its own images"),
        ([".", "--split", "split.parquet"], "a run has answered its own images"),
    ],
)
def test_what_would_be_ignored_is_refused(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    answers(known(tmp_path)).to_csv("bare.csv", index=False)
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err
