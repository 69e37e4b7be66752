"""``cache.json``: what a cache holds and the checksums that it is judged by."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tejido.data.geometry import Steps
from tejido.errors import DataError
from tejido.files import replacing

NAME = "cache.json"
_VERSION = 1


@dataclass(frozen=True)
class Unreadable:
    """An image that is not in the cache.

    Attributes:
        image_id: as in the manifest.
        reason: why its file could not be used.
    """

    image_id: str
    reason: str


@dataclass(frozen=True)
class Header:
    """What ``cache.json`` says.

    Attributes:
        steps: geometry of the pixels.
        inputs: hash over id, content and aspect of every image of the manifest.
        rows: squares in the pixel file, with the empty places of unreadable images.
        pixels: name of the pixel file.
        index: name of the index file.
        index_crc: checksum of the index file.
        chunk_rows: rows that one checksum covers.
        crcs: checksums of the pixels, chunk by chunk.
        unreadable: images that are missing, and why.
    """

    steps: Steps
    inputs: str
    rows: int
    pixels: str
    index: str
    index_crc: int
    chunk_rows: int
    crcs: tuple[int, ...]
    unreadable: tuple[Unreadable, ...]

    def write(self, folder: Path) -> None:
        """Make this the folder's cache."""
        values: dict[str, Any] = {"version": _VERSION, "key": self.steps.key()} | asdict(self)
        values["steps"] = self.steps.as_dict()
        with replacing(folder / NAME) as temporary:
            temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Header:
        """The header of a cache.

        Raises:
            DataError: there is no cache, or this is none that this version made.
        """
        try:
            values = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise DataError(
                f"{folder}: no packed cache; make one with: tejido data cache MANIFEST -o {folder}"
            ) from None
        except (OSError, ValueError) as error:
            raise damaged(folder, f"{NAME} cannot be read ({error})") from None
        try:
            if strange := set(values) ^ {"version", "key", *(field.name for field in fields(cls))}:
                raise KeyError(", ".join(sorted(strange)))
            version, key = values["version"], values["key"]
            header = cls(
                steps=Steps.from_dict(values["steps"]),
                inputs=str(values["inputs"]),
                rows=int(values["rows"]),
                pixels=str(values["pixels"]),
                index=str(values["index"]),
                index_crc=int(values["index_crc"]),
                chunk_rows=max(1, int(values["chunk_rows"])),
                crcs=tuple(int(crc) for crc in values["crcs"]),
                unreadable=tuple(Unreadable(**item) for item in values["unreadable"]),
            )
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise damaged(folder, f"{NAME} is not what it must be ({type(error).__name__}: {error})") from None
        if version != _VERSION or key != header.steps.key():
            raise DataError(f"{folder}: the cache was made by another version of Tejido; remove it and make it again")
        return header


def damaged(folder: Path, what: str) -> DataError:
    """The error for a cache that is not what it was when it was made."""
    return DataError(f"{folder}: the cache is damaged, {what}; remove the folder and make it again")


def crc_of(path: Path) -> int:
    """Checksum of a whole file."""
    return zlib.crc32(path.read_bytes())
