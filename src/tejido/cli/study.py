"""``tejido study``: many runs of one recipe, and what they come to."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from tejido.experiments.study.folder import StudyFolder
    from tejido.experiments.study.plan import Plan
    from tejido.experiments.study.trials import Workers

app = new_app()


@app.command()
def study(
    recipe: Path = typer.Argument(..., metavar="RECIPE", help="YAML file of a study (docs/studies.md)."),
    overrides: list[str] = typer.Argument(None, metavar="[KEY=VALUE]...", help="For all runs: training.epochs=3."),
    workers: int = typer.Option(1, min=1, help="Runs at a time on this machine, each in its own process."),
    ray: str = typer.Option("", metavar="ADDRESS", help="Run on a Ray cluster: auto, HOST:PORT or ray://HOST:PORT."),
    threads: int = typer.Option(0, min=0, help="Processors of each run; 0 divides them among the workers (Ray: 1)."),
    gpus: float = typer.Option(0.0, min=0, help="GPUs of each run on a Ray cluster; 0.5 for two runs on one."),
    out: Path = typer.Option(Path("studies"), "-o", metavar="DIR", help="Folder of studies."),
    table: bool = typer.Option(False, "--table", help="Run nothing; make the tables of what is finished."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Run nothing; list the runs and how far each has come."),
    as_json: bool = typer.Option(False, "--json", help="Print the table as JSON."),
) -> None:
    """Train one recipe many times: levels of one or several axes, times seeds, times folds; then compare them.

    Every run has its own folder in studies/NAME/. A study that was stopped, even killed, goes on when the command is
    given again: finished runs stay, interrupted ones go on after their last whole epoch. A run that fails does not stop
    the others; it is named at the end and tried again at the next start.
    """
    from tejido.experiments.study.folder import StudyFolder
    from tejido.experiments.study.plan import load

    if ray and workers > 1:
        raise typer.BadParameter("--workers and --ray exclude each other; the cluster decides how many runs there are")
    plan = load(recipe, tuple(overrides or ()))
    folder = StudyFolder(out / plan.study.name)
    if dry_run:
        _list(plan, folder, workers)
        return
    failures: dict[str, str] = {}
    if not table:
        failures = _carry_out(plan, folder, workers, ray, threads, gpus)
    if not failures or any(folder.state(trial) == "finished" for trial in plan.trials):
        _show(plan, folder, as_json=as_json)
    if failures:
        said = "; ".join(f"{trial} ({error})" for trial, error in failures.items())
        raise TejidoError(f"{len(failures)} of {len(plan.trials)} runs failed: {said}; start again to try them again")


def _carry_out(plan: Plan, folder: StudyFolder, workers: int, ray: str, threads: int, gpus: float) -> dict[str, str]:
    from tejido.cli.study_progress import Display
    from tejido.experiments.study.check import check
    from tejido.experiments.study.local import LocalWorkers
    from tejido.experiments.study.trials import carry_out

    with folder.alone():
        check(trial for trial in plan.trials if folder.state(trial) != "finished")
        crew: Workers
        if ray:
            from tejido.experiments.study.on_ray import RayWorkers

            crew = RayWorkers(folder, ray, threads or 1, gpus)
        else:
            crew = LocalWorkers(folder, workers, threads or None)
        try:
            with Display(plan) as display:
                return carry_out(plan, folder, crew, display.show)
        except KeyboardInterrupt:
            done = sum(folder.state(trial) == "finished" for trial in plan.trials)
            terminal.note(f"Stopped with {done} of {len(plan.trials)} runs finished; give the command again to go on")
            raise


def _show(plan: Plan, folder: StudyFolder, *, as_json: bool) -> None:
    from tejido.report.study import page as report

    made = report.make(plan, folder)
    report.write(made)
    report.write_run_plots(made)
    if as_json:
        print(json.dumps(report.as_json(made), indent=2))
    else:
        report.print_summary(made)
        if others := folder.others(plan.trials):
            print(f"Not counted: {others} runs of other recipes in {folder.path}")


def _list(plan: Plan, folder: StudyFolder, workers: int) -> None:
    from tejido.experiments.study.remaining import in_words
    from tejido.experiments.study.trials import seconds_left, taken_by

    states = {trial.id: folder.state(trial) for trial in plan.trials}
    for trial in plan.trials:
        print(f"{trial.id}  {states[trial.id]:<11}  {trial}")
    counts = Counter(states.values())
    print(f"{len(plan.trials)} runs: " + ", ".join(f"{number} {state}" for state, number in counts.items()))
    pending = [trial for trial in plan.trials if states[trial.id] != "finished"]
    left = seconds_left(pending, taken_by(plan.trials, folder), {}, workers)
    told = "not known before a run is finished" if left is None else f"about {in_words(left)}"
    print(f"Time left with {workers} at a time: {told}")
