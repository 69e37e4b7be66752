"""The folder of a study, ``studies/<name>/``: a run directory for each trial, and how far each has come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tejido.errors import TejidoError
from tejido.experiments.run import Run
from tejido.experiments.study.plan import Trial, title
from tejido.files import locked, replacing

DONE = "metrics.json"
FAILED = "failed.json"
SECONDS = "seconds.json"
LOG = "log.txt"
State = Literal["finished", "failed", "interrupted", "new"]


@dataclass(frozen=True)
class StudyFolder:
    """The folder at ``path``, which need not exist."""

    path: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See to it that nobody else carries out this study.

        Raises:
            TejidoError: somebody does, or the folder cannot be made.
        """
        with ExitStack() as stack:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(self.path / ".lock"))
            except BlockingIOError:
                raise TejidoError(f"{self.path}: a study is at work there; wait for it, or change its name") from None
            yield

    def of(self, trial: Trial) -> Path:
        """The run directory of a trial."""
        return self.path / trial.id

    def state(self, trial: Trial) -> State:
        """How far a trial has come; ``interrupted`` means that there may be a checkpoint to go on from."""
        folder = self.of(trial)
        if (folder / DONE).is_file():
            return "finished"
        if (folder / FAILED).is_file():
            return "failed"
        return "interrupted" if (folder / LOG).is_file() else "new"

    def prepare(self, trial: Trial) -> Run:
        """Make a trial ready to run, or to go on."""
        (self.of(trial) / FAILED).unlink(missing_ok=True)
        run = Run.create(self.of(trial), trial.recipe)
        place = {"levels": list(trial.levels), "seed": trial.seed, "fold": trial.fold}
        run.write_json("trial.json", {"trial": title(trial.levels), **place})
        return run

    def fail(self, trial: Trial, error: str) -> None:
        """Keep why a trial failed, unless its own process has said more."""
        path = self.of(trial) / FAILED
        if not path.is_file():
            Run(self.of(trial), trial.recipe).write_json(FAILED, {"error": error})

    def error(self, trial: Trial) -> str | None:
        """Why a trial failed, in a line."""
        failure = self._read(trial, FAILED)
        return None if failure is None else str(failure["error"])

    def seconds(self, trial: Trial) -> float | None:
        """How long a finished trial took; None where nobody knows, as after an interruption."""
        taken = self._read(trial, SECONDS)
        return None if taken is None or taken["resumed"] else float(taken["seconds"])

    def take(self, trial: Trial, files: dict[str, bytes]) -> None:
        """Write what another machine sent back; the file that says that the trial is finished comes last."""
        for name in sorted(files, key=lambda name: name == DONE):
            with replacing(self.of(trial) / name) as temporary:
                temporary.write_bytes(files[name])

    def others(self, trials: Iterable[Trial]) -> int:
        """Number of run directories of other recipes, kept and not counted."""
        known = {trial.id for trial in trials}
        return sum(path.parent.name not in known for path in self.path.glob("*/recipe.yaml"))

    def _read(self, trial: Trial, name: str) -> Any:
        with suppress(FileNotFoundError, ValueError):
            return json.loads((self.of(trial) / name).read_text(encoding="utf-8"))
        return None


def files_in(folder: Path, leave: Iterable[str]) -> dict[str, bytes]:
    """Every file below ``folder`` by its relative name, but those in ``leave``."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in leave}
