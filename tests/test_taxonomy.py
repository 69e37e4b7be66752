from __future__ import annotations

from itertools import combinations

import pytest

from tejido import taxonomy
from tejido.data.manifest import TYPES
from tejido.errors import TejidoError

MALIGNANCIES = {"benign", "premalignant", "malignant", "indeterminate"}


def test_every_reference_in_the_tables_exists() -> None:
    known = taxonomy.diagnoses()
    assert {d.parent for d in known.values()} | {d.also for d in known.values()} <= {*known, None}
    for task in taxonomy.tasks().values():
        listed = [value for label in task.labels for value in label.values]
        assert len(listed) == len(set(listed)), f"{task.name} lists a value twice"
        assert task.modality in {None, "dermoscopy", "clinical", "histology"}
        assert task.column in TYPES
        if task.column == "diagnosis":
            assert set(listed) <= set(known), task.name
        if task.column == "malignancy":
            assert set(listed) <= MALIGNANCIES
        assert task.positive is None or (task.positive in task.label_names and len(task.labels) == 2)
    assert set(taxonomy.aliases().values()) <= set(taxonomy.tasks())
    assert not set(taxonomy.aliases()) & set(taxonomy.tasks())


def test_diagnoses_have_names_and_a_malignancy() -> None:
    known = taxonomy.diagnoses().values()
    assert all(d.en and d.es for d in known)
    assert len({d.en for d in known}) == len(known)
    assert [d.code for d in known if d.malignancy not in MALIGNANCIES] == ["no_carcinoma_in_patch"]
    parents = {d.parent for d in known}
    assert sum(d.code not in parents for d in known) >= 52


def test_the_tree_has_no_circle() -> None:
    for code in taxonomy.diagnoses():
        chain = taxonomy.lineage(code)
        assert len(chain) == len(set(chain))


@pytest.mark.parametrize(
    ("diagnosis", "suspicion", "seven"),
    [
        ("melanoma", "suspicious", "melanoma"),
        ("melanoma_metastasis", "suspicious", "melanoma"),
        ("actinic_keratosis", "suspicious", "akiec"),
        ("squamous_cell_carcinoma", "suspicious", "akiec"),
        ("akiec", "suspicious", "akiec"),
        ("kaposi_sarcoma", "suspicious", None),
        ("seborrheic_keratosis", "benign", "benign_keratosis"),
        ("nevus", "benign", "nevus"),
        ("dermatofibroma", "benign", "dermatofibroma"),
        ("hemangioma", "benign", "vascular_lesion"),
        ("benign_lesion", "benign", None),
        ("atypical_melanocytic_proliferation", None, None),
        ("ductal_carcinoma", None, None),
        (None, None, None),
    ],
)
def test_labels_of_diagnoses(diagnosis: str | None, suspicion: str | None, seven: str | None) -> None:
    assert taxonomy.task("skin-suspicion").label_of(diagnosis) == suspicion
    assert taxonomy.task("skin-7").label_of(diagnosis) == seven


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("skin-suspicion", "benign suspicious"),
        ("skin-malignancy", "benign malignant"),
        ("skin-3", "carcinoma melanoma benign_keratosis"),
        (
            "skin-7",
            "melanoma nevus basal_cell_carcinoma akiec benign_keratosis dermatofibroma vascular_lesion",
        ),
        ("isic2017-melanoma", "other melanoma"),
        ("breast-malignancy", "benign malignant"),
        ("breast-idc", "no_carcinoma carcinoma"),
        ("confirmation", "follow_up histology"),
        ("source", ""),
    ],
)
def test_labels_and_their_order_are_fixed(task: str, labels: str) -> None:
    assert " ".join(taxonomy.task(task).label_names) == labels


@pytest.mark.parametrize(("task", "count"), [("isic2019-8", 8), ("skin-9", 9), ("pad-ufes-6", 6), ("breast-8", 8)])
def test_tasks_with_a_number_in_their_name(task: str, count: int) -> None:
    assert len(taxonomy.task(task).labels) == count


