"""What is said of maps of evidence where lesion masks are known, known in part, or not at all."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from tejido.experiments.explain.trust import Trust
from tejido.report.explain import masks_note, trust_lines

WITH = Trust(0.2, 0.8, 0.4, 0.6, pointing=True, inside=0.7, covered=0.3)
WITHOUT = dataclasses.replace(WITH, pointing=None, inside=None, covered=None)


@pytest.mark.parametrize(
    ("judged", "measures", "note"),
    [
        ([WITH] * 4, 4, None),
        ([WITH, WITHOUT, WITH, WITHOUT], 4, "lesion masks of 2 of 4 pictures: pointing is measured on these alone"),
        ([WITHOUT] * 4, 2, "no lesion masks: pointing not measured"),
    ],
)
def test_missing_masks_are_said(judged: list[Trust], measures: int, note: str | None) -> None:
    lines = trust_lines({"CAM": judged}, pd.Series(["a", "b", "c", "d"]))
    assert len(lines) == measures
    assert masks_note({"CAM": judged}) == note
