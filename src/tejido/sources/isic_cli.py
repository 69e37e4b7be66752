"""Downloading from the ISIC Archive with its own command line tool (``isic``), which is installed separately.

One folder a collection, because the tool writes ``metadata.csv``, ``attribution.txt`` and ``licenses/`` into the
folder and would replace those of another collection. Its newer versions pass over images that are there already, so a
download that was cut off goes on when it is started again.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tejido.errors import DataError

_ROW = re.compile(r"^\s*[│|]\s*(\d+)\s*[│|]\s*(.+?)\s*[│|]", re.MULTILINE)


def find_tool() -> str:
    """The path of the tool.

    Raises:
        DataError: it is not installed.
    """
    tool = shutil.which("isic")
    if tool is None:
        raise DataError("the ISIC Archive's tool is missing: pip install isic-cli (its command is called isic)")
    return tool


def collections(tool: str) -> dict[str, str]:
    """Numbers of all collections by name.

    Raises:
        DataError: the tool fails, or its answer cannot be read.
    """
    wide = os.environ | {"COLUMNS": "1000", "NO_COLOR": "1"}  # it prints a table, and would wrap the names
    command = [tool, "collection", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, env=wide, check=False)  # noqa: S603
    if answer.returncode:
        reason = (answer.stderr or answer.stdout).strip().splitlines() or [f"exit code {answer.returncode}"]
        raise DataError(f"isic cannot list the collections: {reason[-1]}")
    found = {name: number for number, name in _ROW.findall(answer.stdout)}
    if not found:
        raise DataError("isic printed no collections; is it the ISIC Archive's tool, and up to date?")
    return found


def download(names: Sequence[str], folder: Path, *, limit: int = 0) -> list[Path]:
    """Download collections, each into its own folder; what is there already is not fetched again.

    Args:
        names: of the collections; case and signs do not matter.
        folder: where their folders are made.
        limit: at most so many images of each; 0 for all.

    Returns:
        The folders.

    Raises:
        DataError: no tool, no such collection, or the tool stops.
    """
    tool = find_tool()
    known = {_plain(name): (name, number) for name, number in collections(tool).items()}
    for name in names:
        if _plain(name) not in known:
            near = difflib.get_close_matches(_plain(name), known, n=1, cutoff=0.4)
            hint = f"; did you mean {known[near[0]][0]!r}?" if near else "; see: isic collection list"
            raise DataError(f"the ISIC Archive has no collection {name!r}{hint}")
    folders = []
    for name in names:
        official, number = known[_plain(name)]
        target = folder / re.sub(r"[^a-z0-9]+", "-", official.lower()).strip("-")
        command = [tool, "image", "download", "--collections", number]
        command += ["--limit", str(limit)] if limit else []
        code = subprocess.run([*command, str(target)], check=False).returncode  # noqa: S603
        if code:
            raise DataError(f"isic stopped at {official!r} with exit code {code}; start it again and it goes on")
        for needed in ("metadata.csv", "attribution.txt", "licenses"):
            if not (target / needed).exists():
                raise DataError(f"{target}: isic left no {needed}; start the download again")
        folders.append(target)
    return folders


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())
