"""``tejido cases``: what can be done with a case store beside the server."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli.verb import new_app

app = new_app()


@app.callback()
def cases() -> None:
    """Cases that the server has kept (tejido serve --cases URL)."""


@app.command()
def export(
    url: str = typer.Argument(metavar="URL", help="The case store, such as sqlite:///cases.db."),
    folder: Path = typer.Argument(metavar="DIR", help="Where to write; empty or not there."),
    confirmed: bool = typer.Option(False, "--confirmed", help="Only cases with a confirmed diagnosis."),
    consent: list[str] = typer.Option(
        [], metavar="VERSION", help="Only cases whose consent has this version; may be repeated."
    ),
) -> None:
    """Write the cases as pictures and one table, which `tejido data build --source cases=DIR` reads.

    The folder holds pictures of patients: keep it as safe as the store.
    """
    from tejido.app.cases.export import export as write
    from tejido.app.cases.store import CaseStore

    store = CaseStore.open(url, make=False)
    try:
        count = write(store, folder, confirmed=confirmed or None, consents=consent)
    finally:
        store.close()
    print(f"{count} cases in {folder}; next: tejido data build --source cases={folder} -o manifest.parquet")
