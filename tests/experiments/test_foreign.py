"""Model files of others: an ordinary torch export, asked as its makers would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from torch import nn

from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.errors import ModelFileError, RecipeError
from tejido.experiments.foreign import Foreign
from tejido.recipe.preprocessing import Preprocessing
from tests.support.experiment import prepare

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ASKED = {
    "task": "skin-suspicion", "labels": ["suspicious", "benign"], "size": 64, "geometry": "stretch", "mean": list(MEAN),
    "std": list(STD), "threshold": 0.4,
}  # fmt: skip
PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 15 * 15, 2)).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "theirs.onnx"
    program = torch.onnx.export(network(), (torch.zeros(1, 3, 64, 64),), dynamo=True, verbose=False)
    assert program is not None
    program.save(str(path))
    return path


def asked(**changes: Any) -> Preprocessing:
    return Preprocessing.model_validate(ASKED | changes)


def by_torch(picture: np.ndarray, *, bgr: bool = False) -> np.ndarray:
    square = np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BILINEAR), np.float32)
    square = square[:, :, ::-1] if bgr else square
    seen = (square / 255 - np.float32(MEAN)) / np.float32(STD)
    with torch.inference_mode():
        logits = network()(torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)))[None])
    return logits[0].numpy()


def test_it_is_asked_as_its_makers_would(file: Path) -> None:
    logits = by_torch(PICTURE)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert Foreign(file, asked()).probabilities(PICTURE) == pytest.approx(expected, abs=1e-5)
    other = Foreign(file, asked(channels="bgr", answers="probabilities")).probabilities(PICTURE)
    assert other == pytest.approx(by_torch(PICTURE, bgr=True), abs=1e-4)


def test_evaluated_by_the_command(file: Path, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path, shared, lesions=120)
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump(ASKED))
    options = [
        "--split",
        tmp_path / "split.parquet",
        "--preprocess",
        tmp_path / "asked.yaml",
        "--rounds",
        "100",
        "--json",
    ]
    assert main(["evaluate", str(file), str(tmp_path / "manifest.parquet"), *map(str, options)]) == 0
    found = {row["name"]: row["value"] for row in json.loads(capsys.readouterr().out)["figures"] if row["of"] is None}
    table = pd.read_parquet(tmp_path / "manifest.parquet")
    split = pd.read_parquet(tmp_path / "split.parquet").set_index("image_id")["split"]
    rows = table[table["image_id"].map(split) == "test"]
    ill = rows["diagnosis"].isin(
        ["melanoma", "basal_cell_carcinoma", "squamous_cell_carcinoma", "actinic_keratosis", "akiec"]
    )
    score = []
    for path in rows["path"]:
        with Image.open(tmp_path / path) as picture:
            logits = by_torch(np.asarray(picture.convert("RGB")))
        score.append(1 / (1 + np.exp(logits[1] - logits[0])))
    assert found["sensitivity"] == pytest.approx(np.mean(np.array(score)[ill] >= 0.4))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"labels": ["sick", "benign"]}, RecipeError, "skin-suspicion has no label 'sick'; it has: benign, suspicious"),
        ({"output": "scores"}, RecipeError, "it has no output 'scores'; it has: "),
        ({"size": 32}, ModelFileError, "fails on a picture; is the preprocessing right?"),
        ({"answers": "sigmoid"}, ModelFileError, "answers 2 numbers, and 1 finite ones are wanted"),
    ],
)
def test_what_does_not_fit(file: Path, changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        Foreign(file, asked(**changes)).probabilities(PICTURE)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["benign", "benign"]}, "labels must be two or more, all different"),
        ({"std": [1, 0, 1]}, "std has a 0"),
        ({"layuot": "nhwc"}, "unknown key 'layuot'; did you mean 'layout'"),
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump(ASKED | changes))
    with pytest.raises(RecipeError, match=message):
        recipes.load_as(Preprocessing, tmp_path / "asked.yaml")


def test_files_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such model file"):
        Foreign(tmp_path / "gone.onnx", asked())
    (tmp_path / "text.onnx").write_text("text")
    with pytest.raises(ModelFileError, match="damaged, or not an ONNX file"):
        Foreign(tmp_path / "text.onnx", asked())
