"""``tejido data split``: on which side of an experiment each image stands."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.errors import DataError, TejidoError

if TYPE_CHECKING:
    import pandas as pd


class Kind(StrEnum):
    """Ways to split."""

    groups = "groups"
    folds = "folds"
    official = "official"
    balanced = "balanced"
    leave_one_source_out = "leave-one-source-out"
    leaky = "leaky"


def split(
    manifest: Path = typer.Argument(..., help="Manifest made by: tejido data build."),
    out: Path = typer.Option(..., "-o", metavar="SPLIT", help="Parquet file to write."),
    kind: Kind = typer.Option(Kind.groups, help="How to split; see above."),
    val: float = typer.Option(0.15, min=0, max=1, help="Share of validation images."),
    test: float = typer.Option(0.20, min=0, max=1, help="Share of test images."),
    seed: int = typer.Option(0, help="Another seed, another split; the same seed, the same split."),
    folds: int = typer.Option(5, min=3, help="For folds: how many."),
    column: str = typer.Option("diagnosis", help="For balanced: the column whose values get equally many images."),
    source: str | None = typer.Option(None, help="For leave-one-source-out: the source that tests."),
    drop_leaks: bool = typer.Option(False, help="For official: leave training images unused that share a test group."),
    grow: Path | None = typer.Option(
        None, metavar="SPLIT", help="A split of an earlier manifest; what has a side there keeps it."
    ),
) -> None:
    """Split a manifest by group (lesion, patient, slide), stratified by diagnosis and confirmation.

    - groups: train, val and test.
    - folds: a table of folds; fold k tests, fold k+1 validates, the others train.
    - official: as the publishers split; leaks are reported, and refused when the split is loaded.
    - balanced: as many images of every diagnosis (or other column) as the rarest has.
    - leave-one-source-out: one source tests, the others train and validate.
    - leaky: random by image, to show what the leak is worth; refused when it is loaded, unless leaks are allowed.
    """
    from tejido.data import manifest as manifests
    from tejido.data.splitting import folds as folding
    from tejido.data.splitting import growth, kinds, splits

    table = manifests.read(manifest)
    if val + test >= 1:
        raise TejidoError("nothing is left for training; --val and --test must sum to less than 1")
    if source is not None and kind is not Kind.leave_one_source_out:
        raise TejidoError("--source goes with --kind leave-one-source-out")
    if grow is not None and kind is not Kind.groups:
        raise TejidoError("--grow goes with --kind groups")
    # rounded, so that 1 - 0.15 - 0.2 is the 0.65 that a person means: ties between groups depend on it
    fractions = {"train": round(1 - val - test, 9), "val": val, "test": test}
    if kind is Kind.folds:
        splits.write(folding.folds_by_group(table, folds, seed=seed), out)
        _tell_folds(out, table, folds)
        return
    if grow is not None:
        old = splits.read(grow)
        grown = growth.grow(old, table, fractions, seed=seed)
        made = grown.split
        terminal.note(f"{grown.new:,} images are new, {grown.gone:,} of the old split are gone")
        if grown.joined:
            terminal.note(
                f"{len(grown.joined):,} groups were joined out of several splits and are in train now "
                f"({grown.moved:,} images moved): {', '.join(grown.joined[:5])}"
            )
    elif kind is Kind.official:
        made = kinds.official(table)
        if drop_leaks:
            made = kinds.without_leaks(made, table)
    elif kind is Kind.balanced:
        made = kinds.balanced(table, column, fractions, seed=seed)
    elif kind is Kind.leave_one_source_out:
        if source is None:
            raise DataError("say which source tests: --source NAME")
        made = kinds.leave_source_out(table, source, validation=val, seed=seed)
    elif kind is Kind.leaky:
        made = kinds.leaky(table, fractions, seed=seed)
    else:
        made = splits.split_by_group(table, fractions, seed=seed)
    splits.write(made, out)
    assigned = splits.load(out, table, allow_leaks=kind in (Kind.leaky, Kind.official))
    _tell(out, table, assigned)


def _tell(out: Path, table: pd.DataFrame, assigned: pd.Series) -> None:
    from tejido.data.splitting import splits

    crossing = splits.crossing(assigned, table)
    if crossing:
        print(f"{out}: LEAKS: {len(crossing):,} groups stand in several splits, such as {', '.join(crossing[:3])}")
    else:
        print(f"{out}: no group stands in two splits")
    for name in (*splits.SPLITS, splits.UNUSED):
        rows = table[assigned == name]
        if len(rows) or name != splits.UNUSED:
            print(f"  {name:<6} {len(rows):>7,} images of {rows['group_id'].nunique():>6,} groups")
    print("Next: name both files in a recipe's data section, then: tejido train RECIPE")


def _tell_folds(out: Path, table: pd.DataFrame, count: int) -> None:
    from tejido.data.splitting import folds

    print(f"{out}: no group stands in two folds")
    for fold in range(count):
        rows = table[folds.load_fold(out, table, fold) == "test"]
        print(f"  fold {fold} {len(rows):>7,} images of {rows['group_id'].nunique():>6,} groups")
