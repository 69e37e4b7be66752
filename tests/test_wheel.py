"""What is installed is all there: the page with its runtime, the model, their licences; and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tejido.app.pages import WEB

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    if not (WEB / "vendor" / "ready").is_file():
        pytest.skip("the page has no runtime; run: make web")
    path = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]))
    with zipfile.ZipFile(path) as wheel:
        return set(wheel.namelist())


def test_every_file_of_the_package_is_in_it(names: set[str]) -> None:
    package = ROOT / "src"
    wanted = {
        path.relative_to(package).as_posix()
        for path in (package / "tejido").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= names
    assert {name for name in names if not name.startswith("tejido-")} == wanted


def test_the_runtime_comes_with_its_licences(names: set[str]) -> None:
    vendor = "tejido/app/web/vendor"
    assert f"{vendor}/onnxruntime/ort-wasm-simd-threaded.wasm" in names
    assert {
        f"{vendor}/onnxruntime/onnxruntime.txt",
        f"{vendor}/jpeg/LICENSE",
        f"{vendor}/jpeg/LICENSE.codec.md",
    } <= names
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "MODELS_LICENSE.md"}
    assert "tejido/runtime/models/skin-suspicion.onnx" in names


def test_nothing_of_the_workshop_is_in_it(names: set[str]) -> None:
    assert not [name for name in names if name.startswith(("tests", "docs", "runs", "data", "recipes"))]
