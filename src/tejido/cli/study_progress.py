"""How far a study is: one line that is kept up to date, and one line for each run that ends."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tejido.experiments.study import trials
from tejido.experiments.study.plan import Plan
from tejido.experiments.study.remaining import in_words


class Display:
    """Prints on standard error; a context manager. Without a terminal the bar is left out.

    Args:
        plan: the study.
    """

    def __init__(self, plan: Plan) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn(f"Study {plan.study.name}"), BarColumn(), TextColumn("{task.fields[said]}"),
            console=self._console, transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=len(plan.trials), said="")

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: trials.Progress) -> None:
        """Bring the line up to date, and say which run has just ended."""
        done = progress.finished + progress.failed
        said = f"{progress.finished} of {progress.total} runs finished"
        if progress.failed:
            said += f", {progress.failed} failed"
        if progress.left is not None and done < progress.total:
            said += f", about {in_words(progress.left)} left"
        self._bar.update(self._task, completed=done, said=said)
        if progress.ended is not None:
            what = "finished" if progress.ended.error is None else f"FAILED: {progress.ended.error}"
            self._console.print(f"{progress.ended.trial}: {what} ({said})", markup=False)
