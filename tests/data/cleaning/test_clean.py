from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tejido.data.cleaning.clean import Cleaned, clean
from tejido.data.cleaning.exclude import excluder
from tejido.data.cleaning.findings import Refinement
from tejido.errors import DataError
from tejido.sources.facts import Facts, FactTable
from tejido.sources.record import ImageRecord
from tejido.taxonomy import task
from tests.data.pictures import blotch, record, saved


def run(records: list[ImageRecord], folder: Path, **options: Any) -> Cleaned:
    return clean(records, records, folder, **options)


def reasons(cleaned: Cleaned) -> dict[str, tuple[str, str | None]]:
    return {removal.image_id: (removal.reason, removal.kept_id) for removal in cleaned.findings.removed}


def test_copies_of_all_kinds_leave_one_picture(tmp_path: Path) -> None:
    image = blotch(1)
    records = [
        record(saved(tmp_path / "a.png", image), age=50.0),
        record(saved(tmp_path / "same.png", image)),
        record(saved(tmp_path / "other.bmp", image)),
        record(saved(tmp_path / "small.jpg", image.resize((60, 45))), sex="male"),
        record(saved(tmp_path / "turned.png", image.transpose(Image.Transpose.ROTATE_180))),
        record(saved(tmp_path / "else.png", blotch(2))),
    ]
    cleaned = run(records, tmp_path)
    assert cleaned.manifest["image_id"].tolist() == ["a", "else"]
    assert reasons(cleaned) == {
        "same": ("identical_bytes", "a"),
        "other": ("identical_pixels", "a"),
        "small": ("near_duplicate", "a"),
        "turned": ("turned", "a"),
    }
    assert cleaned.manifest.loc[0, ["age", "sex"]].tolist() == [50.0, "male"]
    assert cleaned.findings.files == 6


def test_of_a_downsampled_copy_the_larger_is_kept(tmp_path: Path) -> None:
    image = blotch(1)
    small = record(saved(tmp_path / "x" / "ISIC_0000001_downsampled.jpg", image.resize((60, 45))), source="isic2019")
    large = record(saved(tmp_path / "ISIC_0000001.jpg", image), source="isic2017")
    assert reasons(run([small, large], tmp_path)) == {"ISIC_0000001_downsampled": ("downsampled", "ISIC_0000001")}


def test_without_pictures_the_names_tell(tmp_path: Path) -> None:
    records = [
        record(None, "ISIC_0000001_downsampled", source="isic2019"),
        record(None, "ISIC_0000001", source="isic2017"),
        record(None, "ISIC_0000002", source="isic2018"),
        record(None, "ISIC_0000002", source="isic2019", lesion_id="HAM_0000001"),
    ]
    cleaned = run(records, tmp_path)
    assert cleaned.manifest[["image_id", "source"]].to_numpy().tolist() == [
        ["ISIC_0000001", "isic2017"],
        ["ISIC_0000002", "isic2019"],
    ]
    assert reasons(cleaned)["ISIC_0000002"] == ("same_id", "ISIC_0000002")


def test_a_later_release_goes_before_an_earlier_one_and_takes_over_what_it_lacks(tmp_path: Path) -> None:
    one = record(saved(tmp_path / "18" / "ISIC_0000001.jpg", blotch(1)), source="isic2018", lesion_id="HAM_0000007")
    two = record(saved(tmp_path / "19" / "ISIC_0000001.jpg", blotch(1), quality=50), source="isic2019", age=40.0)
    row = run([one, two], tmp_path).manifest.iloc[0]
    assert (row["source"], row["age"], row["lesion_id"]) == ("isic2019", 40.0, "HAM_0000007")


def test_a_squashed_copy_gives_way(tmp_path: Path) -> None:
    image = blotch(1, 200, 150)
    squashed = record(
        saved(tmp_path / "s.jpg", image.resize((180, 180))), "Train/nevus/ISIC_0000001", source="isic9", aspect=4 / 3
    )
    true = record(saved(tmp_path / "ISIC_0000001.jpg", image))
    assert run([squashed, true], tmp_path).manifest["image_id"].tolist() == ["ISIC_0000001"]


def test_contradictions_are_settled_or_dropped_and_listed(tmp_path: Path) -> None:
    folders = [
        record(
            saved(tmp_path / f"{d}" / f"ISIC_000000{n}.png", blotch(n)),
            f"{d}/ISIC_000000{n}",
            source="isic9",
            diagnosis=d,
        )
        for n in (1, 2)
        for d in ("nevus", "melanoma")
    ]
    truth = FactTable("ISIC 2019 ground truth", {"ISIC_0000001": Facts(diagnosis="melanoma")})
    cleaned = run(folders, tmp_path, tables={"truth.csv": truth})
    assert cleaned.manifest["diagnosis"].tolist() == ["melanoma"]
    assert cleaned.findings.removed_by_reason() == {"contradicted": 2, "identical_bytes": 1}
    assert cleaned.findings.byte_identical_contradicted == 2
    settled, dropped = sorted(cleaned.findings.contradictions, key=lambda item: item.kept_id is None)
    assert (settled.diagnosis, settled.by) == ("melanoma", "truth.csv")
    assert (dropped.diagnosis, dropped.kept_id, len(dropped.members)) == (None, None, 2)


