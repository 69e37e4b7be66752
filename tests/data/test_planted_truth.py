"""What is known to be wrong with the real copies of ISIC9 and HAM10000 is found."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tejido.cli.main import main
from tejido.data.duplicates.fingerprint import fingerprint
from tejido.data.duplicates.search import find
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic9 import ISIC9

ID = re.compile(r"ISIC_\d+")


@pytest.fixture(scope="module")
def isic9(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of isic9, joined with the tables of ISIC 2019, with its audit beside it."""
    folder = tmp_path_factory.mktemp("isic9")
    tables = shared / "data" / "csv" / "isic2019_toregore"
    code = main(
        [
            *("data", "build", "--source", f"isic9={shared / 'data' / 'isic9'}"),
            *("--metadata", str(tables / "ISIC_2019_Training_GroundTruth.csv")),
            *("--metadata", str(tables / "ISIC_2019_Training_Metadata.csv")),
            *("-o", str(folder / "m.parquet"), "--audit", str(folder)),
        ]
    )
    assert code == 0
    return folder


def test_the_planted_truth_of_isic9(isic9: Path) -> None:
    numbers = json.loads((isic9 / "audit.json").read_text())
    assert numbers["byte_identical_groups"] == 159
    assert numbers["contradicted_groups"] == 155
    assert numbers["original_split_crossing_groups"] == 18
    assert numbers["original_split_crossing_lesions"] == 38
    assert numbers["contradicted_groups_resolved"] >= 99
    assert numbers["files"] == 2359 == numbers["images"] + sum(numbers["removed"].values())


def test_the_own_split_has_no_leak_and_the_published_one_has(isic9: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, split = str(isic9 / "m.parquet"), str(isic9 / "s.parquet")
    assert main(["data", "split", manifest, "-o", split]) == 0
    assert main(["data", "audit", manifest, "--split", split]) == 0
    assert main(["data", "split", manifest, "-o", split, "--kind", "official"]) == 0
    assert "LEAKS" in capsys.readouterr().out
    assert main(["data", "audit", manifest, "--split", split]) == 1


def test_pictures_that_no_table_mentions_are_reported(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ISIC 2020's four channel-swapped pictures stand in none of its tables."""
    folder = shared / "data" / "isic2020"
    swapped = sorted(path.stem for path in (folder / "channel_swapped").glob("*.jpg"))
    build = ["data", "build", "--source", f"isic2020={folder}", "-o", str(tmp_path / "m.parquet")]
    assert main([*build, "--audit", str(tmp_path)]) == 0
    told = f"isic2020: 4 images are in no table and were left out: {', '.join(swapped)}"
    assert told in capsys.readouterr().err.splitlines()
    assert told in json.loads((tmp_path / "audit.json").read_text())["problems"]
    assert told in (tmp_path / "audit.html").read_text()


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_shared_pictures_are_found_without_ids_and_no_lesions_are_merged(shared: Path, every: int) -> None:
    """Among all pictures, or among all shared ones and a fourth of the others."""
    ham = Ham10000().read(shared / "data" / "ham10000").records
    known = {match[0] for one in ISIC9.read(shared / "data" / "isic9").records if (match := ID.search(one.image_id))}
    ham = [record for number, record in enumerate(ham) if number % every == 0 or record.image_id in known]
    lesions = {record.image_id: record.lesion_id for record in ham}
    copies = list(ISIC9.read(shared / "data" / "isic9").records)
    names = [record.image_id for record in ham]
    names += [match[0] if (match := ID.search(record.image_id)) else "" for record in copies]
    thumbnails = np.stack([fingerprint(record.path).thumbnail for record in [*ham, *copies] if record.path is not None])
    found = find(thumbnails)
    place = {name: number for number, name in enumerate(names[: len(ham)])}
    truth = {(place[name], number) for number, name in enumerate(names) if number >= len(ham) and name in place}
    assert len({names[first] for first, _ in truth}) == 1437
    removable = {(pair.first, pair.second) for pair in found if pair.kind in ("copy", "turned")}
    assert len(truth & removable) >= 0.99 * len(truth)
    pairs = [(names[pair.first], names[pair.second]) for pair in found]
    assert not [pair for pair in pairs if set(pair) <= set(lesions) and lesions[pair[0]] != lesions[pair[1]]]
