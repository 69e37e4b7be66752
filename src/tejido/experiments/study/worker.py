"""One trial in a process of its own, which can fail, be killed or run out of memory without harm to the others.

The process ends when the one that started it does, even by ``kill -9``: it watches a pipe that its parent holds open.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tejido.errors import TejidoError
from tejido.experiments.run import Run
from tejido.experiments.study.folder import DONE, FAILED, LOG, SECONDS
from tejido.files import locked

TRAIN = "tejido.experiments.train:train"
"""What a trial does: a function of a ``Run`` that leaves ``metrics.json`` in its folder, as ``module:name``."""
LOCK = ".lock"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_OTHERS_END = 60.0  # seconds that a process on a machine given up for dead may take to notice


class Worker:
    """A process that carries out one trial, from now on.

    Args:
        folder: run directory with ``recipe.yaml``; output goes to ``log.txt`` in it.
        function: what to do, as ``module:name``.
        threads: processor threads for it.
        cwd: where it runs, if that folder is there; recipes' relative paths begin at it.
    """

    def __init__(self, folder: Path, function: str, threads: int, cwd: Path | None = None) -> None:
        self.started = time.monotonic()
        self._folder = folder.absolute()
        command = [sys.executable, "-P", "-m", __name__, str(self._folder), function, str(threads)]
        with (folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=cwd if cwd is not None and cwd.is_dir() else None,
                env=os.environ | dict.fromkeys(_THREADS, str(threads)),
                start_new_session=True,  # so that Ctrl-C reaches the parent alone
            )

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it has ended, after ``timeout`` seconds at most."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        assert self._process.stdin is not None
        self._process.stdin.close()
        return True

    def error(self) -> str | None:
        """After its end: None if the trial is finished, else what happened in a line."""
        code = self._process.returncode
        if (self._folder / DONE).is_file():
            return None
        if code < 0:
            return f"its process was ended by signal {-code}" + (", perhaps for want of memory" if code == -9 else "")
        return f"its process ended with code {code}; see {LOG}"

    def stop(self) -> None:
        """End it now. What it has written is whole; it goes on from its last checkpoint at the next start."""
        self._process.kill()
        self.wait()


def main(folder: Path, function: str, threads: int) -> int:
    """Carry out a trial in this process; the exit code is 0 if it is finished."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with locked(folder / LOCK, wait=_OTHERS_END):
            run = Run.create(folder, Run.open(folder).recipe)
            resumed = (folder / "checkpoints" / "last.ckpt").is_file()
            begin = time.monotonic()
            work = _find(function)
            if "torch" in sys.modules:
                sys.modules["torch"].set_num_threads(threads)
            work(run)
            run.write_json(SECONDS, {"seconds": round(time.monotonic() - begin, 1), "resumed": resumed})
    except BlockingIOError:
        return _fail(folder, "another process is at work in its folder")
    except Exception as error:
        said = str(error) if isinstance(error, TejidoError) else f"{type(error).__name__}: {error}"
        return _fail(folder, " ".join(said.split()))
    return 0


def _find(function: str) -> Callable[[Run], Any]:
    module, _, name = function.partition(":")
    found: Callable[[Run], Any] = getattr(importlib.import_module(module), name)
    return found


def _fail(folder: Path, error: str) -> int:
    text = traceback.format_exc()
    print(text, file=sys.stderr)
    run = Run.open(folder)
    run.write_json(FAILED, {"error": error, "traceback": text})
    return 1


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when nobody holds the other end any more
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
