from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tejido.errors import TejidoError
from tejido.files import locked, replacing

HOLD = """
import sys, pathlib
from tejido.files import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_a_finished_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "table"
    for text in ("old", "new"):
        with replacing(path) as temporary:
            temporary.write_text(text)
        assert path.read_text() == text
    assert [item.name for item in path.parent.iterdir()] == ["table"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")

    def fill() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(TejidoError, match="No space left"):
        fill()
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["table"]


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TejidoError, match="cannot be written"), replacing(tmp_path / "file" / "table"):
        pass


def test_a_lock_is_held_by_one_process_and_lifted_when_that_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BlockingIOError), locked(path, wait=0.2):
        pass
    holder.kill()
    with locked(path, wait=10):
        pass
    holder.communicate()
