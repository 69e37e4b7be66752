"""A build leaves the manifest and both tables of findings, or nothing."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tejido.data import manifest
from tejido.data.cleaning import files
from tejido.data.cleaning.clean import Cleaned, clean
from tejido.data.cleaning.findings import Findings
from tejido.errors import DataError, TejidoError
from tests.cli.conftest import tejido
from tests.data.pictures import blotch, record, saved
from tests.sources.test_ham10000 import HEADER

NAMES = ("m.findings.json", "m.parquet", "m.removed.parquet")


def cleaned(folder: Path) -> Cleaned:
    """Two copies that contradict each other, two that agree, and one more."""
    records = [
        record(saved(folder / "src" / f"{name}.png", blotch(seed)), diagnosis=diagnosis)
        for name, seed, diagnosis in (
            ("a", 1, "nevus"),
            ("b", 1, "melanoma"),
            ("c", 2, "nevus"),
            ("d", 2, "nevus"),
            ("e", 3, "nevus"),
        )
    ]
    return clean(records, records, folder)


def contents(folder: Path) -> dict[str, bytes]:
    """The plain files of a folder; whatever a failed build forgot there too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_findings_can_be_read_again_where_the_folder_was_moved_to(tmp_path: Path) -> None:
    made = cleaned(tmp_path / "one")
    files.write(made.manifest, made.findings, tmp_path / "one" / "m.parquet")
    shutil.move(tmp_path / "one", tmp_path / "two")
    path = tmp_path / "two" / "m.parquet"
    again = files.read_findings(path)
    assert again is not None
    assert again.removed_by_reason() == made.findings.removed_by_reason() == {"contradicted": 2, "identical_bytes": 1}
    seen = [member.path for group in again.byte_identical for member in group]
    seen += [removal.path for removal in again.removed] + [r.kept_path for r in again.removed if r.kept_path]
    assert len(seen) == 8
    assert all(place is not None and Path(place).is_file() for place in seen)

    def without_paths(findings: Findings) -> list[object]:
        return [
            replace(item, members=[replace(member, path=None) for member in item.members])
            for item in findings.contradictions
        ]

    assert without_paths(again) == without_paths(made.findings)
    assert pd.read_parquet(files.removed_path(path))["path"].tolist() == ["src/a.png", "src/b.png", "src/d.png"]
    assert files.read_findings(tmp_path / "other.parquet") is None


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"files": 1}', '{"byte_identical": 3}', "\xff"])
def test_damaged_findings(tmp_path: Path, damage: str) -> None:
    made = cleaned(tmp_path)
    path = tmp_path / "m.parquet"
    files.write(made.manifest, made.findings, path)
    files.findings_path(path).write_text(damage, encoding="latin-1")
    with pytest.raises(DataError, match="build the manifest again") as error:
        files.read_findings(path)
    assert "\n" not in str(error.value)


def test_findings_of_an_earlier_version(tmp_path: Path) -> None:
    made = cleaned(tmp_path)
    path = tmp_path / "m.parquet"
    files.write(made.manifest, made.findings, path)
    data = json.loads(files.findings_path(path).read_text())
    del data["refined"], data["contradictions"][0]["claims"]
    files.findings_path(path).write_text(json.dumps(data))
    again = files.read_findings(path)
    assert again is not None
    assert (again.refined, again.contradictions[0].claims) == ([], [])
    files.removed_path(path).unlink()
    with pytest.raises(DataError, match="no such file"):
        files.read_findings(path)


@pytest.mark.parametrize("failing", range(3))
@pytest.mark.parametrize("before", [False, True])
def test_without_room_nothing_is_left_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, before: bool
) -> None:
    """The disk takes half of the first, second or third file."""
    out = tmp_path / "out"
    out.mkdir()
    made = cleaned(tmp_path)
    if before:
        files.write(made.manifest.iloc[:1], Findings(files=1), out / "m.parquet")
    expected = contents(out)
    count = iter(range(3))
    to_parquet, write_text = pd.DataFrame.to_parquet, Path.write_text

    def half(path: Path) -> None:
        if next(count) == failing:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def parquet(table: pd.DataFrame, path: Path, **options: object) -> None:
        to_parquet(table, path, **options)
        half(path)

    def text(path: Path, data: str, **options: str) -> int:
        written = write_text(path, data, **options)
        half(path)
        return written

    monkeypatch.setattr(pd.DataFrame, "to_parquet", parquet)
    monkeypatch.setattr(Path, "write_text", text)
    with pytest.raises(TejidoError, match="No space left on device") as error:
        files.write(made.manifest, made.findings, out / "m.parquet")
    assert ("m.parquet", "m.removed.parquet", "m.findings.json")[failing] in str(error.value)
    assert contents(out) == expected


def ham(root: Path, count: int) -> Path:
    """HAM10000's table alone."""
    root.mkdir()
    rows = "".join(f"HAM_{n:07},ISIC_{n:07},nv,histo,50,male,back\n" for n in range(count))
    (root / "HAM10000_metadata.csv").write_text(HEADER + rows)
    return root


def limited(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_limit_on_the_size_of_files_is_one_line(tmp_path: Path) -> None:
    """A real limit in a process of its own: first for the manifest, then for the fingerprints, which come before it."""
    out = tmp_path / "out"
    build = ("data", "build", "-o", out / "m.parquet", "--source")
    tables = tejido(
        *build, f"ham10000={ham(tmp_path / 'ham', 3000)}", "--no-images", preexec_fn=lambda: limited(20_000)
    )
    saved(tmp_path / "src" / "nevus" / "a.png", blotch(1))
    pictures = tejido(*build, f"folders={tmp_path / 'src'}", preexec_fn=lambda: limited(4000))
    for result, name in ((tables, "m.parquet"), (pictures, "m.fingerprints.sqlite")):
        assert result.returncode == 1
        last = result.stderr.splitlines()[-1]
        assert last.startswith(f"tejido: {out / name}: cannot be written (")
        assert "Traceback" not in result.stderr
    assert not set(NAMES) & set(contents(out))


KILLED = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from tejido.cli.main import main

whole = pd.DataFrame.to_parquet
def half(table, path, **options):
    whole(table, path, **options)
    if len(table.columns) == int(sys.argv[1]):
        Path(path).write_bytes(Path(path).read_bytes()[:500])
        os.kill(os.getpid(), signal.SIGKILL)

pd.DataFrame.to_parquet = half
main(sys.argv[2:])
"""


def test_killed_while_it_writes_it_ends_as_if_never_killed(tmp_path: Path) -> None:
    for seed in range(6):
        saved(tmp_path / "src" / "nevus" / f"{seed}.png", blotch(seed))
    source = ("--source", f"folders={tmp_path / 'src'}")
    assert tejido("data", "build", *source, "-o", tmp_path / "whole" / "m.parquet").returncode == 0
    for columns in (len(manifest.TYPES), 9):  # of the manifest, of the removed images
        command = [sys.executable, "-c", KILLED, str(columns), "data", "build", *source, "-o"]
        killed = subprocess.run([*command, tmp_path / "out" / "m.parquet"], check=False, timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert not set(NAMES) & set(contents(tmp_path / "out"))
    assert tejido("data", "build", *source, "-o", tmp_path / "out" / "m.parquet").returncode == 0
    whole, out = contents(tmp_path / "whole"), contents(tmp_path / "out")
    assert {name: out[name] for name in NAMES} == {name: whole[name] for name in NAMES}
