from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tejido.cli.main import main
from tejido.data import skin_tone
from tejido.data.auditing import colours
from tejido.data.auditing.counts import nearly_equal
from tejido.data.duplicates.fingerprints import cache_path
from tests.data.pictures import blotch, saved, thumbnail
from tests.data.tables import manifest
from tests.sources.test_ham10000 import HEADER
from tests.sources.trees import table

KEYS = {
    "images",
    "removed",
    "byte_identical_groups",
    "contradicted_groups",
    "near_duplicate_pairs",
    "original_split_crossing_groups",
    "original_split_crossing_lesions",
    "groups",
    "leaks",
    "unreadable",
    "unmapped_terms",
}


def tree(root: Path) -> Path:
    """Class folders with a copy across Train and Test, a contradiction, a broken file and an unknown class."""
    for n in range(30):
        saved(root / "Train" / ("nevus", "melanoma")[n % 2] / f"{n}.png", blotch(n))
    saved(root / "Test" / "nevus" / "copy.png", blotch(0))
    saved(root / "Test" / "nevus" / "wrong.png", blotch(1))
    saved(root / "Train" / "zebra" / "z.png", blotch(99))
    (root / "Train" / "nevus" / "broken.png").write_bytes(b"no picture")
    return root


@pytest.fixture
def built(tmp_path: Path) -> Path:
    out = tmp_path / "m.parquet"
    assert main(["data", "build", "--source", f"folders={tree(tmp_path / 'src')}", "-o", str(out)]) == 0
    return out


def test_build_writes_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, folder = tmp_path / "m.parquet", tmp_path / "audit"
    source = f"folders={tree(tmp_path / 'src')}"
    assert main(["data", "build", "--source", source, "-o", str(out), "--audit", str(folder)]) == 0
    assert (
        "1 pictures with contradicting diagnoses: 0 settled by the weightier claim, 1 removed"
        in capsys.readouterr().err
    )
    numbers = json.loads((folder / "audit.json").read_text())
    assert set(numbers) >= KEYS
    assert numbers["images"] == 30
    assert numbers["files"] == 34
    assert numbers["removed"] == {"contradicted": 2, "identical_bytes": 1, "unreadable": 1}
    assert (numbers["byte_identical_groups"], numbers["contradicted_groups"]) == (2, 1)
    assert numbers["original_split_crossing_groups"] == 2
    assert numbers["unmapped_terms"] == {"zebra": 1}
    assert numbers["leaks"] == []
    assert numbers["unreadable"][0]["image_id"] == "Train/nevus/broken"
    html = (folder / "audit.html").read_text()
    assert html.count("data:image/jpeg;base64,") >= 4
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert "<script" not in html


def test_text_from_files_is_escaped_on_the_page(tmp_path: Path) -> None:
    root = tmp_path / "src"
    for n in range(2):
        saved(root / ("nevus", "melanoma")[n] / "<b>x&.png", blotch(1))
    saved(root / "<i>class" / "y.png", blotch(2))
    out = tmp_path / "m.parquet"
    assert main(["data", "build", "--source", f"folders={root}", "-o", str(out), "--audit", str(tmp_path / "a")]) == 0
    html = (tmp_path / "a" / "audit.html").read_text()
    assert "<b>x" not in html
    assert "<i>class" not in html


