"""``tejido models``: the model files that can be asked, with their cards."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    from tejido.runtime.library import Entry
    from tejido.runtime.metadata import Metadata

app = new_app()


@app.command()
def models(as_json: bool = typer.Option(False, "--json", help="Print the whole cards as JSON.")) -> None:
    """List bundled and local model files, with their cards.

    Local ones lie in the folder that the variable TEJIDO_MODELS names, by default ./models. A file that cannot be
    used is listed with the reason.
    """
    from tejido.runtime.library import entries, local_folder

    found = entries()
    if as_json:
        print(json.dumps([_as_dict(entry) for entry in found], indent=2))
    elif found:
        _print_table(found)
    else:
        terminal.note(f"No model files: none is bundled and {local_folder()} holds none.")


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "bundled": entry.bundled,
        "bytes": entry.size,
        "error": entry.error,
        "card": None if entry.metadata is None else asdict(entry.metadata),
    }


def _print_table(found: list[Entry]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [
        (
            [entry.name, f"{file_size(entry.size)}, {entry.metadata.created[:10]}"],
            [entry.metadata.task, ", ".join(label.en for label in entry.metadata.labels)],
            [f"{what}: {figure(value)}" for what, value in headlines(entry.metadata)],
            [entry.metadata.licence],
        )
        for entry in found
        if entry.metadata is not None
    ]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_lines=True)
    # A width, not a least width: for that Rich makes the table wider than the terminal, and cuts off the last column.
    names = [len(line) for row in rows for line in row[0]]
    table.add_column("Model", overflow="fold", width=min(24, max(names, default=0)))
    for title in ("Task", "On test (95 %)", "Licence"):
        table.add_column(title, overflow="fold")
    for row in rows:
        # Text, not str: a model's own words are never read as markup.
        table.add_row(*(Text("\n".join(map(terminal.one_line, cell))) for cell in row))
    console = Console()
    if table.row_count:
        console.print(table)
    for entry in found:
        if entry.error is not None:
            console.print(Text(f"{entry.name}: cannot be used: {terminal.one_line(entry.error)}", style="red"))


def headlines(card: Metadata) -> list[tuple[str, object]]:
    """What a model is judged by, AUC or Dice: on all test images, then on parts of them that were measured apart."""
    name, title = ("dice", "Dice") if card.kind == "segmentation" else ("auc", "AUC")
    parts = {part: found[name] for part, found in card.metrics.items() if isinstance(found, dict) and name in found}
    return [(title, parts.pop("all", card.metrics.get(name))), *parts.items()]


def figure(value: object) -> str:
    """A measured figure for people: ``.866``, ``.866 (.850-.880)``, or a dash where it was not measured."""
    if isinstance(value, dict):
        low, high = value.get("low"), value.get("high")
        interval = f" ({_short(low)}–{_short(high)})" if _is_number(low) and _is_number(high) else ""
        return f"{figure(value.get('value'))}{interval}"
    return _short(value) if _is_number(value) else "–"


def file_size(count: int) -> str:
    """``count`` bytes for people: ``117 kB``, ``1.9 MB``."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = f"{value:.3f}"
    return text.removeprefix("0") if 0 <= value < 1 else text
