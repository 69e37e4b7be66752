"""The front door: help, verbs, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tejido as package
from tejido.cli import main as front
from tejido.errors import DataError
from tests.cli.conftest import tejido

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Result

VERBS = list(front.VERBS)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_front_page_names_every_verb(run: Callable[..., Result], arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.code, result.err) == (0, "")
    assert all(f" {verb} " in result.out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(run: Callable[..., Result], verb: str) -> None:
    result = run(verb, "--help")
    assert result.code == 0
    assert f"Usage: tejido {verb}" in result.out
    assert "install-completion" not in result.out


def test_version(run: Callable[..., Result]) -> None:
    assert run("--version").out == f"tejido {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clasify"], "tejido: no such command 'clasify'; did you mean 'classify'? (tejido --help)"),
        (["model", "x"], "tejido: no such command 'model'; did you mean 'models'? (tejido --help)"),
        (["xyz"], "tejido: no such command 'xyz'; there are: "),
        ([""], "tejido: no such command ''; there are: "),
        (["--nonsense"], "tejido: No such option: --nonsense (see tejido --help)"),
        (["classify"], "tejido: Missing argument 'IMAGE' (see tejido classify --help)"),
        (["classify", "--modle", "x", "a.jpg"], "tejido: No such option: --modle"),
        (["models", "extra"], "tejido: Got unexpected extra argument"),
        (["serve", "--port", "70000"], "tejido: Invalid value for '--port'"),
        (["serve", "--port", "many"], "tejido: Invalid value for '--port'"),
        (["serve", "--max-upload-mb", "0"], "tejido: Invalid value for '--max-upload-mb'"),
    ],
)
def test_wrong_usage_is_one_line_and_2(run: Callable[..., Result], arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)
    assert result.err.count("\n") == 1


def raising(error: BaseException) -> Callable[[list[str]], int]:
    def fail(_: list[str]) -> int:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DataError("two\nlines"), 1, "tejido: two\\nlines\n"),
        (KeyboardInterrupt(), 130, ""),
        (PermissionError(13, "Permission denied", "x.csv"), 1, "tejido: x.csv: Permission denied\n"),
        (OSError("odd"), 1, "tejido: odd\n"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch.nn"),
            1,
            "tejido: this needs an extra: pip install 'tejido[train]' (torch is missing)\n",
        ),
        (
            ModuleNotFoundError("No module named 'pandas'", name="pandas"),
            1,
            "tejido: this needs an extra: pip install 'tejido[data]' (pandas is missing)\n",
        ),
        (
            ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn"),
            1,
            "tejido: the package uvicorn is missing: pip install --force-reinstall tejido\n",
        ),
    ],
)
def test_errors_are_one_line(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result], error: BaseException, code: int, message: str
) -> None:
    monkeypatch.setattr(front, "_run", raising(error))
    result = run("classify")
    assert (result.code, result.out, result.err) == (code, "", message)


def test_a_fault_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]) -> None:
    monkeypatch.setattr(front, "_run", raising(ModuleNotFoundError("tejido.typo", name="tejido.typo")))
    with pytest.raises(ModuleNotFoundError):
        run("classify")


def test_a_reader_that_goes_away_is_no_error(model: Path, pictures: dict[str, Path]) -> None:
    command = [sys.executable, "-m", "tejido.cli.main", "classify", "--json", "--model", str(model)]
    with subprocess.Popen(
        [*command, *[str(pictures["dark"])] * 2000], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(30)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "tejido.cli.main", "models", "--json"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "tejido: No space left on device\n")


def test_ctrl_c_is_quiet(tmp_path: Path, model: Path) -> None:
    pipe = tmp_path / "slow.jpg"
    os.mkfifo(pipe)  # a picture that never arrives
    command = [sys.executable, "-m", "tejido.cli.main", "classify", "--json", "--model", str(model), str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        writer = pipe.open("wb")  # returns once the command has begun to read
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
        writer.close()
    assert (process.returncode, out, err) == (130, b"", b"")


def test_shell_completion_knows_verbs_and_options() -> None:
    def complete(words: str) -> list[str]:
        asked = {"_TEJIDO_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        return tejido(env={**os.environ, **asked}).stdout.split()

    assert complete("tejido cl") == ["classify"]
    assert complete("tejido classify --h") == ["--heatmap", "--help"]


LIGHT = [
    "tejido",
    "tejido.cli.main",
    *(module for module, _ in front.VERBS.values()),
    *(f"tejido.runtime.{name}" for name in ("classifier", "decode", "dicom", "library", "metadata", "overlay")),
]


@pytest.mark.parametrize("module", LIGHT)
def test_light_rooms_stay_light(module: str) -> None:
    """A module that a test elsewhere has imported already would not show here, hence a process of its own."""
    heavy = "{'torch', 'torchvision', 'rich', 'fastapi', 'uvicorn', 'pandas', 'pydicom', 'scipy', 'sklearn', 'onnx'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_classifying_imports_nothing_heavy(model: Path, pictures: dict[str, Path]) -> None:
    code = (
        "import sys; from tejido.cli.main import main; "
        f"code = main(['classify', '--json', '--model', {str(model)!r}, {str(pictures['dark'])!r}]); "
        "print(code, sorted({'torch', 'rich', 'fastapi', 'uvicorn', 'pandas', 'pydicom'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "0 []"
