from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tejido.errors import TejidoError
from tejido.experiments.bench import latency
from tests.support.tiny_model import tiny_model


def test_every_file_and_size_is_timed() -> None:
    found = latency.in_python({"a": tiny_model(), "b": tiny_model()}, rounds=3)
    assert set(found) == {"a", "b"}
    for times in found.values():
        assert set(times) == {"128x128", "600x450"}
        assert all(0 < value < 1000 for value in times.values())


def test_without_the_browsers_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TejidoError, match="onnxruntime-web is missing"):
        latency.in_wasm({}, tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TejidoError, match="node is missing"):
        latency.in_wasm({}, tmp_path)


def test_the_script_asks_the_runtime_that_is_there(tmp_path: Path) -> None:
    """With a stand-in for onnxruntime-web; the real one is timed outside the tests."""
    if shutil.which("node") is None:
        pytest.skip("node is missing")
    package = tmp_path / "node_modules" / "onnxruntime-web"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "onnxruntime-web", "exports": {"./wasm": "./index.js"}}')
    (package / "index.js").write_text("""
let shapes = [];
class Tensor { constructor(type, data, dims) { if (data.length !== dims[0] * dims[1] * 3) throw Error("size"); } }
const create = async (bytes) => { if (!bytes.length) throw new Error("no model"); return { run: async () => ({}) }; };
module.exports = { env: { wasm: {} }, Tensor, InferenceSession: { create } };
""")
    model, empty = tmp_path / "model.onnx", tmp_path / "empty.onnx"
    model.write_bytes(tiny_model())
    empty.write_bytes(b"")
    found = latency.in_wasm({"tiny": model}, tmp_path, rounds=4)
    assert set(found["tiny"]) == {"128x128", "600x450"}
    with pytest.raises(TejidoError, match=r"onnxruntime-web fails: .*no model"):
        latency.in_wasm({"empty": empty}, tmp_path, rounds=1)
    assert subprocess.run(["node", "--check", latency._SCRIPT], check=False).returncode == 0
