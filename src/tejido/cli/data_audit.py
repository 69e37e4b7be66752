"""``tejido data audit``: is this data set what it says it is, and does its split leak?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tejido.cli import terminal

if TYPE_CHECKING:
    from tejido.data.auditing.audit import Audit


def audit(
    manifest: Path = typer.Argument(..., help="Manifest made by: tejido data build."),
    split: Path | None = typer.Option(None, metavar="SPLIT", help="A split or a table of folds to look for leaks in."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole audit as JSON."),
    out: Path | None = typer.Option(None, "-o", metavar="DIR", help="Write audit.html and audit.json there."),
) -> None:
    """Say what a manifest holds, what was removed from it, and whether a split leaks.

    Exit status 1 where it does, naming the groups.
    """
    made = make(manifest, split)
    if out is not None:
        write(made, out, f"Audit of {manifest.name}")
    if as_json:
        print(json.dumps(made.numbers, ensure_ascii=False, indent=1))
    else:
        _tell(made)
        if out is not None:
            print(f"{out / 'audit.html'}, {out / 'audit.json'}")
    if made.leaks:
        names = ", ".join(leak.group_id for leak in made.leaks[:5])
        more = f" and {len(made.leaks) - 5:,} more" if len(made.leaks) > 5 else ""
        terminal.note(f"tejido: the split leaks: {len(made.leaks):,} groups stand in several parts: {names}{more}")
        raise typer.Exit(1)


def make(manifest: Path, split: Path | None = None) -> Audit:
    """Audit a manifest with what the build left beside it, and a split."""
    from tejido.data import manifest as manifests
    from tejido.data.auditing import audit as auditing
    from tejido.data.cleaning.files import read_findings
    from tejido.data.duplicates.fingerprints import cache_path, read_fingerprints
    from tejido.data.splitting import folds, splits

    table = manifests.read(manifest)
    found = read_findings(manifest)
    sides, facts = None, None
    if split is not None:
        sides, facts = folds.read_sides(split, table) if folds.is_folds(split) else splits.read_sides(split, table)
    there = table["path"].notna()
    with terminal.progress_bar() as progress:
        bar = progress.add_task("Looking at images", total=int(there.sum()))
        paths = [Path(path) for path in table["path"][there]]
        # An audit leaves no trace where nothing may be written.
        cache = cache_path(manifest) if os.access(manifest.parent, os.W_OK) else None
        seen = iter(read_fingerprints(paths, cache, progress=lambda: progress.advance(bar)))
    prints = [next(seen) if known else None for known in there]
    return auditing.audit(table, found, sides, prints, facts)


def write(made: Audit, folder: Path, title: str) -> None:
    """Write the audit as HTML and JSON, each whole or not at all."""
    from tejido.data.auditing.page import page
    from tejido.files import replacing

    with replacing(folder / "audit.html") as temporary:
        temporary.write_text(page(made, title), encoding="utf-8")
    with replacing(folder / "audit.json") as temporary:
        temporary.write_text(json.dumps(made.numbers, ensure_ascii=False, indent=1), encoding="utf-8")


def _tell(made: Audit) -> None:
    numbers: dict[str, Any] = made.numbers
    read = "" if numbers["files"] is None else f", of {numbers['files']:,} images read"
    print(f"{numbers['images']:,} images in {numbers['groups']:,} groups{read}")
    for reason, count in numbers["removed"].items():
        print(f"  {count:>7,}  removed: {reason.replace('_', ' ')}")
    for key in (
        "byte_identical_groups",
        "contradicted_groups",
        "near_duplicate_pairs",
        "original_split_crossing_groups",
        "original_split_crossing_lesions",
    ):
        if numbers[key] is not None:
            print(f"  {numbers[key]:>7,}  {key.replace('_', ' ')}")
    for name, count in numbers["diagnoses_made_finer"].items():
        print(f"  {count:>7,}  diagnoses made finer by {name}")
    if made.findings is None:
        print("  What was removed is not known: there are no findings beside the manifest")
    for item in numbers["class_nearly_equals_source"]:
        print(f"  warning: {item['diagnosis']} nearly equals {item['source']} ({item['share']:.1%} of its images)")
    if numbers["colour_outliers"]:
        print(f"  warning: {len(numbers['colour_outliers']):,} pictures have unusual colours")
    for key, state in (("files_gone", "cannot be read any more"), ("files_changed", "changed since the build")):
        if numbers[key]:
            print(f"  warning: {len(numbers[key]):,} files {state}, such as that of {numbers[key][0]}")
    if numbers["split"] is not None and not made.leaks:
        print("  The split does not leak")
