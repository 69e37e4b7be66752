from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tejido.errors import DataError
from tejido.metrics.against import compare, compare_apart
from tejido.metrics.delong import compare as delong


def tables(seed: int, images: int = 300, per_group: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A better and a worse model's answers about the same images."""
    rng = np.random.default_rng(seed)
    truth = rng.random(images) < 0.4
    shared = rng.normal(size=images)
    made = []
    for noise in (0.6, 1.6):
        score = 1 / (1 + np.exp(-(2 * truth - 1 + noise * (shared + rng.normal(size=images)))))
        made.append(
            pd.DataFrame(
                {
                    "image_id": [f"i{n:03}" for n in range(images)],
                    "group_id": [f"g{n // per_group}" for n in range(images)],
                    "truth": np.where(truth, "bad", "good"),
                    "p_good": 1 - score,
                    "p_bad": score,
                }
            )
        )
    return made[0], made[1]


def test_figures_and_their_differences() -> None:
    better, worse = tables(1)
    found = compare(better, worse, positive="bad", thresholds=(0.5, 0.4), rounds=200)
    truth = better["truth"] == "bad"
    by_name = {(one.name, one.label): one for one in found.figures}
    one = by_name["auc", None]
    areas = [roc_auc_score(truth, table["p_bad"]) for table in (better, worse)]
    assert [one.first.value, one.second.value] == pytest.approx(areas)
    assert one.difference.value == pytest.approx(areas[0] - areas[1])
    assert one.difference.low is not None
    assert one.difference.low > 0
    assert by_name["sensitivity", None].second.value == pytest.approx((worse["p_bad"] >= 0.4)[truth].mean())
    assert (found.images, found.groups, found.left_out) == (300, 150, 0)
    assert found.delong is None  # two images a group


def test_few_positives_have_differences_without_intervals() -> None:
    better, worse = tables(1)
    kept = (better["truth"] == "good") | (better.index < 20)
    assert better[kept & (better["truth"] == "bad")]["group_id"].nunique() < 10
    few, less = better[kept], worse[kept]
    elsewhere = worse.assign(image_id="x" + worse["image_id"], group_id="x" + worse["group_id"])
    for found in (compare(few, less, positive="bad", rounds=50), compare_apart(few, elsewhere, positive="bad")):
        (auc,) = found.figures
        assert auc.difference.value == pytest.approx(auc.first.value - auc.second.value)
        assert auc.first.low is auc.difference.low is None
    assert auc.second.low is not None  # there are enough elsewhere


def test_delongs_test_where_images_are_independent() -> None:
    better, worse = tables(2, per_group=1)
    found = compare(better, worse, positive="bad", rounds=100)
    truth = (better["truth"] == "bad").to_numpy()
    assert found.delong == delong(truth, better["p_bad"].to_numpy(), worse["p_bad"].to_numpy())


def test_order_of_images_and_labels_does_not_matter_and_lone_images_are_left_out() -> None:
    better, worse = tables(3)
    shuffled = worse.sample(frac=1, random_state=0)[["p_bad", "image_id", "truth", "group_id", "p_good"]].iloc[:-5]
    left = set(worse["image_id"]) - set(shuffled["image_id"])
    found = compare(better, shuffled, positive="bad", rounds=50)
    kept = ~better["image_id"].isin(left)
    expected = compare(better[kept], worse[kept], positive="bad", rounds=50)
    assert found.left_out == 5
    assert found.figures == expected.figures


def test_several_labels_in_another_order() -> None:
    rng = np.random.default_rng(4)
    names = ["a", "b", "c"]
    values = rng.dirichlet([1, 1, 1], 90)
    columns = {f"p_{name}": values[:, index] for index, name in enumerate(names)}
    rows = pd.DataFrame(columns).assign(
        image_id=[f"i{n}" for n in range(90)], group_id=[f"i{n}" for n in range(90)], truth=rng.choice(names, 90)
    )
    other = rows[["p_c", "p_a", "image_id", "group_id", "truth", "p_b"]]
    for one in compare(rows, other, positive=None, rounds=50).figures:
        assert one.first == one.second
        assert one.difference.value == 0


def test_what_cannot_be_compared() -> None:
    better, worse = tables(5)
    with pytest.raises(DataError, match="no image in common"):
        compare(better, worse.assign(image_id=worse["image_id"] + "x"), positive="bad")
    changed = worse.copy()
    changed.loc[7, "truth"] = "good" if worse.loc[7, "truth"] == "bad" else "bad"
    with pytest.raises(DataError, match="1 images have another truth in the second, among them i007"):
        compare(better, changed, positive="bad")
    with pytest.raises(DataError, match="the labels are good, bad and fine, bad"):
        compare(better, worse.rename(columns={"p_good": "p_fine"}).replace({"truth": {"good": "fine"}}), positive="bad")


def test_two_sets_of_images_are_resampled_apart() -> None:
    here, there = tables(5)[1], tables(6)[0]
    there = there.assign(image_id="x" + there["image_id"], group_id="x" + there["group_id"])
    found = compare_apart(here, there, positive="bad", thresholds=(0.5, 0.5), rounds=1000)
    assert (found.images, found.other_images, found.left_out) == (300, 300, 0)
    (auc,) = [one for one in found.figures if one.name == "auc"]
    areas = [roc_auc_score(table["truth"] == "bad", table["p_bad"]) for table in (here, there)]
    assert auc.difference.value == pytest.approx(areas[0] - areas[1])
    # Variances of independent sets add up.
    widths = [one.high - one.low for one in (auc.first, auc.second, auc.difference)]  # type: ignore[operator]
    assert widths[2] == pytest.approx(np.hypot(*widths[:2]), rel=0.1)
    with pytest.raises(DataError, match="share 300 of image_id, such as i000"):
        compare_apart(here, tables(6)[0], positive="bad")
    with pytest.raises(DataError, match="they cannot be compared"):
        compare_apart(here, there.rename(columns={"p_good": "p_fine"}).replace("good", "fine"), positive="bad")
