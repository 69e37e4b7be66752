from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tejido.cli.main import main
from tests.sources.test_ham10000 import HEADER
from tests.sources.trees import image


def lesions(root: Path, count: int = 40) -> Path:
    rows = ""
    for n in range(count):
        image(root / "images" / f"ISIC_{n}.jpg")
        rows += f"L{n // 2},ISIC_{n},{'akiec' if n < 20 else 'nv'},histo,50,male,back\n"
    (root / "HAM10000_metadata.csv").write_text(HEADER + rows)
    return root


def test_from_folders_to_a_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lesions(tmp_path / "ham")
    (root / "images" / "ISIC_39.jpg").write_bytes(b"broken")
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC\n" + "".join(f"ISIC_{n},0,0,0,1,0,0,0,0\n" for n in range(10))
    )
    manifest, split = tmp_path / "out" / "m.parquet", tmp_path / "out" / "s.parquet"
    build = ["data", "build", "--source", f"ham10000={root}", "--metadata", str(truth)]
    assert main([*build, "--task", "skin-suspicion", "-o", str(manifest)]) == 0
    shown = capsys.readouterr()
    assert "39 images in 20 groups" in shown.out
    assert "truth.csv: 10 images known; 10 diagnoses made finer" in shown.err
    assert "ISIC_39.jpg: not a picture" in shown.err
    table = pd.read_parquet(manifest)
    assert table["diagnosis"].value_counts().to_dict() == {"nevus": 19, "akiec": 10, "actinic_keratosis": 10}
    assert main(["data", "split", str(manifest), "-o", str(split), "--seed", "3"]) == 0
    assert "no group stands in two splits" in capsys.readouterr().out
    assert set(pd.read_parquet(split)["split"]) == {"train", "val", "test"}


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lesions(tmp_path / "ham", 4)
    out = str(tmp_path / "m.parquet")
    (tmp_path / "text.parquet").write_text("no")
    cases = [
        (["data", "build", "--source", "ham", "-o", out], 1, "write NAME=DIR, such as ham10000=data/ham10000"),
        (["data", "build", "--source", "ham10000=nowhere", "-o", out], 1, "nowhere: no such folder"),
        (["data", "build", "--source", f"ham10000={root}", "--task", "skin-8", "-o", out], 1, "did you mean 'skin-9'"),
        (["data", "build", "-o", out], 2, "--source"),
        (["data", "split", str(tmp_path / "text.parquet"), "-o", out], 1, "not a Parquet table"),
        (["data", "split", str(tmp_path / "gone.parquet"), "-o", out], 1, "no such file"),
    ]
    for arguments, code, message in cases:
        assert main(arguments) == code, arguments
        error = capsys.readouterr().err
        assert message in error, error
        assert error.count("\n") == 1
    assert not Path(out).exists()


def test_shares_that_leave_nothing_for_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = str(tmp_path / "m.parquet")
    assert main(["data", "build", "--source", f"ham10000={lesions(tmp_path / 'ham')}", "-o", manifest]) == 0
    capsys.readouterr()
    code = main(["data", "split", manifest, "-o", str(tmp_path / "s.parquet"), "--val", "0.6", "--test", "0.5"])
    assert code == 1
    assert "nothing is left for training" in capsys.readouterr().err


def test_a_cache_and_its_renewal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, manifest, cache = lesions(tmp_path / "ham", 6), tmp_path / "m.parquet", tmp_path / "cache"
    assert main(["data", "build", "--source", f"ham10000={root}", "-o", str(manifest)]) == 0
    (root / "images" / "ISIC_3.jpg").write_bytes(b"broken")
    pack = ["data", "cache", str(manifest), "-o", str(cache), "--size", "16", "--workers", "1"]
    capsys.readouterr()
    assert main(pack) == 0
    shown = capsys.readouterr()
    assert "5 images, centre_square 16" in shown.out
    assert "5 decoded, 0 copied" in shown.out
    assert "ISIC_3: " in shown.err
    assert "changed since the manifest was built; left out" in shown.err
    assert main(pack) == 0
    assert "0 decoded, 5 copied" in capsys.readouterr().out
    patches = ["data", "cache", str(manifest), "-o", str(tmp_path / "patches"), "--size", "16"]
    assert main([*patches, "--patches", "16x16:3x2", "--geometry", "stretch", "--workers", "1"]) == 0
    assert "5 images, 30 patches, patches 16x16:3x2, stretch 16" in capsys.readouterr().out
    for arguments, message in (
        ([*pack, "--geometry", "stretch"], "name another folder"),
        ([*patches, "--geometry", "round"], "no geometry is called 'round'"),
        ([*patches, "--patches", "16"], "write patches as WIDTHxHEIGHT:COLUMNSxROWS"),
    ):
        assert main(arguments) == 1
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
