"""What a model file says of its use: thresholds for several sensitivities, what scores have meant, prediction sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tejido.metrics.conformal import checked, fit
from tejido.metrics.operating import bands, operating_points

COVERAGE = 0.9
"""Of prediction sets."""


def operating(tables: Mapping[str, pd.DataFrame], positive: str | None, *, rounds: int = 2000) -> dict[str, Any]:
    """Facts for ``Metadata.operating``: chosen on validation, measured on test.

    Args:
        tables: predictions of ``val`` and ``test``, of different groups; see ``metrics.predictions``.
        positive: the positive label of a binary task, or None.
        rounds: of the bootstrap.

    Returns:
        ``sets`` (``coverage``, ``least`` probability by label, ``covered`` on test by label, mean ``size``) and, for a
        binary task, ``points`` (see ``metrics.operating.OperatingPoint``) and ``bands`` (``Band``); empty where
        groups are on both sides, for then nothing is proved. What is undefined is None.
    """
    val, test = (tables[name].reset_index(drop=True) for name in ("val", "test"))
    if set(val["group_id"]) & set(test["group_id"]):
        return {}
    sets = fit(val, COVERAGE)
    on_test = checked(sets, test, rounds=rounds)
    found: dict[str, Any] = {
        "sets": {
            "coverage": sets.coverage,
            "least": sets.least,
            "covered": {name: asdict(share) for name, share in on_test.coverage.items()},
            "size": asdict(on_test.size),
        }
    }
    if positive is not None:
        found["points"] = [asdict(point) for point in operating_points(val, test, positive, rounds=rounds)]
        found["bands"] = [asdict(band) for band in bands(test, positive, rounds=rounds)]
    cleaned: dict[str, Any] = _known(found)
    return cleaned


def _known(value: Any) -> Any:
    """Numbers as JSON has them, rounded to six digits; what is not a number is None."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(f"{value:.6g}")
    return int(value) if isinstance(value, np.integer) else value
