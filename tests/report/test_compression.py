from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tejido.report.compression import front_of, markdown, pareto, write


def row(steps: str, size: int, auc: float, *, passes: bool = True, **more: Any) -> dict[str, Any]:
    made = {"steps": steps, "bytes": size, "parameters": 90_000, "parameters_with_statistics": 91_000, "macs": 13e6}
    made |= {"labels_kept": 0.991, "passes": passes, "all_auc": auc, "all_macro_f1": 0.7}
    return made | {"all_auc_low": auc - 0.02, "all_auc_high": auc + 0.02} | more


ROWS = [
    row("float32", 400_000, 0.9, histology_auc=0.81, python_ms_128x128=1.25),
    row("float16", 200_000, 0.901),
    row("int8", 110_000, 0.899),
    row("int8_dynamic", 115_000, 0.6, passes=False),
]


def test_the_front_by_hand() -> None:
    """int8 is the smallest; dynamic is larger and worse; float16 is better than both; float32 than none."""
    assert [one["steps"] for one in front_of(ROWS)] == ["int8", "float16"]


def test_a_line_for_each_and_only_times_that_were_taken() -> None:
    text = markdown(ROWS).splitlines()
    assert len(text) == 6
    assert text[2] == (
        "| float32 | 400.0 | 91,000 | 13.0 | 0.9000 (0.880–0.920) | 0.8100 | 0.700 | 99.10% | passed | 1.25 |"
    )
    assert "wasm" not in text[0]
    assert "**failed** | – |" in text[5]
    assert len({line.count("|") for line in text}) == 1


def test_three_files(tmp_path: Path) -> None:
    write(ROWS, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compression.csv", "compression.md", "pareto.png"]
    assert list(pd.read_csv(tmp_path / "compression.csv")["steps"]) == [one["steps"] for one in ROWS]


def test_what_lies_far_below_stands_at_the_edge_with_its_figure() -> None:
    axis = pareto(ROWS).axes[0]
    words = {text.get_text(): text.xy for text in axis.texts}
    assert set(words) == {"1", "2\n0.600 ↓", "3", "4"}
    assert axis.get_legend_handles_labels()[1] == ["1  int8", "2  int8_dynamic", "3  float16", "4  float32"]
    assert words["1"] == (110, 0.899)
    assert words["2\n0.600 ↓"] == (115, pytest.approx(0.901 - 0.06))
    assert axis.get_ylim()[0] > 0.8
