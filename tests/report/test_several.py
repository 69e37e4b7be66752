from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, average_precision_score, roc_auc_score

from tejido.report import several

LABELS = ("nevus", "basal_cell_carcinoma", "melanoma")


def table(images: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, images, p=[0.6, 0.3, 0.1])
    values = rng.dirichlet(np.ones(3), images) + 0.4 * np.eye(3)[truth]
    rows = pd.DataFrame(values / values.sum(1, keepdims=True), columns=[f"p_{label}" for label in LABELS])
    return rows.assign(image_id=[f"i{n}" for n in range(images)], truth=np.array(LABELS)[truth])


def lines(name: str, rows: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, str]]:
    """Of a plot, by label: across, up, and what the legend says."""
    (axis,) = several.plots(rows)[name].axes
    named = [line for line in axis.lines if ": " in str(line.get_label())]
    return {
        str(line.get_label()).split(":")[0].replace(" ", "_"): (
            np.asarray(line.get_xdata()),
            np.asarray(line.get_ydata()),
            str(line.get_label()),
        )
        for line in named
    }


def test_every_label_has_its_curve_against_the_rest() -> None:
    rows = table()
    roc, precision = lines("roc", rows), lines("precision_recall", rows)
    assert tuple(roc) == tuple(precision) == LABELS
    for label in LABELS:
        member, score = rows["truth"] == label, rows[f"p_{label}"]
        area = roc_auc_score(member, score)
        assert auc(*roc[label][:2]) == pytest.approx(area)
        assert roc[label][2].endswith(f"AUC {area:.3f}")
        assert f"average {average_precision_score(member, score):.3f}" in precision[label][2]


def test_reliability_is_that_of_scikit_learn() -> None:
    rows = table()
    for label, (predicted, observed, _) in lines("reliability", rows).items():
        expected = calibration_curve(rows["truth"] == label, rows[f"p_{label}"], n_bins=10, strategy="quantile")
        assert observed == pytest.approx(expected[0], abs=0.04)  # bins of equal size; borders may fall by one image
        assert predicted == pytest.approx(expected[1], abs=0.02)


def test_risk_ends_at_the_share_of_errors() -> None:
    rows = table()
    (line,) = several.plots(rows)["risk_coverage"].axes[0].lines
    said = np.array(LABELS)[rows[[f"p_{label}" for label in LABELS]].to_numpy().argmax(1)]
    assert np.asarray(line.get_xdata())[-1] == 1
    assert np.asarray(line.get_ydata())[-1] == pytest.approx((said != rows["truth"]).mean())


def test_a_label_without_images_has_no_curve() -> None:
    rows = table()
    assert tuple(lines("roc", rows[rows["truth"] != "melanoma"])) == LABELS[:2]
    assert tuple(several.plots(rows[rows["truth"] == "nevus"])) == ("risk_coverage",)