@pytest.mark.parametrize(
    ("task", "value", "label"),
    [
        ("skin-malignancy", "malignant", "malignant"),
        ("skin-malignancy", "premalignant", None),
        ("skin-3", "bowen_disease", "carcinoma"),
        ("skin-3", "actinic_keratosis", None),
        ("skin-3", "akiec", None),
        ("isic2019-8", "akiec", None),
        ("isic2019-8", "bowen_disease", "squamous_cell_carcinoma"),
        ("isic2017-melanoma", "solar_lentigo", None),
        ("breast-malignancy", "mucinous_carcinoma", "malignant"),
        ("breast-malignancy", "carcinoma_in_patch", None),
        ("confirmation", "follow_up", "follow_up"),
        ("confirmation", "consensus", None),
        ("source", "idc", "idc"),
        ("source", None, None),
    ],
)
def test_labels_of_values(task: str, value: str | None, label: str | None) -> None:
    assert taxonomy.task(task).label_of(value) == label


def test_labels_that_come_from_the_data() -> None:
    task = taxonomy.task("source")
    closed = task.closed(["ham10000", "idc", "ham10000"])
    assert closed.label_names == ("ham10000", "idc")
    assert closed.label_of("ph2") is None
    assert taxonomy.task("skin-3").closed(["x"]) is taxonomy.task("skin-3")


def test_modalities() -> None:
    assert taxonomy.task("skin-3").admits("dermoscopy")
    assert not taxonomy.task("skin-3").admits("clinical")
    assert taxonomy.task("source").admits("histology")


def test_an_alias_is_the_same_task() -> None:
    assert taxonomy.task("isic2018-7") is taxonomy.task("skin-7")


def test_finer_means_strictly_below() -> None:
    assert taxonomy.is_finer("actinic_keratosis", than="akiec")
    assert not taxonomy.is_finer("akiec", than="akiec")
    assert not taxonomy.is_finer("akiec", than="actinic_keratosis")
    assert not taxonomy.is_finer("melanoma", than="akiec")


def test_what_several_diagnoses_leave() -> None:
    def common(*names: str) -> str | None:
        return taxonomy.common(frozenset(names))

    assert common("nevus") == "nevus"
    assert common("benign_lesion", "nevus", "blue_nevus") == "blue_nevus"
    assert common("akiec", "malignant_lesion") == "squamous_cell_carcinoma"
    assert common("akiec", "indeterminate_lesion") == "actinic_keratosis"
    assert common("bowen_disease", "malignant_lesion", "akiec") == "bowen_disease"
    assert common("nevus", "melanoma") is None
    assert common("squamous_cell_carcinoma", "actinic_keratosis") is None


def test_what_two_diagnoses_leave_is_one_or_nothing() -> None:
    lines = {code: set(taxonomy.lineage(code)) for code in taxonomy.diagnoses()}
    for one, other in combinations(lines, 2):
        below = [code for code, line in lines.items() if {one, other} <= line]
        tops = [code for code in below if not (lines[code] - {code}) & set(below)]
        assert len(tops) <= 1
        assert taxonomy.common(frozenset((one, other))) == (tops[0] if tops else None)


def test_a_second_broader_diagnosis_changes_no_label() -> None:
    known = taxonomy.diagnoses()
    for task in taxonomy.tasks().values():
        owner = {value: label.name for label in task.labels for value in label.values}
        for node in known.values() if task.column == "diagnosis" and task.labels else ():
            line, up = [], node
            while up is not None:
                line.append(up.code)
                up = known.get(up.parent or "")
            assert task.label_of(node.code) == next((owner[code] for code in line if code in owner), None)


def test_akiec_has_no_malignancy_of_its_own() -> None:
    assert taxonomy.malignancy("akiec") == "indeterminate"
    assert taxonomy.malignancy("actinic_keratosis") == "premalignant"
    assert taxonomy.malignancy("squamous_cell_carcinoma") == "malignant"
    assert taxonomy.malignancy("bowen_disease") == "malignant"
    assert taxonomy.malignancy("no_carcinoma_in_patch") is None
    assert taxonomy.malignancy(None) is None


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(TejidoError, match="did you mean 'skin-suspicion'"):
        taxonomy.task("skin-suspicions")
