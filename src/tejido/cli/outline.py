"""``tejido outline``: where the lesion is, and its measures, for a person or as JSON Lines."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import ImageError

if TYPE_CHECKING:
    from tejido.runtime.measures import Measures

app = new_app()

_REMINDER = "For research, not a medical device: measures of an outline diagnose nothing."
_REFUSALS = {"no_lesion": "no lesion found", "blur": "blurred", "darkness": "too dark", "glare": "too much glare"}


@app.command()
def outline(
    images: list[Path] = typer.Argument(..., metavar="IMAGE", help="Picture files, of any size."),
    model: str = typer.Option(
        ..., metavar="NAME|FILE", help="A model file that outlines (tejido segment), alone or before it classifies."
    ),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        metavar="DIR",
        help="Write there, for each picture, its mask and the outline drawn on it.",
    ),
    scale: float | None = typer.Option(None, min=1e-6, help="Millimetres per pixel, where it is known."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object per picture and line."),
) -> None:
    """Outline the lesion in pictures, and measure it: area, asymmetry, border, colours.

    Where some pictures cannot be read, the others are outlined all the same, and the exit code is 1.
    """
    from tejido.runtime.decode import decode
    from tejido.runtime.library import load_outliner
    from tejido.runtime.measures import measure
    from tejido.runtime.overlay import Folder

    outliner = load_outliner(model)
    folder = None if output is None else Folder(output, keep=images)
    if not as_json:
        terminal.note(_REMINDER)
    progress = terminal.Progress(len(images))
    failed = False
    for done, path in enumerate(images):
        progress.show(done)
        try:
            pixels = decode(path)
            found = outliner.predict(pixels)
        except ImageError as error:
            failed = True
            progress.clear()
            terminal.fail(f"{path}: {error}")
            if as_json:
                _print_json({"image": str(path), "error": str(error)})
            continue
        mask = None if found.refused else found.mask
        measures = None if mask is None else measure(pixels, mask, scale)
        written = None if folder is None or mask is None else folder.save_outline(path, pixels, mask)
        progress.clear()
        if as_json:
            files = {} if folder is None else {"mask": None if written is None else str(written[0])}
            facts = {} if measures is None else asdict(measures)
            refusal = {"refused": found.refused, "reason": found.reason, "quality": found.quality}
            _print_json({"image": str(path), **refusal, "measures": facts or None, "model": found.model, **files})
        else:
            _print(path, found.reason, measures, written)
    progress.clear()
    if failed:
        raise typer.Exit(1)


def _print(path: Path, reason: str | None, measures: Measures | None, written: tuple[Path, Path] | None) -> None:
    typer.secho(terminal.one_line(path), bold=True)
    if reason is not None or measures is None:
        print(f"  cannot be judged: {terminal.one_line(_REFUSALS.get(reason or 'no_lesion', reason))}", flush=True)
        return
    extent = f"{measures.extent} pixels"
    if measures.extent_mm is not None:
        extent = f"{measures.extent_mm:.1f} mm"
    print(f"  area          {measures.area_share:.0%} of the picture, {extent} long".replace("%", " %"))
    print(f"  asymmetry     {measures.asymmetry:.2f}   (0: folds onto itself)")
    print(f"  irregularity  {measures.irregularity:.2f}   (1: a disc)")
    print(f"  colours       {len(measures.colours)}: {', '.join(measures.colours).replace('_', ' ')}")
    if measures.cut_off:
        print("  the lesion reaches the picture's edge; only the visible part was measured")
    if written is not None:
        print(f"  outline: {terminal.one_line(written[1])}")
    print(end="", flush=True)


def _print_json(item: dict[str, object]) -> None:
    print(json.dumps(item, allow_nan=False), flush=True)