def test_a_leak_is_exit_1_and_named(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_parquet(built)
    table.loc[:1, "group_id"] = table.loc[0, "image_id"]
    table.to_parquet(built)
    split = pd.DataFrame({"image_id": table["image_id"], "split": ["train", "test"] + ["train"] * (len(table) - 2)})
    split.to_parquet(tmp_path / "s.parquet")
    capsys.readouterr()
    code = main(
        ["data", "audit", str(built), "--split", str(tmp_path / "s.parquet"), "--json", "-o", str(tmp_path / "a")]
    )
    shown = capsys.readouterr()
    assert code == 1
    assert f"1 groups stand in several parts: {table.loc[0, 'image_id']}" in shown.err
    assert shown.err.count("\n") == 1
    assert len(json.loads(shown.out)["leaks"]) == 1
    assert "The split leaks" in (tmp_path / "a" / "audit.html").read_text()


@pytest.mark.parametrize("kind", ["groups", "folds", "balanced", "official"])
def test_own_splits_do_not_leak(built: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    split = tmp_path / "s.parquet"
    assert main(["data", "split", str(built), "-o", str(split), "--kind", kind]) == 0
    capsys.readouterr()
    assert main(["data", "audit", str(built), "--split", str(split)]) == 0
    assert "The split does not leak" in capsys.readouterr().out


def test_growing_a_split_from_the_command_line(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    assert main(["data", "split", str(built), "-o", str(old)]) == 0
    table = pd.read_parquet(built)
    sides = table["image_id"].map(pd.read_parquet(old).set_index("image_id")["split"])
    one, other = table.index[sides == "test"][0], table.index[sides == "val"][0]
    table.loc[[one, other], "group_id"] = table.loc[[one, other], "image_id"].min()
    table.to_parquet(built)
    assert main(["data", "audit", str(built), "--split", str(old)]) == 1
    assert main(["data", "split", str(built), "--grow", str(old), "-o", str(new)]) == 0
    assert "1 groups were joined out of several splits and are in train now (2 images moved)" in capsys.readouterr().err
    assert main(["data", "audit", str(built), "--split", str(new), "-o", str(tmp_path / "a")]) == 0
    assert len(json.loads((tmp_path / "a" / "audit.json").read_text())["split"]["joined_groups"]) == 1
    assert "went to train" in (tmp_path / "a" / "audit.html").read_text()


def test_a_manifest_without_findings_and_pictures_can_be_audited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = manifest(
        [{"image_id": f"i{n}", "path": f"gone{n}.png", "licence": "CC0-1.0", "attribution": "us"} for n in range(3)]
    )
    table.to_parquet(tmp_path / "m.parquet")
    assert main(["data", "audit", str(tmp_path / "m.parquet"), "-o", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "not known" in shown
    assert "3 files cannot be read any more, such as that of i0" in shown
    numbers = json.loads((tmp_path / "audit.json").read_text())
    assert set(numbers) >= KEYS
    assert (numbers["byte_identical_groups"], numbers["removed"], numbers["files"]) == (None, {}, None)
    assert "removed as far as is known" in (tmp_path / "audit.html").read_text()


def test_an_audit_leaves_no_trace_where_nothing_may_be_written(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_path(built).unlink()
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    assert main(["data", "audit", str(built)]) == 0
    assert not cache_path(built).exists()


def test_files_that_changed_or_went_are_named(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(tmp_path / "src" / "Train" / "nevus" / "4.png", blotch(77))
    (tmp_path / "src" / "Train" / "nevus" / "6.png").unlink()
    (tmp_path / "src" / "Train" / "nevus" / "8.png").write_bytes(b"no picture")
    capsys.readouterr()
    assert main(["data", "audit", str(built), "-o", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "1 files changed since the build, such as that of Train/nevus/4" in shown
    assert "2 files cannot be read any more" in shown
    assert "2 files cannot be read any more, 1 changed" in (tmp_path / "audit.html").read_text()


def test_finer_diagnoses_and_claims_stand_on_the_page(
    tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real pictures: three of HAM10000's, copies of two in class folders, and two tables that contradict each other."""
    ham, copy = tmp_path / "ham", tmp_path / "copy"
    source = shared / "data" / "ham10000" / "images"
    for folder, *names in (
        (ham, "ISIC_0027419", "ISIC_0025030", "ISIC_0024698"),
        (copy / "pigmented benign keratosis", "ISIC_0027419"),
        (copy / "melanoma", "ISIC_0024698"),
    ):
        folder.mkdir(parents=True)
        for name in names:
            shutil.copy(source / f"{name}.jpg", folder)
    rows = "HAM_0,ISIC_0027419,bkl,histo,80,male,scalp\nHAM_1,ISIC_0025030,bkl,consensus,80,male,scalp\n"
    (ham / "HAM10000_metadata.csv").write_text(HEADER + rows + "HAM_2,ISIC_0024698,nv,consensus,80,male,scalp\n")
    truth = table(
        tmp_path / "truth" / "t.csv", "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK", "ISIC_0025030,1,0,0,0,0,0,0,0,0"
    )
    same_name = table(tmp_path / "other" / "t.csv", "name,diagnosis,anatomloc", "ISIC_0025030,5. nevus,back")
    sources = ("--source", f"ham10000={ham}", "--source", f"folders={copy},name=copy,aspect=4:3")
    tables = ("--metadata", str(truth), "--metadata", str(same_name))
    assert main(["data", "build", *sources, *tables, "-o", str(tmp_path / "m.parquet"), "--audit", str(tmp_path)]) == 0
    assert "1 diagnoses made finer by copy" in capsys.readouterr().err
    numbers = json.loads((tmp_path / "audit.json").read_text())
    assert numbers["diagnoses_made_finer"] == {"copy": 1}
    (finer,) = numbers["details"]["diagnoses_made_finer"]
    assert finer == {
        "by": "copy", "coarse": "benign_keratosis", "fine": "pigmented_benign_keratosis", "images": 1,
    }  # fmt: skip
    settled, dropped = sorted(numbers["details"]["contradictions"], key=lambda item: item["kept_id"] is None)
    assert (settled["kept_id"], dropped["kept_id"]) == ("ISIC_0024698", None)
    assert {(claim["by"], claim["diagnosis"]) for claim in dropped["claims"]} == {
        ("ham10000", "benign_keratosis"), (str(truth), "melanoma"), (str(same_name), "nevus"),
    }  # fmt: skip
    html = (tmp_path / "audit.html").read_text()
    assert "Diagnoses made finer" in html
    assert "settled: nevus (by ham10000, official table)" in html
    assert "removed: no claim is weightier than: official table" in html
    assert f"{truth}: melanoma" in html
    assert f"{same_name}: nevus" in html


def test_a_class_that_nearly_equals_a_source_is_named() -> None:
    rows = [{"image_id": f"a{n}", "source": "a", "diagnosis": "nevus"} for n in range(60)]
    rows += [{"image_id": f"b{n}", "source": "b", "diagnosis": "nevus"} for n in range(40)]
    rows += [{"image_id": f"m{n}", "source": "b", "diagnosis": "melanoma"} for n in range(30)]
    assert [(item["diagnosis"], item["source"]) for item in nearly_equal(manifest(rows))] == [("melanoma", "b")]
    assert nearly_equal(manifest(rows[:60])) == []


def test_swapped_channels_stand_out() -> None:
    pictures = [blotch(n) for n in range(30)]
    r, g, b = pictures[3].split()
    pictures[3] = Image.merge("RGB", (b, g, r))
    thumbnails = np.stack([thumbnail(picture) for picture in pictures])
    found = colours.outliers(thumbnails, pd.Series(["one"] * 30), pd.Series(["dermoscopy"] * 30))
    assert found.notna().tolist() == [n == 3 for n in range(30)]
    assert found[3] == colours.BLUE_SKIN


def test_the_swapped_pictures_of_2020_stand_out(shared: Path) -> None:
    folder = shared / "data" / "isic2020"
    paths = sorted((folder / "channel_swapped").glob("*.jpg")) + sorted((folder / "images").glob("*.jpg"))[:60]
    thumbnails = np.stack([thumbnail(Image.open(path)) for path in paths])
    found = colours.outliers(thumbnails, pd.Series(["isic2020"] * 64), pd.Series(["dermoscopy"] * 64))
    assert (found == colours.BLUE_SKIN).fillna(False).tolist() == [n < 4 for n in range(64)]


def test_skin_tone_by_its_angle() -> None:
    skins = {"very light": (250, 225, 205), "intermediate": (200, 155, 120), "dark": (60, 38, 28)}
    for name, colour in skins.items():
        picture = np.full((1, 32, 32, 3), colour, np.uint8)
        picture[:, 8:24, 8:24] = 20  # the lesion does not count
        assert skin_tone.band(float(skin_tone.ita(picture)[0])) == name
