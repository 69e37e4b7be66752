from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tejido.context import SEXES, SITES, UNKNOWN, sex_code, site_code


def test_the_codes_of_model_files_never_change() -> None:
    assert [choice.name for choice in SEXES] == ["female", "male"]
    assert [choice.name for choice in SITES] == [
        "head_neck",
        "anterior_torso",
        "posterior_torso",
        "torso",
        "upper_extremity",
        "lower_extremity",
        "palms_soles",
        "oral_genital",
    ]
    assert (sex_code("female"), sex_code("MALE"), sex_code(None), sex_code("other")) == (1, 2, UNKNOWN, UNKNOWN)
    assert (site_code("back"), site_code("FOREARM"), site_code("head/neck"), site_code("elbow")) == (3, 5, 1, UNKNOWN)


def test_no_term_means_two_sites() -> None:
    terms = [term for choice in SITES for term in (choice.name, *choice.terms)]
    assert len(set(terms)) == len(terms)
    assert all(site_code(choice.name) == code for code, choice in enumerate(SITES, start=1))


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("ham10000/HAM10000_metadata.csv", ("sex", "localization")),
        ("csv/isic2019/ISIC_2019_Training_Metadata.csv", ("sex", "anatom_site_general")),
        ("csv/isic2020/ISIC_2020_Training_GroundTruth.csv", ("sex", "anatom_site_general_challenge")),
        ("pad_ufes_20/metadata.csv", ("gender", "region")),
    ],
)
def test_every_term_of_the_real_tables_has_a_code(shared: Path, table: str, columns: tuple[str, str]) -> None:
    rows = pd.read_csv(shared / "data" / table, low_memory=False)
    for column, code in zip(columns, (sex_code, site_code), strict=True):
        terms = set(rows[column].dropna()) - {"unknown"}
        assert {term for term in terms if code(term) == UNKNOWN} == set()


def test_ham10000s_sites_are_those_that_isics_own_table_gives_the_same_images(shared: Path) -> None:
    """10,015 images stand in both tables; where ISIC says less (trunk, genital, unknown) nothing can be compared."""
    ham = pd.read_csv(shared / "data/ham10000/HAM10000_metadata.csv", index_col="image_id")["localization"]
    isic = pd.read_csv(shared / "data/csv/isic2019/ISIC_2019_Training_Metadata.csv", index_col="image")
    both = pd.concat([ham, isic["anatom_site_general"]], axis=1, join="inner").dropna()
    assert len(both) == 10_015 - 1_404 - 48 - 234
    assert both["localization"].map(site_code).equals(both["anatom_site_general"].map(site_code))
