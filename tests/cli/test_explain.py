"""``tejido explain``, as a reader would use it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tejido.cli.main import main
from tests.experiments.explain.networks import untrained

pytest.importorskip("pytorch_grad_cam", reason="needs the extra explain")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return untrained(tmp_path_factory.mktemp("explain"), shared)


def test_everything_at_once(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(run), "-o", str(tmp_path), "--count", "2", "--method", "cam", "--method", "eigen_cam"]
    assert main([*asked, "--trust", "4", "--sanity", "4", "--features", "--similar", "3"]) == 0
    out = capsys.readouterr().out
    assert "deletion ↓" in out
    assert "evidence ↑" in out
    assert "Random weights, 4 images: tiny" in out
    for name in ("maps", "sanity", "similar"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 200
    assert len(list((tmp_path / "features").glob("0?-ISIC_*.png"))) == 2
    table = pd.read_csv(tmp_path / "trust.csv")
    assert list(table["map"].unique()) == ["CAM", "Eigen-CAM"]
    assert set(pd.read_csv(tmp_path / "sanity.csv")["method"]) == {"cam", "eigen_cam"}


def test_two_networks_and_a_picture_of_ones_own(run: Path, tmp_path: Path) -> None:
    examples = Path(__file__).parents[2] / "src" / "tejido" / "app" / "web" / "examples"
    picture = examples / "ISIC_0012099.jpg"
    asked = ["explain", str(run), str(run), "--picture", str(picture), "-o", str(tmp_path), "--method", "cam"]
    assert main(asked) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["maps.png"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--method", "gradcam"], 2, "there is no method 'gradcam'"),
        (["--label", "nevus"], 1, "'nevus' is no label of tiny"),
        (["--picture", "nothing.jpg"], 1, "nothing.jpg"),
    ],
)
def test_what_cannot_be(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, message: str
) -> None:
    assert main(["explain", str(run), "-o", str(tmp_path / "out"), *options]) == code
    error = capsys.readouterr().err
    assert message in " ".join(error.split())
    assert not (tmp_path / "out").exists()


def test_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "not a run" in capsys.readouterr().err
