"""The same trials on a Ray cluster.

Each node needs Tejido with its extras ``train`` and ``ray``, and the data at the paths that the recipes name. A node
that sees the study's folder (a shared file system) works in it, so that a trial whose node dies goes on from its last
epoch on another one. A node that does not see it works in a temporary folder and sends the files back; there a trial
whose node dies begins anew.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import socket
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from tejido.errors import TejidoError
from tejido.experiments.study.folder import StudyFolder, files_in
from tejido.experiments.study.plan import Trial
from tejido.experiments.study.trials import Ended
from tejido.experiments.study.worker import LOCK, TRAIN, Worker

_RETRIES = 5  # of a trial whose node or process died
_ANSWER = 10.0  # seconds
_LOOK = 0.5  # seconds between two looks at the cluster
_TOKEN = ".token"  # noqa: S105 - tells the driver's folder from one of the same name elsewhere
_STAYS = (LOCK, "checkpoints/last.ckpt")


@dataclass(frozen=True)
class _Job:
    folder: Path
    token: str
    files: dict[str, bytes]
    function: str
    threads: int
    cwd: Path


class RayWorkers:
    """The nodes of a Ray cluster.

    Args:
        folder: of the study.
        address: of the cluster: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``.
        threads: processors that each trial takes.
        gpus: GPUs that each trial takes; may be a fraction.
        function: what a trial does.

    Raises:
        TejidoError: no cluster answers, or no node of it has that many processors or GPUs.
    """

    def __init__(
        self, folder: StudyFolder, address: str, threads: int = 1, gpus: float = 0.0, function: str = TRAIN
    ) -> None:
        self.running: Mapping[str, float] = {}  # the cluster decides what runs
        self._folder = folder
        self._function = function
        self._threads = threads
        self._gpus = gpus
        try:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, ValueError, RayError) as error:
            raise TejidoError(f"no Ray cluster answers at {address} ({str(error).splitlines()[0]})") from None
        if not self.slots:
            ray.shutdown()
            raise TejidoError(f"no node has {threads} processors and {gpus:g} GPUs; see --threads and --gpus")

    @property
    def slots(self) -> int:
        """Trials that run at a time on the nodes that are alive."""
        found = 0
        for node in ray.nodes():
            if node["Alive"]:
                fit = node["Resources"].get("CPU", 0) / self._threads
                if self._gpus:
                    fit = min(fit, node["Resources"].get("GPU", 0) / self._gpus)
                found += int(fit)
        return found

    def carry_out(self, trials: Sequence[Trial]) -> Generator[Ended | None]:
        """Carry out trials; see ``trials.Workers``. Ends the connection to the cluster."""
        token = self._folder.path / _TOKEN
        try:
            token.write_text(secrets.token_hex(16))
            task = ray.remote(_carry_out).options(
                num_cpus=self._threads, num_gpus=self._gpus, max_retries=_RETRIES, name="tejido study"
            )
            waiting = {task.remote(self._job(trial, token.read_text())): trial for trial in trials}
            while waiting:
                yield None
                ready, _ = ray.wait(list(waiting), num_returns=1, timeout=_LOOK)
                for reference in ready:
                    trial = waiting.pop(reference)
                    yield Ended(trial, self._collect(trial, reference))
        finally:
            ray.shutdown()
            token.unlink(missing_ok=True)

    def _job(self, trial: Trial, token: str) -> _Job:
        run = self._folder.prepare(trial)
        files = {name: (run.folder / name).read_bytes() for name in ("recipe.yaml", "trial.json")}
        return _Job(run.folder.absolute(), token, files, self._function, self._threads, Path.cwd())

    def _collect(self, trial: Trial, reference: ray.ObjectRef[Any]) -> str | None:
        try:
            error, files = ray.get(reference)
        except RayError as lost:
            return f"{type(lost).__name__}: {str(lost).strip().splitlines()[0]}"
        self._folder.take(trial, files)
        if error is None and self._folder.state(trial) != "finished":
            return "finished on its node, but its files are not here"
        return str(error) if error is not None else None


def _knock(address: str) -> None:
    """Where nobody listens, say so now; Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").partition(":")
    if port:
        socket.create_connection((host, int(port)), timeout=_ANSWER).close()


def _carry_out(job: _Job) -> tuple[str | None, dict[str, bytes]]:
    """On a node: the error if there was one, and the files that are not in the study's folder already."""
    with contextlib.suppress(OSError):
        if (job.folder.parent / _TOKEN).read_text() == job.token:
            return _work(job, job.folder), {}
    with tempfile.TemporaryDirectory(prefix="tejido-study-") as name:
        folder = Path(name)
        for file, content in job.files.items():
            (folder / file).write_bytes(content)
        return _work(job, folder), files_in(folder, leave=_STAYS)


def _work(job: _Job, folder: Path) -> str | None:
    worker = Worker(folder, job.function, job.threads, job.cwd)
    try:
        worker.wait()
        return worker.error()
    finally:
        worker.stop()
