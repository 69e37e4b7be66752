"""Which outlines are shown."""

from __future__ import annotations

import pandas as pd

from tejido.report.segmentation import _chosen


def test_of_few_pictures_all_are_shown_once_and_of_many_the_best_the_middle_and_the_worst() -> None:
    few = _chosen(pd.DataFrame({"dice": range(7)}))
    assert [(name, part["dice"].tolist()) for name, part in few] == [("", [0, 1, 2, 3, 4, 5]), ("", [6])]
    many = _chosen(pd.DataFrame({"dice": range(101)}))
    assert [(name, part["dice"].tolist()) for name, part in many] == [
        ("best", [0, 1, 2, 3, 4, 5]),
        ("middle", [47, 48, 49, 50, 51, 52]),
        ("worst", [95, 96, 97, 98, 99, 100]),
    ]
