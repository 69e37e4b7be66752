"""``tejido explain``: why networks answer as they do, and how far that can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from torch import Tensor

    from tejido.experiments.explain.subject import Subject

app = new_app()


@app.command()
def explain(
    runs: list[Path] = typer.Argument(
        metavar="RUN...", help="Folders of finished runs; several are shown side by side."
    ),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder for pictures and tables."),
    picture: list[Path] = typer.Option(
        [], "--picture", metavar="FILE", help="What to ask about; repeat it. By default test images, drawn by lot."
    ),
    count: int = typer.Option(8, min=1, max=64, help="How many test images, as many of each label."),
    method: list[str] = typer.Option(
        [], "--method", metavar="NAME", help="One of the maps; repeat it. All by default."
    ),
    label: str | None = typer.Option(
        None, metavar="LABEL", help="Whose evidence; by default the positive label's, or the likeliest one's."
    ),
    trust: int = typer.Option(
        0, metavar="N", min=0, help="Also measure deletion, insertion and pointing on N test images."
    ),
    sanity: int = typer.Option(
        0, metavar="N", min=0, help="Also randomise the weights, and see N test images' maps change."
    ),
    features: bool = typer.Option(False, "--features", help="Also draw the maps of every convolution."),
    similar: int = typer.Option(0, metavar="K", min=0, max=20, help="Also show the K nearest training images."),
    seed: int = typer.Option(0, min=0, help="Of the lots."),
) -> None:
    """Show which parts of pictures speak for a label, by several methods and for several networks side by side.

    Maps: cam (that of the model file), grad_cam, grad_cam_plus_plus, eigen_cam, integrated_gradients, occlusion.
    Without --picture the pictures are test images of the first run. A map shows where a network looked, not that it was
    right.
    """
    from tejido.experiments.explain.methods import METHODS, TITLES, maps
    from tejido.experiments.explain.subject import Subject, read, side_of, some
    from tejido.experiments.pictures import pixels_of
    from tejido.report import explain as report

    subjects = [Subject.of_run(run) for run in runs]
    first = subjects[0]
    unknown = [name for name in method if name not in METHODS]
    if unknown:
        raise typer.BadParameter(f"there is no method {unknown[0]!r}; there are: {', '.join(METHODS)}")
    rows = None if picture and not (trust or sanity) else side_of(first, "test")
    if picture:
        pixels, titles = read(picture), [path.stem[:24] for path in picture]
    else:
        assert rows is not None
        chosen = some(rows, count, seed)
        pixels, titles = list(pixels_of(chosen)), [f"{r.image_id}\n{r.label}" for r in chosen.itertuples()]
    columns: dict[str, tuple[Tensor, Tensor]] = {}
    for subject in subjects:
        squares = subject.squares(pixels)
        targets = subject.targets(squares, label)
        before = f"{_name(subject, subjects)}\n" if len(subjects) > 1 else ""
        for name in method or _possible(subject):
            columns[f"{before}{TITLES[name]}"] = squares, maps(subject, name, squares, targets)
    report.save(report.grid(first.squares(pixels), columns, titles), output / "maps.png")
    if features:
        _features(subjects, pixels, titles, output)
    if similar:
        _similar(subjects, pixels, titles, similar, output)
    if sanity:
        assert rows is not None
        _sanity(subjects, some(rows, sanity, seed), method, label, seed, output)
    if trust:
        assert rows is not None
        _trust(subjects, some(rows, trust, seed), method, label, seed, output)
    print(f"Pictures: {output}")


def _possible(subject: Subject) -> list[str]:
    from tejido.experiments.explain.methods import METHODS

    return [name for name in METHODS if name != "cam" or subject.network.heatmap]


def _name(subject: Subject, subjects: list[Subject]) -> str:
    """Of the model; with the run's folder where two have the same."""
    alike = sum(other.name == subject.name for other in subjects) > 1
    return f"{subject.name} {subject.folder.name[-6:]}" if alike else subject.name


def _file(subject: Subject, subjects: list[Subject]) -> str:
    return f"-{_name(subject, subjects).replace(' ', '-')}" if len(subjects) > 1 else ""


def _features(subjects: list[Subject], pixels: list[NDArray[np.uint8]], titles: list[str], output: Path) -> None:
    from tejido.experiments.explain.inside import convolutions
    from tejido.report import explain as report

    for subject in subjects:
        for number, (square, title) in enumerate(zip(subject.squares(pixels), titles, strict=True), start=1):
            name = f"{number:02}-{title.splitlines()[0]}{_file(subject, subjects)}.png"  # two may have one title
            report.save(report.features(square, convolutions(subject, square[None])), output / "features" / name)


def _similar(
    subjects: list[Subject], pixels: list[NDArray[np.uint8]], titles: list[str], count: int, output: Path
) -> None:
    from tejido.experiments.explain.inside import similar
    from tejido.report import explain as report

    for subject in subjects:
        squares = subject.squares(pixels)
        with terminal.ticking() as tick:
            found = similar(subject, squares, count, tick)
        report.save(report.neighbours(pixels, titles, found), output / f"similar{_file(subject, subjects)}.png")


def _sanity(
    subjects: list[Subject], rows: pd.DataFrame, method: list[str], label: str | None, seed: int, output: Path
) -> None:
    from tejido.experiments.explain.trust import sanity
    from tejido.experiments.pictures import pixels_of
    from tejido.files import replacing
    from tejido.report import explain as report

    for subject in subjects:
        squares = subject.squares(list(pixels_of(rows)))
        found = sanity(subject, method or _possible(subject), squares, subject.targets(squares, label), seed=seed)
        name = f"sanity{_file(subject, subjects)}"
        report.save(report.sanity_plot(found), output / f"{name}.png")
        with replacing(output / f"{name}.csv") as temporary:
            found.to_csv(temporary, index=False)
        keys = ("map", "rank correlation with a random network's map, mean of its size", "with the weights it")
        lines = [dict(zip(keys, line, strict=True)) for line in report.sanity_lines(found)]
        report.table(f"Random weights, {len(rows)} images: {_name(subject, subjects)}", lines)


def _trust(
    subjects: list[Subject], rows: pd.DataFrame, method: list[str], label: str | None, seed: int, output: Path
) -> None:
    from tejido.experiments.explain.methods import TITLES
    from tejido.experiments.explain.trust import trust
    from tejido.experiments.pictures import pixels_of
    from tejido.report import explain as report

    pixels = list(pixels_of(rows))
    for subject in subjects:
        squares, masks = subject.squares(pixels), subject.masks(rows)
        targets = subject.targets(squares, label)
        judged = {}
        for name in method or _possible(subject):
            with terminal.ticking() as tick:
                judged[TITLES[name]] = trust(subject, name, squares, targets, masks, seed=seed, progress=tick)
        lines = report.trust_lines(judged, rows["group_id"])
        report.table(f"{len(rows)} test images: {_name(subject, subjects)}", lines)
        note = report.masks_note(judged)
        if note is not None:
            print(f"Note: {note}.")
        report.write_lines(output / f"trust{_file(subject, subjects)}.csv", lines)
