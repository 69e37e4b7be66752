"""Carrying out a study: whatever is unfinished, one trial after the other, failures set aside."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.plan import Plan, Trial
from tejido.experiments.study.remaining import Taken, expected, left


@dataclass(frozen=True)
class Ended:
    """A trial that has come to its end; ``error`` is None if it is finished."""

    trial: Trial
    error: str | None


class Workers(Protocol):
    """Whoever carries out trials."""

    @property
    def slots(self) -> int:
        """Trials that run at a time."""

    @property
    def running(self) -> Mapping[str, float]:
        """Ids of the trials known to be running, with the seconds since they began."""

    def carry_out(self, trials: Sequence[Trial]) -> Generator[Ended | None]:
        """Carry out trials; yields each at its end, and None now and then. Closing it stops whatever runs."""


@dataclass(frozen=True)
class Progress:
    """Where a study stands.

    Attributes:
        total: trials.
        finished: of these.
        failed: since this start.
        left: expected seconds until the end; None while no trial is finished.
        ended: the trial that has just ended, if any.
    """

    total: int
    finished: int
    failed: int
    left: float | None
    ended: Ended | None


def carry_out(plan: Plan, folder: StudyFolder, workers: Workers, tell: Callable[[Progress], None]) -> dict[str, str]:
    """Carry out every trial that is not finished; those that failed before are tried again.

    Args:
        plan: the study.
        folder: of the study; to be held alone by the caller.
        workers: at whose hands.
        tell: called at the start, at the end of every trial, and now and then.

    Returns:
        The trials that failed, with the error of each.
    """
    pending = {trial.id: trial for trial in plan.trials if folder.state(trial) != "finished"}
    taken = taken_by((trial for trial in plan.trials if trial.id not in pending), folder)
    failures: dict[str, str] = {}

    def report(ended: Ended | None) -> None:
        finished = len(plan.trials) - len(pending) - len(failures)
        seconds = seconds_left(tuple(pending.values()), taken, workers.running, workers.slots)
        tell(Progress(len(plan.trials), finished, len(failures), seconds, ended))

    report(None)
    with closing(workers.carry_out(tuple(pending.values()))) as events:
        for ended in events:
            if ended is not None:
                trial = pending.pop(ended.trial.id)
                if ended.error is not None:
                    folder.fail(trial, ended.error)
                    failures[str(trial)] = folder.error(trial) or ended.error
                else:
                    taken += taken_by([trial], folder)
            report(ended)
    return failures


def seconds_left(
    pending: Sequence[Trial], taken: Sequence[Taken], running: Mapping[str, float], slots: int
) -> float | None:
    """Expected seconds until the last trial ends; None while nobody knows.

    Args:
        pending: trials to come and running, in order.
        taken: levels and seconds of finished trials.
        running: ids of running trials, with the seconds since they began.
        slots: trials that run at a time.
    """
    if pending and not taken:
        return None
    wanted = {trial.id: expected(trial.levels, taken) or 0.0 for trial in pending}
    begun = [wanted.pop(name) - since for name, since in running.items() if name in wanted]
    return left(wanted.values(), begun, slots)


def taken_by(trials: Iterable[Trial], folder: StudyFolder) -> list[Taken]:
    """Levels and seconds of those trials that finished without interruption."""
    return [(trial.levels, taken) for trial in trials if (taken := folder.seconds(trial)) is not None]
