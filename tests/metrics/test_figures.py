from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    classification_report,
    confusion_matrix,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from tejido.errors import DataError
from tejido.metrics.figures import Figure, confusion, figures
from tejido.metrics.named import decided

RNG = np.random.default_rng(1)


def table(images: int = 400, labels: tuple[str, ...] = ("benign", "malignant"), share: float = 0.3) -> pd.DataFrame:
    weights = [1 - share, *([share / (len(labels) - 1)] * (len(labels) - 1))]
    truth = RNG.choice(len(labels), images, p=weights)
    values = RNG.dirichlet(np.ones(len(labels)), images) + 0.3 * np.eye(len(labels))[truth]
    values /= values.sum(1, keepdims=True)
    rows = pd.DataFrame(values, columns=[f"p_{label}" for label in labels])
    names = {"image_id": [f"i{n}" for n in range(images)], "group_id": [f"g{n // 2}" for n in range(images)]}
    return rows.assign(**names, truth=np.array(labels)[truth])


def by_name(found: list[Figure]) -> dict[tuple[str, str | None], Figure]:
    return {(one.name, one.label): one for one in found}


def test_a_binary_table_against_scikit_learn() -> None:
    rows = table()
    found = by_name(figures(rows, positive="malignant", threshold=0.4, rounds=100))
    called = np.where(rows["p_malignant"] >= 0.4, "malignant", "benign")
    report = classification_report(rows["truth"], called, output_dict=True)
    expected = {
        ("accuracy", None): report["accuracy"],
        ("sensitivity", None): report["malignant"]["recall"],
        ("specificity", None): report["benign"]["recall"],
        ("positive_predictive_value", None): report["malignant"]["precision"],
        ("negative_predictive_value", None): report["benign"]["precision"],
        ("f1", "malignant"): report["malignant"]["f1-score"],
        ("macro_f1", None): report["macro avg"]["f1-score"],
        ("macro_precision", None): report["macro avg"]["precision"],
        ("weighted_precision", None): report["weighted avg"]["precision"],
        ("macro_recall", None): report["macro avg"]["recall"],
        ("weighted_recall", None): report["weighted avg"]["recall"],
        ("weighted_f1", None): report["weighted avg"]["f1-score"],
        ("balanced_accuracy", None): report["macro avg"]["recall"],
    }
    for key, value in expected.items():
        assert found[key].estimate.value == pytest.approx(value), key
    for figure in found.values():
        assert figure.note is None, figure
        low, high = figure.estimate.low, figure.estimate.high
        assert low is not None
        assert high is not None
        assert low <= figure.estimate.value + 0.02  # calibration error is biased upwards by resampling
    counted = confusion(rows, positive="malignant", threshold=0.4)
    assert (counted.to_numpy() == confusion_matrix(rows["truth"], called)).all()


def test_several_labels_against_scikit_learn() -> None:
    labels = ("a", "b", "c", "d")
    rows = table(600, labels, 0.6)
    found = by_name(figures(rows, positive=None, threshold=None, rounds=50))
    said = np.array(labels)[decided(rows, None, None)]
    report = classification_report(rows["truth"], said, output_dict=True)
    for label in labels:
        assert found["recall", label].estimate.value == pytest.approx(report[label]["recall"])
        assert found["precision", label].estimate.value == pytest.approx(report[label]["precision"])
        assert found["f1", label].estimate.value == pytest.approx(report[label]["f1-score"])
        specificity = recall_score(rows["truth"] != label, said != label)
        assert found["specificity", label].estimate.value == pytest.approx(specificity)
    assert found["balanced_accuracy", None].estimate.value == pytest.approx(report["macro avg"]["recall"])
    for average in ("macro", "weighted"):
        for name in ("precision", "recall", "f1"):
            value = report[f"{average} avg"][name if name != "f1" else "f1-score"]
            assert found[f"{average}_{name}", None].estimate.value == pytest.approx(value), (average, name)


