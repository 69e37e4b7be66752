"""Tejido: archives of skin and breast-tissue images into calibrated classifiers that run anywhere.

>>> import tejido
>>> classifier = tejido.load("skin-suspicion")
>>> prediction = classifier.predict("lesion.jpg")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tejido.client import Client
    from tejido.runtime.classifier import Classifier, Prediction
    from tejido.runtime.library import load

__all__ = ["Classifier", "Client", "Prediction", "load"]
__version__ = "0.1.0"

_HOMES = {
    "Classifier": "tejido.runtime.classifier",
    "Client": "tejido.client",
    "Prediction": "tejido.runtime.classifier",
    "load": "tejido.runtime.library",
}


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `import tejido.taxonomy` or `tejido --help` do not pay for the inference runtime.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tejido' has no attribute {name!r}")
