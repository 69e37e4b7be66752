from __future__ import annotations

import pytest

from tejido import taxonomy
from tejido.errors import TejidoError


def test_every_reference_in_the_tables_exists() -> None:
    known = taxonomy.diagnoses()
    assert {d.parent for d in known.values()} - {None} <= set(known)
    assert {d.malignancy for d in known.values()} <= {"benign", "premalignant", "malignant", "indeterminate"}
    for task in taxonomy.tasks().values():
        listed = [code for label in task.labels for code in label.diagnoses]
        assert set(listed) <= set(known), task.name
        assert len(listed) == len(set(listed)), f"{task.name} lists a diagnosis twice"
        assert task.positive is None or (task.positive in task.label_names and len(task.labels) == 2)


def test_the_tree_has_no_circle() -> None:
    for code in taxonomy.diagnoses():
        chain = taxonomy.lineage(code)
        assert len(chain) == len(set(chain))


@pytest.mark.parametrize(
    ("diagnosis", "suspicion", "seven"),
    [
        ("melanoma", "suspicious", "melanoma"),
        ("actinic_keratosis", "suspicious", "akiec"),
        ("squamous_cell_carcinoma", "suspicious", "akiec"),
        ("akiec", "suspicious", "akiec"),
        ("seborrheic_keratosis", "benign", "benign_keratosis"),
        ("nevus", "benign", "nevus"),
        (None, None, None),
    ],
)
def test_labels_of_diagnoses(diagnosis: str | None, suspicion: str | None, seven: str | None) -> None:
    assert taxonomy.task("skin-suspicion").label_of(diagnosis) == suspicion
    assert taxonomy.task("skin-7").label_of(diagnosis) == seven


def test_finer_means_strictly_below() -> None:
    assert taxonomy.is_finer("actinic_keratosis", than="akiec")
    assert not taxonomy.is_finer("akiec", than="akiec")
    assert not taxonomy.is_finer("akiec", than="actinic_keratosis")
    assert not taxonomy.is_finer("melanoma", than="akiec")


def test_akiec_has_no_malignancy_of_its_own() -> None:
    assert taxonomy.malignancy("akiec") == "indeterminate"
    assert taxonomy.malignancy("actinic_keratosis") == "premalignant"
    assert taxonomy.malignancy("squamous_cell_carcinoma") == "malignant"
    assert taxonomy.malignancy(None) is None


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(TejidoError, match="did you mean 'skin-suspicion'"):
        taxonomy.task("skin-suspicions")
