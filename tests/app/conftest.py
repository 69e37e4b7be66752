from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from tejido.app.auth import passwords
from tejido.app.server import create_app
from tejido.runtime.metadata import Label
from tests.app.client import Client
from tests.support.tiny_model import METADATA, tiny_model, with_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 400_000

SUSPICION = {
    "name": "skin-suspicion",
    "task": "skin-suspicion",
    "labels": (Label("benign", "not suspicious", "no sospechosa"), Label("suspicious", "suspicious", "sospechosa")),
    "positive": "suspicious",
    "thresholds": {"suspicious": 0.5},
    "metrics": {
        "all": {"auc": {"value": 0.9, "low": 0.88, "high": 0.92}, "images": 1504},
        "histology": {"auc": 0.8, "sensitivity_melanoma": {"value": 0.7}},
    },
    "operating": {
        "bands": [
            {
                "low": 0.1,
                "high": 0.6,
                "images": 50,
                "groups": 40,
                "positive": {"value": 0.04, "low": None, "high": None},
            },
            {
                "low": 0.61,
                "high": 0.8,
                "images": 50,
                "groups": 40,
                "positive": {"value": 0.4, "low": 0.3, "high": 0.52},
            },
        ],
        "sets": {"coverage": 0.9, "least": {"benign": 0.3, "suspicious": 0.2}},
    },
}
"""Metadata of a stand-in for the bundled model: bright pictures are suspicious to it."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The local library: three models that work, three files that do not."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.onnx").write_bytes(tiny_model())
    (folder / "stand-in.onnx").write_bytes(tiny_model(**SUSPICION))
    (folder / "plain.onnx").write_bytes(with_metadata(METADATA.to_json(), heatmap=False))
    (folder / "corrupt.onnx").write_bytes(tiny_model()[:200])
    (folder / "future.onnx").write_bytes(tiny_model(schema=99))
    odd = json.loads(METADATA.to_json()) | {"training_data": [], "calibration": "none", "created": 7}
    (folder / "odd.onnx").write_bytes(with_metadata(json.dumps(odd)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEJIDO_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[PasswordHasher]:
    """Passwords are hashed with little memory, so that tests are quick; gives the real hasher."""
    real = passwords._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield real


@pytest.fixture(scope="session")
def client(models: Path) -> Client:
    """The app with the tiny model."""
    return Client(create_app("tiny", max_upload_bytes=LIMIT))
