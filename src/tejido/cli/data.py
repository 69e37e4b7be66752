"""``tejido data``: from folders of images to a manifest and a split."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import DataError, TejidoError

app = new_app()


@app.callback()
def data() -> None:
    """Build a manifest from sources, and split it without leaks."""


@app.command()
def build(
    source: list[str] = typer.Option(..., metavar="NAME=DIR", help="A source and its folder; may be repeated."),
    out: Path = typer.Option(..., "-o", metavar="MANIFEST", help="Parquet file to write."),
    metadata: list[Path] = typer.Option(
        [], metavar="FILE", help="ISIC 2019 ground truth, which resolves akiec into finer diagnoses."
    ),
    task: str | None = typer.Option(None, help="Keep only the images that have a label in this task."),
) -> None:
    """Read sources into one manifest: a row an image, with its hash, size, diagnosis and leak group.

    Images that cannot be read, and terms that the taxonomy does not know, are listed, not dropped silently.
    """
    from collections import Counter

    from rich.console import Console
    from rich.progress import Progress

    from tejido import taxonomy
    from tejido.data import manifest
    from tejido.sources.catalogue import SOURCES
    from tejido.sources.isic2019 import read_ground_truth

    wanted = None if task is None else taxonomy.task(task)
    records = []
    for item in source:
        name, equals, folder = item.partition("=")
        if not equals or name not in SOURCES:
            raise DataError(f"{item!r}: write NAME=DIR with one of the sources {', '.join(SOURCES)}")
        reading = SOURCES[name].read(Path(folder))
        for problem in reading.problems:
            terminal.note(f"{name}: {problem}")
        for term, count in reading.unmapped.most_common():
            terminal.note(f"{name}: {count} images have the diagnosis {term!r}, which the taxonomy does not know")
        records.extend(reading.records)
    for table in metadata:
        records, refined = manifest.refine(records, read_ground_truth(table))
        terminal.note(f"{table.name}: {refined:,} diagnoses made finer")
    if wanted is not None:
        kept = [r for r in records if r.modality == wanted.modality and wanted.label_of(r.diagnosis)]
        if len(kept) < len(records):
            terminal.note(f"{len(records) - len(kept):,} images have no label in {wanted.name} and were left out")
        records = kept
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Reading images", total=len(records))
        table_, unreadable = manifest.build(records, out.parent, progress=lambda: progress.advance(bar))
    for lost in unreadable:
        terminal.note(f"{lost.path}: {lost.reason}; left out")
    manifest.write(table_, out)
    counts = Counter(table_["diagnosis"].fillna("(unknown)"))
    print(f"{len(table_):,} images in {table_['group_id'].nunique():,} groups: {out}")
    for diagnosis, count in counts.most_common():
        print(f"  {count:>7,}  {diagnosis}")
    print(f"Next: tejido data split {out} -o {out.with_suffix('.split.parquet')}")


@app.command()
def split(
    manifest: Path = typer.Argument(..., help="Manifest made by: tejido data build."),
    out: Path = typer.Option(..., "-o", metavar="SPLIT", help="Parquet file to write."),
    val: float = typer.Option(0.15, min=0, max=1, help="Share of validation images."),
    test: float = typer.Option(0.20, min=0, max=1, help="Share of test images."),
    seed: int = typer.Option(0, help="Another seed, another split; the same seed, the same split."),
) -> None:
    """Split a manifest by group (lesion, patient, slide), stratified by diagnosis and confirmation."""
    from tejido.data import manifest as manifests
    from tejido.data import splits

    table = manifests.read(manifest)
    if val + test >= 1:
        raise TejidoError("nothing is left for training; --val and --test must sum to less than 1")
    # rounded, so that 1 - 0.15 - 0.2 is the 0.65 that a person means: ties between groups depend on it
    fractions = {"train": round(1 - val - test, 9), "val": val, "test": test}
    splits.write(splits.split_by_group(table, fractions, seed=seed), out)
    assigned = splits.load(out, table)
    print(f"{out}: no group stands in two splits")
    for name in splits.SPLITS:
        rows = table[assigned == name]
        print(f"  {name:<5} {len(rows):>7,} images of {rows['group_id'].nunique():>6,} groups")
    print("Next: name both files in a recipe's data section, then: tejido train RECIPE")
