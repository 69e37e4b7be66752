"""``tejido outline``: where the lesion is, and its measures, for a person or as JSON Lines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.pictures import answered, output_folder, print_json, print_refusal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tejido.runtime.classifier import Prediction
    from tejido.runtime.measures import Measures
    from tejido.runtime.segmenter import Outline

app = new_app()

_REMINDER = "For research, not a medical device: measures of an outline diagnose nothing."


@app.command()
def outline(
    images: list[Path] = typer.Argument(..., metavar="IMAGE", help="Picture files, of any size."),
    model: str = typer.Option(
        "lesion-outline-tiny",
        metavar="NAME|FILE",
        help="A model file that outlines (tejido segment), alone or before it classifies.",
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
    from tejido.runtime.library import load_outliner
    from tejido.runtime.measures import measure

    outliner = load_outliner(model)
    folder = output_folder(output, images)
    if not as_json:
        terminal.note(_REMINDER)

    def ask(pixels: NDArray[np.uint8]) -> Outline | Prediction:
        return outliner.predict(pixels)

    for path, pixels, found in answered(images, ask, as_json=as_json):
        mask = None if found.refused else found.mask
        measures = None if mask is None else measure(pixels, mask, scale)
        written = None if folder is None or mask is None else folder.save_outline(path, pixels, mask)
        if as_json:
            files = {} if folder is None else {"mask": None if written is None else str(written[0])}
            facts = {} if measures is None else asdict(measures)
            refusal = {"refused": found.refused, "reason": found.reason, "quality": found.quality}
            print_json({"image": str(path), **refusal, "measures": facts or None, "model": found.model, **files})
        else:
            _print(path, found.reason, measures, written)


def _print(path: Path, reason: str | None, measures: Measures | None, written: tuple[Path, Path] | None) -> None:
    typer.secho(terminal.one_line(path), bold=True)
    if reason is not None or measures is None:
        print_refusal(reason or "no_lesion")
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
