"""What may be wrong with a folder in which a source is not found."""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import listed

_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"}


def check_folder(root: Path) -> None:
    """Let only folders pass.

    Raises:
        DataError: there is nothing of that name, or it is a file.
    """
    if root.suffix.lower() in _ARCHIVES and root.is_file():
        raise DataError(f"{root} is an archive; unpack it and give the folder")
    if root.exists() and not root.is_dir():
        raise DataError(f"{root} is a file; give the folder that it lies in")
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")


def not_this(root: Path, title: str, why: str) -> DataError:
    """The error for a folder that is not the data set ``title``, with what may mend it."""
    return DataError(f"{root}: not {title}; {why}{hints(root)}")


def hints(root: Path) -> str:
    """How the folder may be mended, to be put behind a sentence; empty where there is nothing to say."""
    found = ""
    archives = [path.name for path in root.rglob("*") if path.suffix.lower() in _ARCHIVES]
    if archives:
        found += f"; not unpacked yet: {listed(archives)}"
    if any((path.parent / "metadata.csv").is_file() for path in root.rglob("attribution.txt")):
        found += f"; it looks like a download of the ISIC Archive's tool: --source isic_archive={root}"
    return found
