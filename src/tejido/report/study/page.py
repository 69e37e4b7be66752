"""What a study shows: ``study.md``, ``study.csv``, ``runs.csv``, ``study.json`` and ``study.png`` in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid

from tejido.errors import DataError
from tejido.experiments.run import Run
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.plan import Plan, title
from tejido.files import replacing
from tejido.report.run import write_plots
from tejido.report.study.plot import boxes
from tejido.report.study.rows import Result, Row, results, rows, size_ratio, values
from tejido.report.study.text import change, markdown, name_of, number


@dataclass(frozen=True)
class Table:
    """A study's finished runs and what they come to."""

    plan: Plan
    folder: StudyFolder
    results: list[Result]
    rows: list[Row]
    failures: dict[str, str]

    @property
    def metrics(self) -> list[str]:
        """Figures, in order."""
        return list(dict.fromkeys(row.metric for row in self.rows))


def make(plan: Plan, folder: StudyFolder) -> Table:
    """The table of the runs that are finished now.

    Raises:
        DataError: none is, or the files of one are damaged.
    """
    found = results(plan, folder)
    if not found:
        raise DataError(f"{folder.path}: no run of this study is finished yet, so there is no table")
    failures = {str(trial): error for trial in plan.trials if (error := folder.error(trial)) is not None}
    return Table(plan, folder, found, rows(plan, found), failures)


def write(table: Table) -> None:
    """Write all files; what they hold depends on the finished runs alone, but for the seconds in ``runs.csv``."""
    folder = table.folder.path
    files = {
        "study.md": markdown(table.plan, table.results, table.rows, table.failures),
        "study.csv": pd.DataFrame([_flat(table.plan, row) for row in table.rows]).to_csv(index=False),
        "runs.csv": _runs(table).to_csv(index=False),
        "study.json": json.dumps(as_json(table), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    compared = {table.plan.baseline_of(levels) for levels in table.plan.cells} - {None}
    panels = {
        name_of(metric): {title(levels): values(table.results, metric, levels) for levels in table.plan.cells}
        for metric in table.metrics
    }
    figure = boxes(panels, frozenset(title(levels) for levels in compared if levels is not None))
    with replacing(folder / "study.png") as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def write_run_plots(table: Table) -> None:
    """Plots of every run that has none yet and kept its history."""
    for result in table.results:
        if (result.folder / "metrics.csv").is_file() and not (result.folder / "plots").is_dir():
            write_plots(Run(result.folder, result.trial.recipe))


def as_json(table: Table) -> dict[str, Any]:
    """Everything that the tables say, for programs."""
    return {
        "study": table.plan.study.model_dump(mode="json"),
        "trials": len(table.plan.trials),
        "finished": len(table.results),
        "failures": table.failures,
        "test_per_train": size_ratio(table.results, table.plan.study.figures),
        "rows": [asdict(row) | {"levels": _levels(table.plan, row.levels)} for row in table.rows],
    }


def print_summary(table: Table) -> None:
    """Print the most important figures level by level, and where the rest is."""
    console = Console()
    for metric in table.metrics[:2]:
        grid = Grid(box=SIMPLE_HEAD, pad_edge=False, title=name_of(metric), title_justify="left")
        for head in (*table.plan.axes, "runs", "mean", "std", *(["difference (95 %)"] if table.plan.baseline else [])):
            grid.add_column(head)
        for row in table.rows:
            if row.metric == metric:
                said = "baseline" if table.plan.baseline_of(row.levels) is None else change(row)
                cells = [*row.levels, str(row.runs), number(row.mean), number(row.std), said]
                grid.add_row(*cells[: len(grid.columns)])
        console.print(grid)
    console.print(f"Tables and picture: {table.folder.path / 'study.md'}", soft_wrap=True, highlight=False)


def _levels(plan: Plan, levels: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(plan.axes, levels, strict=True))


def _flat(plan: Plan, row: Row) -> dict[str, Any]:
    figures = asdict(row)
    return {"metric": figures.pop("metric")} | _levels(plan, figures.pop("levels")) | figures


def _runs(table: Table) -> pd.DataFrame:
    """One row a trial, finished or not."""
    figures = {result.trial.id: result.figures for result in table.results}
    rows: list[dict[str, Any]] = []
    for trial in table.plan.trials:
        what: dict[str, Any] = {"seed": trial.seed, "fold": trial.fold, "state": table.folder.state(trial)}
        what["seconds"] = table.folder.seconds(trial)
        rows.append({"trial": trial.id} | _levels(table.plan, trial.levels) | what | dict(figures.get(trial.id, {})))
    return pd.DataFrame(rows)
