"""``tejido evaluate``: figures with intervals for a run, a model file or a file of predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    from tejido.experiments.predict import Predictions
    from tejido.metrics.figures import Figure
    from tejido.metrics.refusals import Refused
    from tejido.report.robustness import Corruptions
    from tejido.report.section import Section
    from tejido.report.shortcuts import Audit
    from tejido.report.subgroups import Parts

TABLES = (".csv", ".parquet")
"""What files of predictions end in."""
VIEWS = (1, 2, 4, 8)
_NO_MANIFEST = "name a manifest of the images that the model is to be asked about"

app = new_app()


@app.command()
def evaluate(
    what: str = typer.Argument(
        metavar="MODEL|RUN|PREDICTIONS", help="A run's folder, a model, or a .csv or .parquet file."
    ),
    manifest: Path | None = typer.Argument(
        None, metavar="[MANIFEST]", help="Images to ask a model about; of a file of predictions, what is known of them."
    ),
    split: Path | None = typer.Option(
        None, metavar="FILE", help="A split of the manifest, of which one side is looked at."
    ),
    side: str = typer.Option("test", help="train, val or test."),
    preprocess: Path | None = typer.Option(
        None, metavar="FILE", help="For an ONNX file that is not ours: YAML that says what it wants to see."
    ),
    positive: str | None = typer.Option(None, metavar="LABEL", help="For a file of predictions with two labels."),
    threshold: float | None = typer.Option(None, min=0, max=1, help="Chosen elsewhere, never on these images."),
    beside: list[str] = typer.Option(
        [], "--with", metavar="MODEL", help="Ask this model too, and take the mean of the probabilities; repeat it."
    ),
    views: int = typer.Option(
        1, help="Also look at pictures mirrored and turned, and take the mean: 1, 2, 4 or 8 looks."
    ),
    challenge: str | None = typer.Option(
        None, metavar="NAME", help="Also the score of an ISIC challenge, such as isic2018."
    ),
    against: str | None = typer.Option(
        None, metavar="OTHER", help="Compare with another model, run or file of predictions on the same images."
    ),
    drop_from: str | None = typer.Option(
        None, metavar="RUN", help="Compare with the figures on other images: a run's own test images, or a table."
    ),
    subgroups: bool = typer.Option(
        False, "--subgroups", help="Also by sex, age, site, skin, hair, source and what else is known of the images."
    ),
    robustness: int = typer.Option(
        0, metavar="N", min=0, help="Also ask a model about N pictures made worse in thirteen ways; 0 does not."
    ),
    shortcuts: bool = typer.Option(
        False, "--shortcuts", help="Also look for what else than the lesion a model file may answer by."
    ),
    rounds: int = typer.Option(2000, min=100, help="Of the bootstrap by group."),
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="DIR", help="Write report.html, tables and plots there."
    ),
    pictures: bool = typer.Option(
        False,
        "--pictures",
        help="Show missed melanomas and the worst errors in the report; it then contains pictures of the data set.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the figures as JSON."),
) -> None:
    """Say how good answers are, with an interval by group for every figure.

    A table of predictions has the columns truth and p_LABEL for every label; image_id and, where images belong
    together, group_id. With image_id, a manifest says the rest. Histology-confirmed images are shown apart where it is
    known which they are.

    What outlines lesions is compared with the masks of the manifest.
    """
    from tejido.cli.evaluate_outlines import evaluate_outlines, outlines
    from tejido.experiments.facts import figures_of, parts_of
    from tejido.metrics.challenge import challenge as score_of
    from tejido.metrics.figures import figure_of
    from tejido.metrics.refusals import refusals
    from tejido.report import evaluation
    from tejido.report.against import Against

    if robustness and (manifest is None or preprocess is not None):
        raise typer.BadParameter("--robustness is for a model file of ours and a manifest of images")
    _used(what, manifest, split, side, preprocess, against)
    if against is not None and drop_from is not None:
        raise typer.BadParameter("--against compares on the same images, --drop-from on others; take one")
    if views not in VIEWS:
        raise typer.BadParameter(f"--views is one of {', '.join(map(str, VIEWS))}, not {views}")
    if Path(what).suffix not in TABLES and outlines(what):
        others = (preprocess, positive, threshold, challenge, against, drop_from)
        if any(one is not None for one in others) or beside or views > 1 or robustness or subgroups or shortcuts:
            raise typer.BadParameter("of a model that outlines, name only a manifest, --split, --side, --rounds and -o")
        if manifest is None and not Path(what).is_dir():
            raise typer.BadParameter(_NO_MANIFEST)
        if manifest is None and (split is not None or side != "test"):
            raise typer.BadParameter("a run that outlines knows its own test images; for others name a manifest")
        evaluate_outlines(what, manifest, split, side, rounds, output, as_json=as_json)
        return
    several = bool(beside) or views > 1
    if several and (preprocess is not None or robustness or Path(what).suffix in TABLES or Path(what).is_dir()):
        raise typer.BadParameter("--with and --views are for model files of ours and a manifest of images")
    asked = {name for name in (what, against, drop_from) if name is not None}
    own = not several and not any(Path(name).suffix in TABLES for name in asked)
    if (positive, threshold) != (None, None) and own:
        raise typer.BadParameter("--positive and --threshold are for files of predictions; a run or model has its own")
    if several:
        found = _together([what, *beside], views, manifest, split, side, threshold)
    else:
        found = _found(what, manifest, split, side, positive, threshold, preprocess)
    made = figures_of(found, rounds)
    refused = [] if found.asked is None else refusals(found.asked, rounds=rounds)
    if challenge is not None:
        from tejido.metrics.bootstrap import GroupBootstrap
        from tejido.metrics.few import Few

        for name, part in parts_of(found.table).items():
            score = score_of(challenge, part, found.positive)
            bootstrap = GroupBootstrap(part["group_id"], rounds=rounds)
            made[name].append(figure_of(challenge, None, score, bootstrap, Few(part)()))
    sections: list[Section] = []
    if against is not None:
        other = _found(against, manifest, split, side, positive, threshold, None)
        sections.append(Against.of(found, other, rounds))
    if drop_from is not None:
        other = _found(drop_from, None, None, "test", positive, threshold, None)
        sections.append(Against.of(found, other, rounds, apart=True))
    if subgroups:
        sections.append(_divided(found, rounds))
    if shortcuts:
        sections.append(_audited(what, found, rounds))
    if robustness:
        sections.append(_worse(what, manifest, split, side, robustness, rounds))
    if output is not None:
        evaluation.write(output, found, made, refused)
        _report(output, what, found, made, sections, refused, pictures=pictures, rounds=rounds)
        for section in sections:
            section.write(output)
    if as_json:
        said = {"title": found.title, "notes": found.notes, "refused": evaluation.refusal_rows(refused)}
        rows = [evaluation.row(name, figure) for name, part in made.items() for figure in part]
        print(json.dumps({**said, "figures": rows, **{section.key: section.as_json() for section in sections}}))
        return
    evaluation.show(found, made, refused)
    for section in sections:
        section.show()
    if output is not None:
        print(f"Report: {output / 'report.html'}")


def _used(
    what: str, manifest: Path | None, split: Path | None, side: str, preprocess: Path | None, against: str | None
) -> None:
    """Refuse what would be ignored."""
    path = Path(what)
    table = path.suffix in TABLES
    if preprocess is not None and (table or path.is_dir()):
        raise typer.BadParameter("--preprocess is for an ONNX file that is not ours")
    if path.is_dir() and not (path / "outlines.parquet").is_file():
        if (manifest, split) != (None, None) and against is None:
            raise typer.BadParameter(
                f"a run has answered its own images; for others name its file: {path / 'model.onnx'}"
            )
    elif manifest is None and table and (split is not None or side != "test"):
        raise typer.BadParameter("--split and --side choose images of a manifest; name it")
    elif manifest is not None and split is None and side != "test":
        raise typer.BadParameter("--side is a side of a split; name it with --split")


def _report(
    folder: Path,
    what: str,
    found: Predictions,
    figures: dict[str, list[Figure]],
    sections: list[Section],
    refused: list[Refused],
    *,
    pictures: bool,
    rounds: int,
) -> None:
    from tejido.experiments.facts import gather
    from tejido.report.html.page import Additions, write

    run = Path(what) if Path(what).is_dir() else None
    with terminal.ticking() as tick:
        facts = gather(
            found, figures, run, found.model, pictures=pictures, rounds=rounds, refused=refused, progress=tick
        )
    write(folder / "report.html", facts, Additions.of(sections))


def _divided(found: Predictions, rounds: int) -> Parts:
    from tejido.experiments.subgroups import subgroups
    from tejido.report.subgroups import Parts

    with terminal.ticking() as tick:
        return Parts(subgroups(found, rounds=rounds, progress=tick))


def _audited(what: str, found: Predictions, rounds: int) -> Audit:
    from tejido.experiments.shortcuts import shortcuts
    from tejido.report.shortcuts import Audit
    from tejido.runtime.library import locate

    path = Path(what)
    if path.suffix in TABLES:
        raise typer.BadParameter("--shortcuts is for model files of ours and for runs")
    with terminal.ticking() as tick:
        return Audit(
            shortcuts(found, path / "model.onnx" if path.is_dir() else locate(what), rounds=rounds, progress=tick)
        )


def _worse(what: str, manifest: Path | None, split: Path | None, side: str, limit: int, rounds: int) -> Corruptions:
    from tejido.experiments.robustness import robustness
    from tejido.report.robustness import Corruptions
    from tejido.runtime.library import load

    assert manifest is not None
    with terminal.ticking() as tick:
        found = robustness(load(what), manifest, split, side, limit=limit, rounds=rounds, progress=tick)
    return Corruptions(found)


def _together(
    names: list[str], views: int, manifest: Path | None, split: Path | None, side: str, threshold: float | None
) -> Predictions:
    from dataclasses import replace

    from tejido.experiments.predict import of_model
    from tejido.experiments.together import Together
    from tejido.runtime.library import load

    if manifest is None:
        raise typer.BadParameter(_NO_MANIFEST)
    with terminal.ticking() as tick:
        found = of_model(Together([load(name) for name in names], views), manifest, split, side, tick)
    return found if threshold is None else replace(found, threshold=threshold, notes=found.notes[:1])


def _found(
    what: str,
    manifest: Path | None,
    split: Path | None,
    side: str,
    positive: str | None,
    threshold: float | None,
    preprocess: Path | None,
) -> Predictions:
    from tejido.experiments.predict import of_file, of_foreign, of_model, of_run
    from tejido.runtime.library import load

    path = Path(what)
    if path.is_dir():
        return of_run(path, side)
    if path.suffix in TABLES:
        return of_file(path, positive, threshold, manifest, split, side)
    if manifest is None:
        raise typer.BadParameter(_NO_MANIFEST)
    with terminal.ticking() as tick:
        if preprocess is None:
            return of_model(load(what), manifest, split, side, tick)
        from tejido import recipe as recipes
        from tejido.experiments.foreign import Foreign
        from tejido.recipe.preprocessing import Preprocessing

        return of_foreign(Foreign(path, recipes.load_as(Preprocessing, preprocess)), manifest, split, side, tick)