def test_each_label_against_the_rest() -> None:
    labels = ("a", "b", "c")
    rows = table(900, labels, 0.6)
    found = by_name(figures(rows, positive=None, threshold=None, rounds=20))
    for label in labels:
        member, score = rows["truth"] == label, rows[f"p_{label}"]
        fall_out, recall, _ = roc_curve(member, score, drop_intermediate=False)
        logits = np.log(score / (1 - score)).to_numpy()[:, None]
        slope = LogisticRegression(C=np.inf).fit(logits, member).coef_[0, 0]
        expected = {
            "auc": roc_auc_score(member, score),
            "average_precision": average_precision_score(member, score),
            "partial_auc_from_specificity_0.9": roc_auc_score(member, score, max_fpr=0.1),
            "sensitivity_at_specificity_0.9": recall[fall_out <= 0.1].max(),
            "calibration_slope": slope,
        }
        for name, value in expected.items():
            assert found[name, label].estimate.value == pytest.approx(value, rel=1e-3), (name, label)


def test_precision_over_labels_of_which_one_is_never_given() -> None:
    rows = table(300, ("a", "b", "c"), 0.6)
    rows[["p_a", "p_b"]] += rows[["p_c"]].to_numpy() / 2
    found = by_name(figures(rows.assign(p_c=0.0), positive=None, threshold=None, rounds=50))
    for name in ("macro_precision", "weighted_precision"):
        assert found[name, None].note == "undefined for these images"
    assert found["recall", "c"].estimate.value == 0


def test_without_a_threshold_nothing_is_decided() -> None:
    found = by_name(figures(table(), positive="malignant", threshold=None, rounds=50))
    assert ("auc", None) in found
    assert ("sensitivity", None) not in found


def test_one_class_only() -> None:
    rows = table().assign(truth="benign")
    found = by_name(figures(rows, positive="malignant", threshold=0.4, rounds=50))
    assert np.isnan(found["auc", None].estimate.value)
    assert found["auc", None].note == "undefined for these images"
    assert found["specificity", None].note == "all images are 'benign'"
    assert found["specificity", None].estimate.low is None


def test_few_positives_get_no_interval() -> None:
    rows = table()
    rows["truth"] = np.where(rows.index < 12, "malignant", "benign")  # six groups
    found = by_name(figures(rows, positive="malignant", threshold=0.4, rounds=50))
    assert found["sensitivity", None].note == "only 6 groups are 'malignant'; 10 are needed for an interval"
    assert not np.isnan(found["sensitivity", None].estimate.value)


def test_one_group_and_constant_answers() -> None:
    rows = table().assign(group_id="one")
    assert all(figure.estimate.low is None for figure in figures(rows, positive="malignant", threshold=0.4, rounds=50))
    same = table().assign(p_benign=0.7, p_malignant=0.3)
    found = by_name(figures(same, positive="malignant", threshold=0.4, rounds=50))
    assert found["auc", None].estimate.value == 0.5
    assert np.isnan(found["calibration_slope", None].estimate.value)


@pytest.mark.parametrize("value", [np.nan, 0.9, -0.1])
def test_probabilities_that_are_none(value: float) -> None:
    rows = table()
    rows.loc[3, ["p_benign", "p_malignant"]] = [1 - value if value < 0 else 0.5, value]
    with pytest.raises(DataError, match="negative, not finite or do not sum to 1"):
        figures(rows, positive="malignant", threshold=0.4, rounds=50)


def test_each_cancer_has_its_sensitivity_and_a_rare_one_no_interval() -> None:
    rows = table(400)
    cancer = rows["truth"] == "malignant"
    kinds = np.where(cancer, np.where(np.arange(400) % 40 == 0, "rare", "melanoma"), "nevus")
    rows = rows.assign(diagnosis=kinds, malignancy=rows["truth"])
    assert 0 < (kinds == "rare").sum() < 10
    found = by_name(figures(rows, positive="malignant", threshold=0.4, rounds=50))
    called = rows["p_malignant"] >= 0.4
    for kind in ("melanoma", "rare"):
        assert found["sensitivity", kind].estimate.value == pytest.approx(called[kinds == kind].mean())
    assert found["sensitivity", "melanoma"].estimate.low is not None
    assert found["sensitivity", "rare"].estimate.low is None
    assert "'rare'" in (found["sensitivity", "rare"].note or "")
    assert ("sensitivity", "nevus") not in found
