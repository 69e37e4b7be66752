"""The head of a model's card that programs read: YAML, as the Hugging Face hub knows it.

Keys and their meaning are those of the hub's model-card specification; ``model-index`` holds the test figures.
"""

from __future__ import annotations

from typing import Any

import yaml

from tejido.export.card_figures import PARTS
from tejido.runtime.metadata import Metadata

LICENCES = {"CC-BY-NC-4.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "Apache-2.0", "MIT"}
"""Those that the hub knows by their name in small letters; others go by their own name."""
_TYPES = {"auc": "roc_auc", "sensitivity": "recall"}
"""Names of figures that the hub has other names for."""
_FAMILIES = ("recall", "f1", "sensitivity")
"""Figures that end in the label they are about."""
_ROUND = 4
_TASK = "image-classification"


def front_matter(metadata: Metadata) -> str:
    """YAML between two lines of dashes."""
    known = metadata.licence in LICENCES
    sources = [one.source for one in metadata.training_data]
    results = [_result(metadata, part, sources) for part in PARTS if part in metadata.metrics]
    head: dict[str, Any] = {
        "license": metadata.licence.lower() if known else "other",
        **({} if known else {"license_name": metadata.licence}),
        "library_name": "onnx",
        "pipeline_tag": _TASK,
        "tags": list(dict.fromkeys(["tejido", "onnx", _TASK, "medical-imaging", metadata.modality, metadata.task])),
        "datasets": sources,
        "metrics": sorted({metric["type"] for result in results for metric in result["metrics"]}),
        "model-index": [{"name": metadata.name, "results": results}],
    }
    text: str = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{text}---\n"


def _result(metadata: Metadata, part: str, sources: list[str]) -> dict[str, Any]:
    figures = metadata.metrics[part]
    return {
        "task": {"type": _TASK, "name": metadata.task},
        "dataset": {
            "type": "+".join(sources) or "unknown",
            "name": f"test images of {', '.join(sources) or 'unknown origin'}: {PARTS[part]}",
            "split": "test",
        },
        "metrics": [
            _metric(name, figure)
            for name, figure in figures.items()
            if isinstance(figure, dict) and figure.get("value") is not None
        ],
    }


def _metric(name: str, figure: dict[str, Any]) -> dict[str, Any]:
    family = next((one for one in _FAMILIES if name == one or name.startswith(f"{one}_")), name)
    low, high = figure.get("low"), figure.get("high")
    interval = "" if low is None or high is None else f" (95 % interval {low:.3f} to {high:.3f})"
    return {
        "type": _TYPES.get(family, family),
        "name": name.replace("_", " ") + interval,
        "value": round(float(figure["value"]), _ROUND),
    }
