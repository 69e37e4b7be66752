"""``tejido data cache``: pixels decoded once, for training."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli import terminal


def cache(
    manifest: Path = typer.Argument(..., help="Manifest made by: tejido data build."),
    out: Path = typer.Option(..., "-o", metavar="DIR", help="Folder of the cache."),
    geometry: str = typer.Option("centre_square", help="centre_square, short_side or stretch, as in the recipe."),
    size: int = typer.Option(128, min=16, max=4096, help="Side in pixels, as in the recipe's image section."),
    short_side: int = typer.Option(0, min=0, max=4096, help="For the geometry short_side, if not as the size."),
    patches: str = typer.Option("", metavar="WxH:GRID", help="Cut patches first, such as 225x225:5x3."),
    workers: int = typer.Option(0, min=0, help="Processes; 0 for one for every processor."),
) -> None:
    """Decode every image once, crop and resize it, and keep the pixels in one memory-mapped file for training.

    A build that was stopped, even killed, goes on when the command is given again. When the manifest has grown, only
    the images that are new or changed are decoded. Images that cannot be read are listed and left out.
    """
    from rich.console import Console
    from rich.progress import Progress

    from tejido.data import manifest as manifests
    from tejido.data.cache.build import build_cache
    from tejido.data.geometry import Steps
    from tejido.data.patches import PatchGrid

    steps = Steps(geometry, size, PatchGrid.parse(patches) if patches else None, short_side or None)
    table = manifests.read(manifest)
    console = Console(stderr=True)
    # where nobody can see it, it would leave an empty line before an error
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Packing images", total=len(table))
        report = build_cache(table, out, steps, workers=workers, progress=lambda n: progress.advance(bar, n))
    if report.discarded:
        terminal.note(f"{report.discarded} (made anew)")
    for lost in report.unreadable:
        terminal.note(f"{lost.image_id}: {lost.reason}; left out")
    squares = "" if report.rows == report.images else f", {report.rows:,} patches"
    print(f"{report.images:,} images{squares}, {steps}: {out}")
    print(f"  {report.decoded:,} decoded, {report.copied:,} copied from before, {report.resumed:,} already packed")
    if not patches:
        print(f"Next: tejido train RECIPE data.cache={out}")
