"""Trials on this machine, several at a time, each in its own process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence

from tejido.data.cache.build import processors
from tejido.experiments.study.folder import StudyFolder
from tejido.experiments.study.plan import Trial
from tejido.experiments.study.trials import Ended
from tejido.experiments.study.worker import TRAIN, Worker

_LOOK = 0.1  # seconds between two looks at the processes


class LocalWorkers:
    """Processes of this machine.

    Args:
        folder: of the study.
        workers: trials at a time.
        threads: processor threads of each; by default the processors are divided among the workers.
        function: what a trial does.
    """

    def __init__(
        self, folder: StudyFolder, workers: int = 1, threads: int | None = None, function: str = TRAIN
    ) -> None:
        self.slots = workers
        self._folder = folder
        self._function = function
        self._threads = threads or max(1, processors() // workers)
        self._running: dict[str, tuple[Trial, Worker]] = {}

    @property
    def running(self) -> Mapping[str, float]:
        """Ids of the running trials, with the seconds since they began."""
        now = time.monotonic()
        return {name: now - worker.started for name, (_, worker) in self._running.items()}

    def carry_out(self, trials: Sequence[Trial]) -> Generator[Ended | None]:
        """Carry out trials in order; see ``trials.Workers``."""
        waiting = deque(trials)
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self.slots:
                    self._start(waiting.popleft())
                yield None
                time.sleep(_LOOK)
                for name in [name for name, (_, worker) in self._running.items() if worker.wait(0)]:
                    trial, worker = self._running.pop(name)
                    yield Ended(trial, worker.error())
        finally:
            for _, worker in self._running.values():
                worker.stop()
            self._running.clear()

    def _start(self, trial: Trial) -> None:
        self._folder.prepare(trial)
        self._running[trial.id] = trial, Worker(self._folder.of(trial), self._function, self._threads)
