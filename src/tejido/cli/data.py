"""``tejido data``: from public data sets to a manifest and a split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import data_audit, data_cache, data_split, terminal
from tejido.cli.verb import new_app
from tejido.errors import DataError

if TYPE_CHECKING:
    from collections import Counter

    from tejido.data.cleaning.join import JoinReport

_TERMS_SHOWN = 20

app = new_app()
app.command()(data_split.split)
app.command()(data_audit.audit)
app.command()(data_cache.cache)


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
    from tejido.sources.catalogue import find

    name = "isic_archive" if source == "isic" else source
    info = find(name).info
    wanted = collection or list(info.collections)
    if name == "isic_archive" and not wanted:
        raise DataError("say which collections: --collection 'Challenge 2019: Training' (see: isic collection list)")
    if not wanted:
        head = f"{info.title} ({info.size}, licence: {info.licence})"
        print("\n".join(filter(None, (head, info.obtain, info.homepage))))
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
    exclude: list[str] = typer.Option(
        [], metavar="COLUMN=VALUE", help="Leave out such images; * and ? stand for any text; may be repeated."
    ),
    keep_duplicates: bool = typer.Option(
        False, "--keep-duplicates", help="Keep all images of one picture, in one leak group; only repeated ids go."
    ),
    audit: Path | None = typer.Option(None, metavar="DIR", help="Write the audit there too, as HTML and JSON."),
) -> None:
    """Merge sources into one clean manifest: a row an image, with its hashes, size, diagnosis and leak group.

    Of images of one picture (the same id, bytes or pixels, or a near-duplicate) one is kept. Where diagnoses contradict
    each other, histology goes before official tables, and those before class folders; where equals contradict, all are
    removed. Every removal is listed beside the manifest, with its reason and the image kept instead.

    A joined table fills in what is unknown and makes diagnoses finer. Images that cannot be read and terms that the
    taxonomy does not know are listed. A build that was cut off goes on where it was.
    """
    from collections import Counter, defaultdict

    from tejido import taxonomy
    from tejido.data.cleaning import files
    from tejido.data.cleaning.clean import clean
    from tejido.data.cleaning.exclude import excluder
    from tejido.data.cleaning.join import join
    from tejido.data.cleaning.masks import drop_misfits
    from tejido.data.duplicates import search
    from tejido.data.duplicates.fingerprints import cache_path
    from tejido.sources.catalogue import parse
    from tejido.sources.metadata import read_metadata

    wanted = None if task is None else taxonomy.task(task)
    chosen = [parse(item) for item in source]
    tables = {name: read_metadata(path) for name, path in _named(metadata).items()}
    excluded = excluder(exclude)
    records = []
    links = []
    problems: list[str] = []
    unmapped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for reader, folder in chosen:
        reading = reader.read(folder, images=images)
        _tell(reader.info.name, reading.problems, reading.unmapped)
        problems += [f"{reader.info.name}: {problem}" for problem in reading.problems]
        unmapped[reader.info.name] += reading.unmapped
        records.extend(reading.records)
        links.extend(reading.duplicates)
    original = list(records)
    for name, table in tables.items():
        _tell(name, table.problems, table.unmapped)
        problems += [f"{name}: {problem}" for problem in table.problems]
        unmapped[name] += table.unmapped
        links.extend(table.duplicates)
        records, report = join(records, table.facts, name)
        terminal.note(_summary(report))
    with terminal.progress_bar() as progress:
        bar = progress.add_task("Reading and comparing images", total=len(records) + search.steps())
        cleaned = clean(
            records,
            original,
            out.parent,
            tables=tables,
            links=links,
            excluded=excluded,
            task=wanted,
            keep_duplicates=keep_duplicates,
            cache=cache_path(out) if images else None,
            progress=lambda: progress.advance(bar),
        )
    rows, found = cleaned.manifest, cleaned.findings
    found.problems = problems
    found.unmapped = {name: dict(terms) for name, terms in unmapped.items() if terms}
    for lost in found.removed:
        if lost.reason == "unreadable":
            terminal.note(f"{lost.path}: {lost.detail}; left out")
    rows, misfits = drop_misfits(rows, out.parent)
    for image_id, reason in misfits.items():
        problem = f"{image_id}: its mask {reason}; the mask is left out"
        terminal.note(problem)
        found.problems.append(problem)
    files.write(rows, found, out)
    for reason, count in found.removed_by_reason().items():
        terminal.note(f"{count:,} images removed: {reason.replace('_', ' ')}")
    if found.contradictions:
        still = sum(item.kept_id is None for item in found.contradictions)
        terminal.note(
            f"{len(found.contradictions):,} pictures with contradicting diagnoses: "
            f"{len(found.contradictions) - still:,} settled by the weightier claim, {still:,} removed"
        )
    for finer in found.refined:
        terminal.note(f"{finer.images:,} diagnoses made finer by {finer.by}: {finer.fine}, not only {finer.coarse}")
    if found.removed:
        terminal.note(f"every removed image, with its reason: {files.removed_path(out)}")
    counts = Counter(rows["diagnosis"].fillna("(unknown)"))
    print(f"{len(rows):,} images in {rows['group_id'].nunique():,} groups: {out}")
    for diagnosis, count in counts.most_common():
        print(f"  {count:>7,}  {diagnosis}")
    if audit is not None:
        data_audit.write(data_audit.make(out), audit, f"Audit of {out.name}")
        print(f"{audit / 'audit.html'}, {audit / 'audit.json'}")
    print(f"Next: tejido data split {out} -o {out.with_suffix('.split.parquet')}")


def _named(paths: list[Path]) -> dict[str, Path]:
    """Tables by the name of their file; by the whole path where two files have one name."""
    unique = dict.fromkeys(paths)
    names = [path.name for path in unique]
    return {path.name if names.count(path.name) == 1 else str(path): path for path in unique}


def _tell(name: str, problems: list[str], unmapped: Counter[str]) -> None:
    for problem in problems:
        terminal.note(f"{name}: {problem}")
    for term, count in unmapped.most_common(_TERMS_SHOWN):
        terminal.note(f"{name}: {count:,} images have the diagnosis {term!r}, which the taxonomy does not know")
    if len(unmapped) > _TERMS_SHOWN:
        terminal.note(
            f"{name}: {len(unmapped) - _TERMS_SHOWN:,} more terms are not known either; all are in the findings"
        )


def _summary(report: JoinReport) -> str:
    """One line on a joined table."""
    parts = [f"{report.matched:,} images known", f"{report.refined:,} diagnoses made finer"]
    parts += [f"{count:,} filled in: {fact}" for fact, count in report.filled.most_common()]
    if found := report.contradictions:
        first = found[0]
        example = f"{first.image_id}: {first.ours}, not {first.theirs}"
        parts.append(f"{len(found):,} contradicted ({example})")
    return f"{report.table}: {'; '.join(parts)}"
