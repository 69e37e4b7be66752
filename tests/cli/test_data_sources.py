"""``tejido data``: downloading, and building from several sources and tables."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.sources.trees import image, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result

TOOL = '''#!{python}
"""Stands in for the ISIC Archive's tool."""
import os, pathlib, sys
log = pathlib.Path({log!r})
with log.open("a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if os.environ.get("ISIC_FAILS") == sys.argv[1]:
    print("Something is wrong\\nServer is down", file=sys.stderr)
    sys.exit(3)
if sys.argv[1:3] == ["collection", "list"]:
    assert int(os.environ["COLUMNS"]) >= 200
    print("┏━━━━┳━━━━━━┓\\n┃ ID ┃ Name ┃ Public ┃\\n┡━━━━╇━━━━━━┩")
    for number, name in ((66, "Challenge 2018: Task 3: Training"), (65, "Challenge 2019: Training"), (212, "HAM10000")):
        print(f"│ {{number:<3}} │ {{name:<40}} │ True   │ None │")
else:
    folder = pathlib.Path(sys.argv[-1])
    (folder / "licenses").mkdir(parents=True, exist_ok=True)
    (folder / "metadata.csv").write_text("isic_id,diagnosis_1\\nISIC_0000001,Benign\\n")
    if os.environ.get("ISIC_FAILS") != "late":
        (folder / "attribution.txt").write_text("Somebody")
'''


@pytest.fixture
def isic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A false ``isic`` on the search path; returns the file in which it writes what it was asked."""
    log = tmp_path / "calls.txt"
    tool = table(tmp_path / "bin" / "isic", TOOL.format(python=sys.executable, log=str(log)))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    return log


def test_a_source_of_the_archive(run: Callable[..., Result], isic: Path, tmp_path: Path) -> None:
    result = run("data", "download", "isic2019", tmp_path / "data")
    assert (result.code, result.err) == (0, "")
    folder = tmp_path / "data" / "challenge-2019-training"
    assert isic.read_text().splitlines() == ["collection list", f"image download --collections 65 {folder}"]
    assert sorted(path.name for path in folder.iterdir()) == ["attribution.txt", "licenses", "metadata.csv"]
    assert f"tejido data build --source isic_archive={tmp_path / 'data'} -o MANIFEST" in result.out


def test_collections_by_name(run: Callable[..., Result], isic: Path, tmp_path: Path) -> None:
    names = ("--collection", "ham10000", "--collection", "challenge 2018 task 3 training", "--limit", "5")
    assert run("data", "download", "isic", tmp_path / "d", *names).code == 0
    assert isic.read_text().splitlines()[1:] == [
        f"image download --collections 212 --limit 5 {tmp_path / 'd' / 'ham10000'}",
        f"image download --collections 66 --limit 5 {tmp_path / 'd' / 'challenge-2018-task-3-training'}",
    ]


@pytest.mark.parametrize(
    ("fails", "arguments", "message"),
    [
        ("collection", ("isic2019",), "isic cannot list the collections: Server is down"),
        ("image", ("isic2019",), "isic stopped at 'Challenge 2019: Training' with exit code 3; start it again"),
        ("late", ("isic2019",), "isic left no attribution.txt; start the download again"),
        ("", ("isic",), "say which collections: --collection"),
        ("", ("isic", "--collection", "HAM1000"), "no collection 'HAM1000'; did you mean 'HAM10000'?"),
        ("", ("isic", "--collection", "%&"), "no collection '%&'; see: isic collection list"),
        ("", ("ham",), "no source is called 'ham'"),
    ],
)
@pytest.mark.usefixtures("isic")
def test_downloads_that_fail(
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setenv("ISIC_FAILS", fails)
    result = run("data", "download", arguments[0], tmp_path / "d", *arguments[1:])
    assert result.code == 1
    assert message in result.err
    assert result.err.count("tejido: ") == 1


def test_without_the_tool(run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("data", "download", "isic2019", tmp_path)
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "tejido: the ISIC Archive's tool is missing: pip install isic-cli (its command is called isic)\n"
    )


def test_other_sources_say_how(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("data", "download", "breakhis", tmp_path)
    assert (result.code, result.err) == (0, "")
    assert "BreaKHis_v1.tar.gz" in result.out
    assert f"Then: tejido data build --source breakhis={tmp_path} -o MANIFEST" in result.out


def test_several_sources_and_tables(run: Callable[..., Result], tmp_path: Path) -> None:
    for n in (1, 2, 3):
        image(tmp_path / "copy" / "nevus" / f"ISIC_000000{n}.jpg")
    image(tmp_path / "copy" / "rash" / "ISIC_0000004.jpg", (20, 20))
    image(tmp_path / "tissue" / "SOB_M_DC-14-2523-40-010.png")
    table(
        tmp_path / "truth.csv",
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_0000001,0,1,0,0,0,0,0,0,0",
        "ISIC_0000002,1,0,0,0,0,0,0,0,0",
        "ISIC_0000004,0,0,1,0,0,0,0,0,0",
    )
    table(tmp_path / "pairs.csv", "image_name_1,image_name_2", "ISIC_0000001,ISIC_0000003")
    table(tmp_path / "lesions.csv", "image,lesion_id,diagnosis_confirm_type", "ISIC_0000002,L,histopathology")
    result = run(
        "data", "build", "--source", f"folders={tmp_path / 'copy'},name=copy,aspect=4:3",
        "--source", f"breakhis={tmp_path / 'tissue'}", "--metadata", tmp_path / "truth.csv",
        "--metadata", tmp_path / "pairs.csv", "--metadata", tmp_path / "lesions.csv", "-o", tmp_path / "m.parquet",
    )  # fmt: skip
    assert result.code == 0
    for line in (
        "copy: 1 images have the diagnosis 'rash', which the taxonomy does not know",
        "breakhis: 7,909 images expected, 1 found",
        "truth.csv: 3 images known; 0 diagnoses made finer; 1 filled in: diagnosis; "
        "1 contradicted (nevus/ISIC_0000002: nevus, not melanoma)",
        "lesions.csv: 1 images known; 0 diagnoses made finer; 1 filled in: confirmation; 1 filled in: lesion_id",
    ):
        assert line in result.err.splitlines()
    rows = pd.read_parquet(tmp_path / "m.parquet").set_index("image_id")
    assert rows["source"].value_counts().to_dict() == {"copy": 4, "breakhis": 1}
    assert rows.loc["rash/ISIC_0000004", "diagnosis"] == "basal_cell_carcinoma"
    assert rows.loc["rash/ISIC_0000004", "aspect"] == pytest.approx(4 / 3)
    assert rows["aspect"].notna().sum() == 1


def test_unknown_terms_of_two_folders_of_one_source_are_added_up(run: Callable[..., Result], tmp_path: Path) -> None:
    image(tmp_path / "one" / "rash" / "a.jpg", (20, 20))
    image(tmp_path / "two" / "rash" / "b.jpg", (30, 20))
    sources = [part for name in ("one", "two") for part in ("--source", f"folders={tmp_path / name}")]
    assert run("data", "build", *sources, "-o", tmp_path / "m.parquet", "--audit", tmp_path).code == 0
    assert json.loads((tmp_path / "audit.json").read_text())["unmapped_terms"] == {"rash": 2}


def test_pairs_of_duplicates_stand_in_one_group(run: Callable[..., Result], tmp_path: Path) -> None:
    table(
        tmp_path / "train.csv",
        "image_name,patient_id,diagnosis,benign_malignant",
        "ISIC_0000001,IP_1,nevus,benign",
        "ISIC_0000002,IP_2,nevus,benign",
        "ISIC_0000003,IP_3,nevus,benign",
    )
    table(tmp_path / "ISIC_2020_Training_Duplicates.csv", "image_name_1,image_name_2", "ISIC_0000001,ISIC_0000003")
    out = tmp_path / "m.parquet"
    result = run("data", "build", "--source", f"isic2020={tmp_path}", "--no-images", "-o", out)
    assert result.code == 0
    assert "3 images in 2 groups" in result.out


def test_many_unknown_terms_are_cut(run: Callable[..., Result], tmp_path: Path) -> None:
    for n in range(23):
        image(tmp_path / "copy" / f"unheard of {n}" / f"{n}.jpg")
    result = run("data", "build", "--source", f"folders={tmp_path / 'copy'}", "-o", tmp_path / "m.parquet")
    assert result.err.count("which the taxonomy does not know") == 20
    assert "folders: 3 more terms are not known either; all are in the findings" in result.err
    assert len(json.loads((tmp_path / "m.findings.json").read_text())["unmapped"]["folders"]) == 23


def test_a_source_without_a_page(run: Callable[..., Result], tmp_path: Path) -> None:
    lines = run("data", "download", "folders", tmp_path).out.splitlines()
    assert lines[1].startswith("Your own images")
    assert lines[2].startswith("Then: tejido data build --source folders=")


def test_a_task_keeps_its_own(run: Callable[..., Result], tmp_path: Path) -> None:
    image(tmp_path / "copy" / "nevus" / "a.jpg")
    image(tmp_path / "copy" / "actinic keratosis" / "b.jpg")
    out = tmp_path / "m.parquet"
    result = run("data", "build", "--source", f"folders={tmp_path / 'copy'}", "--task", "skin-malignancy", "-o", out)
    assert "1 images removed: not in task" in result.err
    assert pd.read_parquet(out)["malignancy"].tolist() == ["benign"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing", "write NAME=DIR, such as ham10000=data/ham10000"),
        ("isic_2019=x", "no source is called 'isic_2019'; did you mean isic2019"),
        ("folders=x,colour=red", "folders takes no option 'colour'"),
        ("folders=missing", "missing: no such folder"),
    ],
)
def test_sources_that_are_none(run: Callable[..., Result], tmp_path: Path, source: str, message: str) -> None:
    result = run("data", "build", "--source", source, "-o", tmp_path / "m.parquet")
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert not (tmp_path / "m.parquet").exists()


def test_a_table_that_nobody_knows(run: Callable[..., Result], tmp_path: Path) -> None:
    image(tmp_path / "copy" / "nevus" / "a.jpg")
    table(tmp_path / "t.csv", "a,b", "1,2")
    source = f"folders={tmp_path / 'copy'}"
    result = run("data", "build", "--source", source, "--metadata", tmp_path / "t.csv", "-o", tmp_path / "m.parquet")
    assert result.code == 1
    assert "t.csv: not a table that is known here; it begins with a, b" in result.err
