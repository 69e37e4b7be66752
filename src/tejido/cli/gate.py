"""``tejido gate``: a copy of a model file that refuses pictures of another kind."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

app = new_app()


@app.command()
def gate(
    model: str = typer.Argument(metavar="NAME|FILE", help="A model file that classifies whole pictures."),
    manifest: Path = typer.Argument(metavar="MANIFEST", help="Of the images that it was trained on."),
    split: Path = typer.Option(
        ..., metavar="FILE", help="Of that manifest: train is learned from, val sets the limits."
    ),
    stranger: list[str] = typer.Option(
        [],
        "--stranger",
        metavar="MANIFEST[@SPLIT]",
        help="Pictures of another modality, or the train side of a split of them; repeat it.",
    ),
    anything: list[Path] = typer.Option(
        [],
        "--anything",
        metavar="DIR",
        help="A folder of pictures that show no patient: photos, drawings, documents; repeat it.",
    ),
    false_refusal: float = typer.Option(
        0.05, min=0.001, max=0.5, help="Share of its own validation pictures that may be refused, bad captures too."
    ),
    output: Path = typer.Option(..., "-o", "--output", metavar="FILE", help="Where the copy is written."),
    seed: int = typer.Option(0, min=0, help="Of augmentation and of parts of pictures."),
) -> None:
    """Teach a model file to refuse what is not of its kind: phone photos, slides, documents, skin without a lesion.

    Learns from the model's training images, from the strangers and folders that are given, from made-up pictures, and
    from parts of the training images without lesion. Probabilities stay as they are. The copy says of every picture
    what kind it is, and how strange.
    """
    from tejido.experiments.gating.fit import fit_gate
    from tejido.runtime.library import locate

    pairs = [text.partition("@")[::2] for text in stranger]
    others = [(Path(one), Path(side) if side else None) for one, side in pairs]
    with terminal.ticking() as tick:
        found = fit_gate(
            locate(model),
            manifest,
            split,
            others,
            output,
            anything=anything,
            false_refusal=false_refusal,
            seed=seed,
            progress=tick,
        )
    for family, count in found.fitted.items():
        print(f"Learned from {count:,} pictures: {family}")
    for name, part in found.own.items():
        print(f"Refused of its own pictures, {name}: {part.percent}")
    print(f"Written: {output}")
