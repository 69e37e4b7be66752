"""Picture after picture: what cannot be read is said in a line, and the others are answered all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from tejido.cli import terminal
from tejido.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tejido.runtime.overlay import Folder

Answer = TypeVar("Answer")

REFUSALS = {
    "blur": "blurred",
    "darkness": "too dark",
    "glare": "too much glare",
    "no_lesion": "no lesion found",
    "unlabelled": "something that the model has no label for",
    "novelty": "unlike the pictures that the model learned from",
    "clinical_photo": "a photo without a dermatoscope",
    "dermoscopy": "a picture through a dermatoscope",
    "histology": "tissue under a microscope",
}
"""The reason codes of model files, for people."""


def answered(
    paths: list[Path], ask: Callable[[NDArray[np.uint8]], Answer], *, as_json: bool
) -> Iterator[tuple[Path, NDArray[np.uint8], Answer]]:
    """Each picture with its pixels and its answer, with a counter on long batches.

    Args:
        paths: of the pictures.
        ask: answers pixels ``uint8[H, W, 3]``.
        as_json: also print a JSON object for a picture that cannot be read.

    Raises:
        typer.Exit: with code 1, after the last picture, where one could not be read.
    """
    from tejido.runtime.decode import decode

    progress = terminal.Progress(len(paths))
    failed = False
    for done, path in enumerate(paths):
        progress.show(done)
        try:
            pixels = decode(path)
            answer = ask(pixels)
        except ImageError as error:
            failed = True
            progress.clear()
            terminal.fail(f"{path}: {error}")
            if as_json:
                print_json({"image": str(path), "error": str(error)})
            continue
        progress.clear()
        yield path, pixels, answer
    progress.clear()
    if failed:
        raise typer.Exit(1)


def output_folder(path: Path | None, images: list[Path]) -> Folder | None:
    """The folder to write pictures into, which never overwrites one of ``images``; None where none is asked for."""
    if path is None:
        return None
    from tejido.runtime.overlay import Folder

    return Folder(path, keep=images)


def print_json(item: dict[str, object]) -> None:
    """Print one line of JSON Lines."""
    # Escaped to ASCII: any terminal and any file name survives, and Python reads back exactly the same name.
    print(json.dumps(item, allow_nan=False), flush=True)


def print_refusal(reason: str | None) -> None:
    """Say that a picture cannot be judged, and why."""
    reason = reason or "unknown reason"
    print(f"  cannot be judged: {terminal.one_line(REFUSALS.get(reason, reason))}", flush=True)
