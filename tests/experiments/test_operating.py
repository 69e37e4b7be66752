from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tejido.experiments.operating import operating
from tejido.metrics.conformal import fit

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "skin-suspicion"


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The bundled network's answers."""
    table = pd.read_parquet(RESULTS / "predictions.parquet")
    return {name: part.drop(columns="split") for name, part in table.groupby("split")}


def test_what_the_file_says_is_counted_again(tables: dict[str, pd.DataFrame]) -> None:
    found = operating(tables, "suspicious", rounds=100)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    test, score = tables["test"], tables["test"]["p_suspicious"]
    assert sum(band["images"] for band in found["bands"]) == len(test)
    for band in found["bands"]:
        inside = (score >= band["low"] * (1 - 1e-5)) & (score <= band["high"] * (1 + 1e-5))
        assert int(inside.sum()) == band["images"]
        assert (test["truth"][inside] == "suspicious").mean() == pytest.approx(band["positive"]["value"], abs=1e-5)
    for point in found["points"]:
        ill = test["truth"] == "suspicious"
        assert (score[ill] >= point["threshold"]).mean() == pytest.approx(point["sensitivity"]["value"], abs=1e-3)
        own = tables["val"]["truth"] == "suspicious"
        reached = (tables["val"]["p_suspicious"][own] >= point["threshold"]).mean()
        assert reached >= point["wanted"] - 1e-3
        assert "melanoma" in point["found"]
    assert found["sets"]["least"] == pytest.approx(fit(tables["val"], 0.9).least, abs=1e-5)
    covered = found["sets"]["covered"]["all"]
    assert covered["low"] < 0.93
    assert covered["high"] > 0.87


def test_several_labels_have_sets_alone(tables: dict[str, pd.DataFrame]) -> None:
    assert set(operating(tables, None, rounds=100)) == {"sets"}


def test_nothing_is_said_where_groups_are_on_both_sides(tables: dict[str, pd.DataFrame]) -> None:
    leaking = pd.concat([tables["test"], tables["val"].head(1)], ignore_index=True)
    assert operating({"val": tables["val"], "test": leaking}, "suspicious", rounds=100) == {}