def test_a_table_overrules_a_class_folder_for_a_single_picture(tmp_path: Path) -> None:
    lone = record(saved(tmp_path / "x.png", blotch(1)), "nevus/ISIC_0000001", source="isic9")
    truth = FactTable("ISIC 2019 ground truth", {"ISIC_0000001": Facts(diagnosis="melanoma")})
    cleaned = run([lone], tmp_path, tables={"truth.csv": truth})
    assert cleaned.manifest["diagnosis"].tolist() == ["melanoma"]
    assert len(cleaned.findings.contradictions) == 1


def test_tables_of_one_rank_that_contradict_each_other_are_both_listed(tmp_path: Path) -> None:
    lone = record(saved(tmp_path / "x.png", blotch(1)), "nevus/ISIC_0000001", source="isic9")
    tables = {
        "2018.csv": FactTable("ISIC 2018 ground truth", {"ISIC_0000001": Facts(diagnosis="benign_keratosis")}),
        "2019.csv": FactTable("ISIC 2019 ground truth", {"ISIC_0000001": Facts(diagnosis="melanoma")}),
    }
    other = record(saved(tmp_path / "y.png", blotch(2)))
    findings = run([lone, other], tmp_path, tables=tables).findings
    (found,) = findings.contradictions
    assert (found.diagnosis, found.by, found.kept_id) == (None, None, None)
    assert [(claim.by, claim.diagnosis, claim.basis) for claim in found.claims] == [
        ("2018.csv", "benign_keratosis", "official table"),
        ("2019.csv", "melanoma", "official table"),
        ("isic9", "nevus", "class folder"),
    ]
    (member,) = found.members
    assert (member.diagnosis, member.tables) == ("nevus", {"2018.csv": "benign_keratosis", "2019.csv": "melanoma"})
    (gone,) = findings.removed
    assert gone.reason == "contradicted"
    assert gone.detail == "isic9: nevus; 2018.csv: benign_keratosis; 2019.csv: melanoma"


def test_diagnoses_made_finer_are_counted_by_who_made_them(tmp_path: Path) -> None:
    def ham(n: int, diagnosis: str) -> ImageRecord:
        path = saved(tmp_path / "ham" / f"ISIC_000000{n}.png", blotch(n, 200, 150))
        return record(path, diagnosis=diagnosis)

    copy = record(
        saved(tmp_path / "copy.png", blotch(3, 200, 150).resize((150, 150))),
        "pigmented benign keratosis/ISIC_0000003",
        source="isic9",
        diagnosis="pigmented_benign_keratosis",
        aspect=4 / 3,
    )
    truth = FactTable(
        "ISIC 2019 ground truth",
        {f"ISIC_000000{n}": Facts(diagnosis="actinic_keratosis") for n in (1, 2)}
        | {"ISIC_0000003": Facts(diagnosis="benign_keratosis"), "ISIC_0000004": Facts(diagnosis="nevus")},
    )
    records = [ham(1, "akiec"), ham(2, "akiec"), ham(3, "benign_keratosis"), copy, ham(4, "nevus")]
    cleaned = run(records, tmp_path, tables={"truth.csv": truth})
    assert cleaned.findings.refined == [
        Refinement("isic9", "benign_keratosis", "pigmented_benign_keratosis", 1),
        Refinement("truth.csv", "akiec", "actinic_keratosis", 2),
    ]
    assert cleaned.findings.contradictions == []
    # only images that are kept count
    only = run(records, tmp_path, tables={"truth.csv": truth}, task=task("skin-3"))
    assert [item.by for item in only.findings.refined] == ["isic9"]


def test_a_file_name_that_two_sources_share_is_no_picture_that_they_share(tmp_path: Path) -> None:
    one = record(saved(tmp_path / "a" / "1.png", blotch(1)), "nevus/1", source="a")
    two = record(saved(tmp_path / "b" / "1.png", blotch(2)), "nevus/1", source="b")
    with pytest.raises(DataError, match=r"two images are called nevus/1: .*a/1.png and .*b/1.png; rename"):
        run([one, two], tmp_path)
    for picture in (blotch(1), blotch(1).resize((60, 45))):
        copy = record(saved(tmp_path / "c" / "1.png", picture), "nevus/1", source="c")
        for keep_duplicates in (False, True):
            cleaned = run([one, copy], tmp_path, keep_duplicates=keep_duplicates)
            assert [removal.reason for removal in cleaned.findings.removed] == ["same_id"]


