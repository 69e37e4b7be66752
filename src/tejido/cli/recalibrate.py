"""``tejido recalibrate``: a copy of a model file whose probabilities fit the place where it is used."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

app = new_app()

_SPOKE = {
    "bias": "The share of each label is another here: only that was changed.",
    "scale_and_bias": "Another share of each label, and probabilities too sure or too timid: both were changed.",
}


@app.command()
def recalibrate(
    model: str = typer.Argument(metavar="NAME|FILE", help="A model file that classifies."),
    manifest: Path = typer.Argument(metavar="MANIFEST", help="Confirmed cases of this place (tejido data build)."),
    output: Path = typer.Option(..., "-o", "--output", metavar="FILE", help="Where the copy is written."),
) -> None:
    """Fit a model's probabilities to 50 to 200 confirmed cases of the place where it is to be used.

    No more is changed than the cases speak for. A model with two labels gives the same labels as before, with other
    probabilities. Cases that were kept with the server become a manifest by: tejido cases export, tejido data build.
    """
    from tejido.experiments.recalibrate import recalibrate as carry_out
    from tejido.report.against import signed
    from tejido.runtime.library import locate

    with terminal.ticking() as tick:
        found = carry_out(locate(model), manifest, output, progress=tick)
    print(f"{found.cases:,} cases of {found.groups:,} lesions or patients.")
    for name, title in (("log_loss", "Log loss"), ("brier", "Brier score")):
        figures = found.figures[name]
        print(f"{title}: {figures['before']} before, {figures['after']} after, on cases left out; "
              f"difference {signed(figures['difference'])}")  # fmt: skip
    if found.method == "nothing":
        print("The cases speak for no change; nothing was written.")
        return
    print(_SPOKE[found.method])
    print(f"Written: {output}")
