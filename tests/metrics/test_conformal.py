from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tejido.errors import DataError
from tejido.metrics.conformal import PredictionSets, checked, fit


def table(truth: list[str], given: list[float], groups: list[str] | None = None) -> pd.DataFrame:
    """Two labels; ``given`` is the probability of the right one."""
    right = np.array(given)
    is_a = np.array(truth) == "a"
    names = [f"i{n}" for n in range(len(truth))]
    return pd.DataFrame(
        {
            "image_id": names,
            "group_id": groups or names,
            "truth": truth,
            "p_a": np.where(is_a, right, 1 - right),
            "p_b": np.where(is_a, 1 - right, right),
        }
    )


def lesions(rng: np.random.Generator, count: int, images: int) -> pd.DataFrame:
    """Lesions that are easy or hard as a whole; every fifth has ``images`` pictures, and those are the hard ones."""
    several = np.arange(count) % 5 == 0
    group = np.repeat(np.arange(count), np.where(several, images, 1))
    hard = np.where(several, -0.5, 1.5) + rng.normal(size=count)
    right = 1 / (1 + np.exp(-(hard[group] + 0.3 * rng.normal(size=len(group)))))
    return table(["a"] * len(group), right.tolist(), [f"g{n}" for n in group])


def test_the_quantile_of_a_worked_case() -> None:
    # Nine images of nine groups at 80 %: .8 x (9 + 1) = 8 must be in the set, so the eighth largest decides.
    rows = table(["a"] * 9, [0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4, 0.5])
    assert fit(rows, 0.8).least["a"] == pytest.approx(0.2)
    # At 95 % ten of nine would have to be: the label is always in the set.
    assert fit(rows, 0.95).least["a"] == 0
    # Nothing is known of b.
    assert fit(rows, 0.8).least["b"] == 0
    assert fit(rows, 0.8).groups == {"a": 9, "b": 0}
    assert fit(rows, 0.8, by_label=False).least == {"a": pytest.approx(0.2), "b": pytest.approx(0.2)}


def test_a_group_weighs_as_one() -> None:
    # Three groups; the first has four images of .1. At 50 %, 2 of 3 + 1 groups must be in: those of .9 and .8.
    rows = table(["a"] * 6, [0.1, 0.1, 0.1, 0.1, 0.9, 0.8], ["x"] * 4 + ["y", "z"])
    assert fit(rows, 0.5).least["a"] == pytest.approx(0.8)
    every = table(["a"] * 6, [0.1, 0.1, 0.1, 0.1, 0.9, 0.8])
    assert fit(every, 0.5).least["a"] == pytest.approx(0.1)


def test_sets_and_their_check() -> None:
    sets = PredictionSets(0.9, {"a": 0.3, "b": 0.8}, {"a": 20, "b": 20})
    rows = table(["a", "a", "b", "b"], [0.9, 0.25, 0.85, 0.6])
    assert sets(rows).tolist() == [[True, False], [False, False], [False, True], [True, False]]
    found = checked(sets, rows, rounds=50)
    assert found.coverage["all"].value == 0.5
    assert found.coverage["a"].value == 0.5
    assert found.size.value == 0.75
    assert found.single.value == 0.75
    assert found.empty.value == 0.25


def test_coverage_holds_for_an_image_of_a_new_lesion() -> None:
    rng = np.random.default_rng(0)
    by_group, by_image = [], []
    for _ in range(400):
        known, new = lesions(rng, 40, 12), lesions(rng, 40, 12)
        one = new.sample(frac=1, random_state=int(rng.integers(1 << 30))).drop_duplicates("group_id")
        by_group.append(fit(known, 0.8)(one)[:, 0].mean())
        by_image.append(fit(known.assign(group_id=known["image_id"]), 0.8)(one)[:, 0].mean())
    assert np.mean(by_group) == pytest.approx(0.8 + 0.5 / 41, abs=0.02)
    # Counting images, the hard lesions with their many pictures decide, and sets are larger than they need be.
    assert np.mean(by_image) > 0.88


def test_coverage_of_every_label_apart() -> None:
    rng = np.random.default_rng(1)

    def drawn() -> pd.DataFrame:
        truth = np.where(rng.random(2000) < 0.05, "b", "a")
        strength = np.where(truth == "a", 2.0, -0.5)
        return table(truth.tolist(), (1 / (1 + np.exp(-(strength + rng.normal(size=2000))))).tolist())

    known, new = drawn(), drawn()
    apart, together = (checked(fit(known, 0.9, by_label=apart), new, rounds=50).coverage for apart in (True, False))
    assert apart["b"].value == pytest.approx(0.9, abs=0.08)
    assert apart["a"].value == pytest.approx(0.9, abs=0.03)
    assert together["all"].value == pytest.approx(0.9, abs=0.03)
    assert together["b"].value < 0.3


def test_coverage_of_few_lesions_has_no_interval() -> None:
    rng = np.random.default_rng(2)
    rows = table(["a"] * 60 + ["b"] * 9, rng.uniform(0.2, 0.9, 69).tolist())
    found = checked(PredictionSets(0.9, {"a": 0.5, "b": 0.5}, {}), rows, rounds=100)
    assert found.coverage["all"].low is not None
    assert found.coverage["a"].low is not None
    assert found.coverage["b"].value == pytest.approx((rows[rows["truth"] == "b"]["p_b"] >= 0.5).mean())
    assert found.coverage["b"].low is None
    assert checked(PredictionSets(0.9, {"a": 0.5, "b": 0.5}, {}), rows.tail(9), rounds=100).size.low is None


def test_what_cannot_be() -> None:
    rows = table(["a", "b"], [0.5, 0.5])
    with pytest.raises(ValueError, match="cannot be promised"):
        fit(rows, 1.0)
    with pytest.raises(DataError):
        fit(rows.drop(columns="truth"))