def test_duplicates_that_are_kept_keep_their_own_diagnosis_and_share_a_group(tmp_path: Path) -> None:
    image = blotch(1)
    records = [record(saved(tmp_path / f"{n}.png", image), diagnosis=d) for n, d in enumerate(("nevus", "melanoma"))]
    cleaned = run(records, tmp_path, keep_duplicates=True)
    assert cleaned.manifest["diagnosis"].tolist() == ["nevus", "melanoma"]
    assert cleaned.manifest["group_id"].tolist() == ["0", "0"]
    assert cleaned.findings.byte_identical_contradicted == 1


def test_known_duplicates_crops_and_removed_images_tie_groups(tmp_path: Path) -> None:
    image = blotch(3)
    records = [
        record(saved(tmp_path / "ISIC_0000001.png", blotch(1)), source="isic2020", patient_id="IP_1"),
        record(saved(tmp_path / "ISIC_0000002.png", blotch(2)), source="isic2020", patient_id="IP_2"),
        record(saved(tmp_path / "c.png", image)),
        record(saved(tmp_path / "part.png", image.crop((15, 0, 105, 90)))),
        record(saved(tmp_path / "far.png", blotch(4)), lesion_id="HAM_0000001"),
        record(saved(tmp_path / "lost.png", image.resize((60, 45))), lesion_id="HAM_0000001", source="isic2019"),
    ]
    cleaned = run(records, tmp_path, links=[("ISIC_0000001", "ISIC_0000002"), ("ISIC_0000001", "ISIC_0000009")])
    groups = dict(zip(cleaned.manifest["image_id"], cleaned.manifest["group_id"], strict=True))
    assert groups == {"ISIC_0000001": "ISIC_0000001", "ISIC_0000002": "ISIC_0000001", "c": "c", "part": "c", "far": "c"}
    assert cleaned.findings.linked_pairs == 1


def test_tiles_of_one_slide_may_look_alike(tmp_path: Path) -> None:
    tiles = [
        record(
            saved(tmp_path / f"{n}.png", blotch(1).resize((50 + n, 50))),
            source="idc",
            patient_id="1",
            modality="histology",
        )
        for n in range(2)
    ]
    assert len(run(tiles, tmp_path).manifest) == 2


def test_filters_tasks_and_broken_files_are_accounted_for(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    records = [
        record(saved(tmp_path / "a.png", blotch(1))),
        record(saved(tmp_path / "sonic.png", blotch(2)), attribution="SONIC study"),
        record(broken),
        record(saved(tmp_path / "odd.png", blotch(3)), diagnosis=None),
    ]
    cleaned = run(records, tmp_path, excluded=excluder(["attribution=*sonic*"]), task=task("skin-suspicion"))
    assert cleaned.manifest["image_id"].tolist() == ["a"]
    assert cleaned.findings.removed_by_reason() == {"excluded": 1, "not_in_task": 1, "unreadable": 1}
    assert cleaned.findings.files == len(cleaned.manifest) + len(cleaned.findings.removed)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("age=50", True),
        ("age=5", False),
        ("age=5*", True),
        ("age=", False),
        ("sex=", True),
        ("attribution=[us*", True),
        ("attribution=[su]*", False),
        ("malignancy=benign", True),
        ("diagnosis=NEV?S", True),
    ],
)
def test_filters(rule: str, fits: bool) -> None:
    assert excluder([rule])(record(None, "a", age=50.0, attribution="[Us] & co")) == (rule if fits else None)


@pytest.mark.parametrize("rule", ["SONIC", "nothing=x", "=x"])
def test_filters_that_make_no_sense(rule: str) -> None:
    with pytest.raises(DataError, match="write column=value"):
        excluder([rule])


def test_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image is left"):
        run([record(saved(tmp_path / "a.png", blotch(1)), diagnosis=None)], tmp_path, task=task("skin-suspicion"))


def test_the_order_of_the_sources_does_not_matter(tmp_path: Path) -> None:
    records = [
        record(saved(tmp_path / f"{n}-{k}.png", blotch(n).resize((120 - 30 * k, 90 - 20 * k))), diagnosis=d)
        for n, d in ((1, "nevus"), (2, "melanoma"), (3, "nevus"))
        for k in range(3)
    ]
    one, other = run(records, tmp_path), run(records[::-1], tmp_path)
    assert one.manifest.equals(other.manifest)
    assert reasons(one) == reasons(other)
