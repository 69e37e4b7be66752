"""``tejido networks``: the networks that a recipe may name, in figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    from tejido.models.inventory import Inventory

app = new_app()


@app.command()
def networks(
    name: str | None = typer.Argument(
        None, metavar="[NAME]", help="One network: any name that timm or torchvision knows; by default all families."
    ),
    classes: int = typer.Option(2, min=2, help="Count the head for this many labels."),
    as_json: bool = typer.Option(False, "--json", help="Print the figures as JSON."),
) -> None:
    """List the networks that a recipe may name: parameters, work, input, heatmap, attention.

    Parameters are trainable ones; stats are the running statistics of batch normalisation, which Keras counts too.
    MACs are the multiplications with addition of one image at the input size. A recipe may ask for another size.
    ARL: blocks that attention residual learning can go into. Everything is counted here and now, so the whole list
    takes about a minute.
    """
    from tejido.models.inventory import FAMILIES, take

    chosen = [member for family in FAMILIES.values() for member in family] if name is None else [name]
    with terminal.progress_bar() as progress:
        bar = progress.add_task("Counting", total=len(chosen))
        found = []
        for one in chosen:
            found.append(take(one, classes))
            progress.advance(bar)
    if as_json:
        print(json.dumps([asdict(item) for item in found], indent=2))
    else:
        _print_table(found)


def _print_table(found: list[Inventory]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Network", no_wrap=True)
    for title in ("Parameters", "Stats", "MACs", "Input", "Heatmap", "ARL"):
        table.add_column(title, justify="right", no_wrap=True)
    for before, item in zip([None, *found], found, strict=False):
        if before is not None and before.family != item.family:
            table.add_section()
        table.add_row(
            item.name,
            f"{item.parameters:,}",
            f"{item.parameters_with_statistics - item.parameters:,}",
            macs(item.macs),
            f"{item.input_size}",
            "yes" if item.heatmap else "–",
            f"{item.attention_blocks or '–'}",
        )
    Console().print(table)


def macs(count: int) -> str:
    """``count`` for people: ``0.9 M``, ``310 M``, ``4.1 G``."""
    for size, unit in ((1e9, "G"), (1e6, "M")):
        if count >= size:
            figure = f"{count / size:.3g}" if count < 1000 * size else f"{count / size:.0f}"
            return f"{figure} {unit}"
    return f"{count / 1e6:.1f} M"
