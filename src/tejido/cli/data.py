"""``tejido data``: from public data sets to a manifest and a split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import DataError, TejidoError

if TYPE_CHECKING:
    from collections import Counter

    from tejido.data.join import JoinReport

app = new_app()


@app.callback()
def data() -> None:
    """Get data sets, build a manifest from them, and split it without leaks."""


@app.command()
def download(
    source: str = typer.Argument(..., help="A source (see: tejido sources), or isic for the ISIC Archive."),
    folder: Path = typer.Argument(..., metavar="DIR", help="Where to put it."),
    collection: list[str] = typer.Option(
        [], metavar="NAME", help="A collection of the ISIC Archive, by name; may be repeated."
    ),
    limit: int = typer.Option(0, min=0, help="At most so many images of each collection; 0 for all."),
) -> None:
    """Download ISIC collections with the archive's own tool; for other sources, say how to get them.

    The tool (isic-cli) is installed separately. A download that was cut off goes on when it is started again. Metadata,
    attributions and licence files are kept beside the images.
    """
    from tejido.sources import isic_cli
    from tejido.sources.catalogue import SOURCES

    name = "isic_archive" if source == "isic" else source
    if name not in SOURCES:
        raise DataError(f"no source is called {source!r}; there are: {', '.join(SOURCES)}")
    info = SOURCES[name].info
    wanted = collection or list(info.collections)
    if name == "isic_archive" and not wanted:
        raise DataError("say which collections: --collection 'Challenge 2019: Training' (see: isic collection list)")
    if not wanted:
        print(f"{info.title} ({info.size}, licence: {info.licence})\n{info.obtain}\n{info.homepage}")
        print(f"Then: tejido data build --source {name}={folder} -o MANIFEST")
        return
    for made in isic_cli.download(wanted, folder, limit=limit):
        print(made)
    print("The files are laid out as by the ISIC Archive, hence the source isic_archive.")
    print(f"Next: tejido data build --source isic_archive={folder} -o MANIFEST")


@app.command()
def build(
    source: list[str] = typer.Option(
        ..., metavar="NAME=DIR", help="A source and its folder, with options as in NAME=DIR,key=value; may be repeated."
    ),
    out: Path = typer.Option(..., "-o", metavar="MANIFEST", help="Parquet file to write."),
    metadata: list[Path] = typer.Option(
        [], metavar="FILE", help="A table of another release, joined by image id; may be repeated."
    ),
    task: str | None = typer.Option(None, help="Keep only the images that have a label in this task."),
    images: bool = typer.Option(True, help="--no-images reads the tables alone, for planning."),
) -> None:
    """Read sources into one manifest: a row an image, with its hash, size, diagnosis and leak group.

    Images that cannot be read, and terms that the taxonomy does not know, are listed, not dropped silently. A joined
    table fills in what is unknown and makes diagnoses finer; where it says something else, that is listed.
    """
    from collections import Counter

    from rich.console import Console
    from rich.progress import Progress

    from tejido import taxonomy
    from tejido.data import manifest
    from tejido.data.join import join
    from tejido.data.select import of_task
    from tejido.sources.catalogue import parse
    from tejido.sources.metadata import read_metadata

    wanted = None if task is None else taxonomy.task(task)
    chosen = [parse(item) for item in source]
    tables = {path: read_metadata(path) for path in metadata}
    records = []
    links = []
    for reader, folder in chosen:
        reading = reader.read(folder, images=images)
        _tell(reader.info.name, reading.problems, reading.unmapped)
        records.extend(reading.records)
        links.extend(reading.duplicates)
    for path, table in tables.items():
        _tell(path.name, table.problems, table.unmapped)
        links.extend(table.duplicates)
        records, report = join(records, table.facts, path.name)
        terminal.note(_summary(report))
    if wanted is not None:
        kept = of_task(records, wanted)
        if len(kept) < len(records):
            terminal.note(f"{len(records) - len(kept):,} images have no label in {wanted.name} and were left out")
        records = kept
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Reading images", total=len(records))
        rows, unreadable = manifest.build(records, out.parent, links=links, progress=lambda: progress.advance(bar))
    for lost in unreadable:
        terminal.note(f"{lost.path}: {lost.reason}; left out")
    manifest.write(rows, out)
    counts = Counter(rows["diagnosis"].fillna("(unknown)"))
    print(f"{len(rows):,} images in {rows['group_id'].nunique():,} groups: {out}")
    for diagnosis, count in counts.most_common():
        print(f"  {count:>7,}  {diagnosis}")
    print(f"Next: tejido data split {out} -o {out.with_suffix('.split.parquet')}")


def _tell(name: str, problems: list[str], unmapped: Counter[str]) -> None:
    for problem in problems:
        terminal.note(f"{name}: {problem}")
    for term, count in unmapped.most_common():
        terminal.note(f"{name}: {count:,} images have the diagnosis {term!r}, which the taxonomy does not know")


def _summary(report: JoinReport) -> str:
    """One line on a joined table."""
    parts = [f"{report.matched:,} images known", f"{report.refined:,} diagnoses made finer"]
    parts += [f"{count:,} filled in: {fact}" for fact, count in report.filled.most_common()]
    if found := report.contradictions:
        first = found[0]
        example = f"{first.image_id}: {first.ours}, not {first.theirs}"
        parts.append(f"{len(found):,} contradicted and left as they were ({example})")
    return f"{report.table}: {'; '.join(parts)}"


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
    fractions = {"train": 1 - val - test, "val": val, "test": test}
    splits.write(splits.split_by_group(table, fractions, seed=seed), out)
    assigned = splits.load(out, table)
    print(f"{out}: no group stands in two splits")
    for name in splits.SPLITS:
        rows = table[assigned == name]
        print(f"  {name:<5} {len(rows):>7,} images of {rows['group_id'].nunique():>6,} groups")
    print("Next: name both files in a recipe's data section, then: tejido train RECIPE")


@app.command()
def cache(
    manifest: Path = typer.Argument(..., help="Manifest made by: tejido data build."),
    out: Path = typer.Option(..., "-o", metavar="DIR", help="Folder of the cache."),
    geometry: str = typer.Option("centre_square", help="centre_square or stretch, as in the recipe's image section."),
    size: int = typer.Option(128, min=16, max=4096, help="Side in pixels, as in the recipe's image section."),
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

    steps = Steps(geometry, size, PatchGrid.parse(patches) if patches else None)
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
