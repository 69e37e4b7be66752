from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tejido.data.duplicates import fingerprints
from tejido.data.duplicates.fingerprint import Fingerprint, fingerprint
from tejido.data.duplicates.fingerprints import read_fingerprints
from tejido.errors import ImageError, TejidoError
from tests.data.pictures import blotch, saved


def files(folder: Path, count: int = 4) -> list[Path]:
    return [saved(folder / f"{seed}.png", blotch(seed)) for seed in range(count)]


def test_pixels_are_the_same_in_another_format(tmp_path: Path) -> None:
    png, bmp = saved(tmp_path / "a.png", blotch(0)), saved(tmp_path / "a.bmp", blotch(0))
    one, other = fingerprint(png), fingerprint(bmp)
    assert one.pixels == other.pixels
    assert one.sha256 != other.sha256
    assert (one.width, one.height, one.thumbnail.shape) == (120, 90, (32, 32, 3))


def test_known_files_are_not_read_again_and_changed_ones_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [*files(tmp_path), tmp_path / "gone.png"]
    cache = tmp_path / "cache.sqlite"
    first = read_fingerprints(paths, cache)
    assert isinstance(first[-1], ImageError)
    read: list[Path] = []
    monkeypatch.setattr(fingerprints, "fingerprint", lambda path: (read.append(path), fingerprint(path))[1])
    again = read_fingerprints(paths, cache)
    assert read == [paths[-1]]
    assert [item.sha256 for item in again[:4] if isinstance(item, Fingerprint)] == [
        item.sha256 for item in first[:4] if isinstance(item, Fingerprint)
    ]
    saved(paths[0], blotch(99))
    os.utime(paths[0], ns=(1, 1))
    changed = read_fingerprints(paths, cache)[0]
    assert isinstance(changed, Fingerprint)
    assert changed.sha256 == fingerprint(paths[0]).sha256


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "other"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    paths = files(tmp_path)
    cache = tmp_path / "cache.sqlite"
    read_fingerprints(paths, cache)
    if damage == "cut":
        cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])
    elif damage == "noise":
        cache.write_bytes(b"no database at all" * 100)
    elif damage == "empty":
        cache.write_bytes(b"")
    else:
        cache.unlink()
        with sqlite3.connect(cache) as other:
            other.execute("CREATE TABLE fingerprint (x)")
    assert all(isinstance(item, Fingerprint) for item in read_fingerprints(paths, cache))


def test_a_cache_that_another_build_writes_to_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files(tmp_path)
    cache = tmp_path / "cache.sqlite"
    read_fingerprints(paths[:2], cache)
    before = cache.read_bytes()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path: connect(path, timeout=0.1))
    other = connect(cache)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TejidoError, match=r"cannot be written .*locked"):
        read_fingerprints(paths, cache)
    other.close()
    assert cache.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TejidoError, match="cannot be written"):
        read_fingerprints(files(tmp_path, 1), tmp_path / "file" / "cache.sqlite")


def test_a_build_that_is_killed_leaves_no_manifest_and_goes_on(tmp_path: Path) -> None:
    for seed in range(400):
        saved(tmp_path / "src" / "nevus" / f"{seed}.jpg", blotch(seed, 400, 300))
    out = tmp_path / "m.parquet"
    command = [sys.executable, "-m", "tejido.cli.main", "data", "build", "--source", f"folders={tmp_path / 'src'}"]
    process = subprocess.Popen([*command, "-o", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cache = tmp_path / "m.fingerprints.sqlite"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and count(cache) == 0:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not out.exists()
    assert 0 < count(cache) < 400
    done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "400 images in 400 groups" in done.stdout
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "m.parquet",
        "m.findings.json",
        "m.removed.parquet",
        "m.fingerprints.sqlite",
    }


def count(cache: Path) -> int:
    try:
        with sqlite3.connect(f"file:{cache}?mode=ro", uri=True) as memory:
            return int(memory.execute("SELECT count(*) FROM fingerprint").fetchone()[0])
    except sqlite3.Error:
        return 0
