from __future__ import annotations

from pathlib import Path

import pytest

from tejido.data.cleaning.claims import COPIED, FOLDER, HISTOLOGY, OFFICIAL, Claim, claims_on, settle
from tejido.sources.facts import Facts, FactTable
from tests.data.pictures import record


@pytest.mark.parametrize(
    ("claims", "diagnosis", "contradicted"),
    [
        ([], None, False),
        ([("nevus", FOLDER), ("nevus", FOLDER)], "nevus", False),
        ([("nevus", FOLDER), ("melanoma", FOLDER)], None, True),
        ([("nevus", FOLDER), ("melanoma", OFFICIAL)], "melanoma", True),
        ([("nevus", HISTOLOGY), ("melanoma", OFFICIAL), ("melanoma", FOLDER)], "nevus", True),
        ([("nevus", OFFICIAL), ("melanoma", OFFICIAL), ("melanoma", FOLDER)], None, True),
        # "malignant" and no more is no contradiction to a carcinoma that lies below akiec
        ([("malignant_lesion", OFFICIAL), ("squamous_cell_carcinoma", OFFICIAL)], "squamous_cell_carcinoma", False),
        ([("malignant_lesion", OFFICIAL), ("bowen_disease", FOLDER)], "bowen_disease", False),
        ([("squamous_cell_carcinoma", HISTOLOGY), ("malignant_lesion", OFFICIAL)], "squamous_cell_carcinoma", False),
        ([("malignant_lesion", OFFICIAL), ("akiec", OFFICIAL)], "squamous_cell_carcinoma", False),
        ([("akiec", OFFICIAL), ("malignant_lesion", FOLDER)], "akiec", False),
        ([("indeterminate_lesion", OFFICIAL), ("actinic_keratosis", OFFICIAL)], "actinic_keratosis", False),
        ([("malignant_lesion", OFFICIAL), ("actinic_keratosis", OFFICIAL)], None, True),
        ([("benign_lesion", OFFICIAL), ("squamous_cell_carcinoma", OFFICIAL)], None, True),
        ([("akiec", HISTOLOGY), ("actinic_keratosis", OFFICIAL)], "actinic_keratosis", False),
        ([("akiec", HISTOLOGY), ("actinic_keratosis", OFFICIAL), ("nevus", FOLDER)], "actinic_keratosis", True),
        ([("benign_keratosis", OFFICIAL), ("seborrheic_keratosis", FOLDER)], "seborrheic_keratosis", False),
        (
            [("benign_keratosis", OFFICIAL), ("seborrheic_keratosis", FOLDER), ("solar_lentigo", FOLDER)],
            "benign_keratosis",
            True,
        ),
        (
            [("benign_keratosis", OFFICIAL), ("seborrheic_keratosis", FOLDER), ("solar_lentigo", COPIED)],
            "solar_lentigo",
            True,
        ),
        (
            [("benign_lesion", HISTOLOGY), ("benign_keratosis", OFFICIAL), ("solar_lentigo", FOLDER)],
            "solar_lentigo",
            False,
        ),
    ],
)
def test_the_weightiest_claim_decides(claims: list[tuple[str, int]], diagnosis: str | None, contradicted: bool) -> None:
    made = [Claim(name, authority, f"by {place}") for place, (name, authority) in enumerate(claims)]
    for order in (made, made[::-1]):
        verdict = settle(order)
        assert (verdict.diagnosis, verdict.contradicted) == (diagnosis, contradicted)


def test_what_counts_how_much() -> None:
    table = FactTable("ISIC 2019 ground truth", {"ISIC_0000001": Facts(diagnosis="melanoma")})
    folder = record(Path("x.jpg"), "Train/nevus/ISIC_0000001", source="isic9")
    assert [(claim.diagnosis, claim.authority) for claim in claims_on(folder, {"t": table})] == [
        ("nevus", FOLDER),
        ("melanoma", OFFICIAL),
    ]
    proven = record(Path("x.jpg"), "ISIC_0000001", confirmation="histology")
    assert claims_on(proven, {})[0].authority == HISTOLOGY
    named = record(Path("x.jpg"), "a", source="my own folders", confirmation="histology")
    assert claims_on(named, {})[0].authority == FOLDER
