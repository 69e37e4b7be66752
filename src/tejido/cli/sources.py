"""``tejido sources``: the catalogue of data sets that Tejido can read."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tejido.cli.verb import new_app

if TYPE_CHECKING:
    from tejido.sources.record import SourceInfo

app = new_app()


@app.command()
def sources(
    name: str | None = typer.Argument(None, metavar="[NAME]", help="Show one source in full, with its table of terms."),
    as_json: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """List the data sets that can be read: what each is, its size and licence, and how to get it."""
    from tejido.sources.catalogue import SOURCES, find

    infos = [source.info for source in (SOURCES.values() if name is None else [find(name)])]
    if as_json:
        print(json.dumps([asdict(info) for info in infos], indent=2, ensure_ascii=False))
    elif name is None:
        _print_all(infos)
    else:
        _print_one(infos[0])


def _print_all(infos: list[SourceInfo]) -> None:
    width = max(len(info.name) for info in infos)
    print(f"{'Source':<{width}}   Images  What it is")
    for info in infos:
        count = "any" if info.images is None else f"{info.images:,}"
        facts = f"{info.modality}, {info.size}, licence {info.licence}"
        _print_beside(f"{info.name:<{width}} {count:>8}  ", info.summary, facts)
    print()
    print("One in full, and how to get it: tejido sources NAME")
    print("From folder to manifest: tejido data build --source NAME=DIR -o MANIFEST")


def _print_one(info: SourceInfo) -> None:
    count = "any number of images" if info.images is None else f"{info.images:,} images"
    masks = f", {info.masks:,} masks" if info.masks else ""
    print(f"{info.title} ({info.name})")
    _print_beside("", info.summary)
    print()
    _print_beside("Contents  ", f"{count}{masks}, {info.modality}; {info.size}")
    _print_beside("Licence   ", info.licence)
    _print_beside("Credit    ", info.attribution)
    _print_beside("Cite      ", info.citation)
    _print_beside("Get it    ", info.obtain, info.homepage)
    if info.collections:
        _print_beside("or        ", f"tejido data download {info.name} DIR")
    _print_beside("Use it    ", f"tejido data build --source {info.name}=DIR -o MANIFEST")
    for key, what in info.options.items():
        _print_beside("          ", f"DIR,{key}=…  {what}")
    for place, sentence in enumerate(info.weak):
        _print_beside("          " if place else "Weak      ", sentence)
    if info.terms:
        print("\nDiagnoses, and the source's own terms for them")
        width = max(map(len, info.terms.values())) + 2
        for code in dict.fromkeys(info.terms.values()):
            terms = [term for term, own in info.terms.items() if own == code]
            _print_beside(f"{code:<{width}}", "; ".join(terms))


def _print_beside(label: str, *paragraphs: str | None) -> None:
    """Paragraphs to the right of a label, wrapped to the terminal; addresses are never broken."""
    width = max(shutil.get_terminal_size().columns, len(label) + 24)
    indent = " " * len(label)
    lines = [
        line
        for text in paragraphs
        for line in textwrap.wrap(text or "", width - len(label), break_long_words=False, break_on_hyphens=False)
    ]
    print("\n".join((indent if number else label) + line for number, line in enumerate(lines)))
