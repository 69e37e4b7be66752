"""``tejido sources``: the catalogue of data sets that Tejido can read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from tejido.cli.verb import new_app
from tejido.errors import DataError

if TYPE_CHECKING:
    from tejido.sources.record import SourceInfo

app = new_app()


@app.command()
def sources(
    name: str | None = typer.Argument(None, metavar="[NAME]", help="Show one source in full, with its table of terms."),
    as_json: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """List the data sets that can be read: what each is, its size and licence, and how to get it."""
    from tejido.sources.catalogue import SOURCES

    if name is not None and name not in SOURCES:
        raise DataError(f"no source is called {name!r}; there are: {', '.join(SOURCES)}")
    infos = [source.info for key, source in SOURCES.items() if name in (None, key)]
    if as_json:
        print(json.dumps([_as_dict(info) for info in infos], indent=2, ensure_ascii=False))
    elif name is None:
        _print_table(infos)
    else:
        _print_one(infos[0])


def _as_dict(info: SourceInfo) -> dict[str, Any]:
    return asdict(info) | {"terms": dict(info.terms), "collections": list(info.collections)}


def _print_table(infos: list[SourceInfo]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_lines=True)
    for title in ("Source", "What it is", "Images", "Licence"):
        table.add_column(title, overflow="fold", justify="right" if title == "Images" else "left")
    for info in infos:
        images = "any" if info.images is None else f"{info.images:,}"
        cells = (info.name, f"{info.summary} ({info.modality})", f"{images}\n{info.size}", info.licence)
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    console.print("\nOne in full: tejido sources NAME. How to get it: tejido data download NAME DIR", highlight=False)


def _print_one(info: SourceInfo) -> None:
    print(f"{info.title} ({info.name})\n{info.summary}\n")
    counts = "any number of images" if info.images is None else f"{info.images:,} images"
    print(f"Contents   {counts}{f', {info.masks:,} masks' if info.masks else ''}, {info.modality}; {info.size}")
    print(f"Licence    {info.licence}")
    print(f"Get it     {info.obtain}\n           {info.homepage}")
    print(f"Cite       {info.citation}")
    if info.terms:
        print("\nIts terms and Tejido's diagnoses:")
        width = max(map(len, info.terms))
        for term, code in info.terms.items():
            print(f"  {term:<{width}}  {code}")
