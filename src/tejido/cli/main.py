"""The command ``tejido``: finds the verb, runs it, and turns errors into one line and an exit code.

To add a verb, write ``cli/<verb>.py`` with ``app = new_app()`` (see ``cli/verb.py``) and one ``@app.command()``, or
several for ``tejido <verb> <what>``, and add one line to ``VERBS``. Only the verb that is asked for is imported;
its file imports anything heavy inside its functions and raises ``TejidoError`` or ``typer.Exit(1)`` when work fails.

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import difflib
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import typer
import typer.core
import typer.main

from tejido import __version__
from tejido.cli import terminal
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS: dict[str, tuple[str, str]] = {
    "classify": ("tejido.cli.classify", "Classify pictures with a model file."),
    "models": ("tejido.cli.models", "List bundled and local model files, with their cards."),
    "sources": ("tejido.cli.sources", "List the public data sets that can be read: size, licence, how to get each."),
    "data": ("tejido.cli.data", "Get data sets, build a manifest from them, and split it without leaks."),
    "networks": ("tejido.cli.networks", "List the networks that a recipe may name: parameters, work, input."),
    "train": ("tejido.cli.train", "Train a classifier as a recipe says, and export it as one model file."),
    "distill": ("tejido.cli.distill", "Train a small network that learns from labels and from a large one."),
    "segment": ("tejido.cli.segment", "Train a network that outlines lesions."),
    "synthesize": ("tejido.cli.synthesize", "Train networks that make up images, and see what these are worth."),
    "outline": ("tejido.cli.outline", "Outline the lesion in pictures, and measure it."),
    "compress": ("tejido.cli.compress", "Make a trained network smaller, if it still answers as before."),
    "export": ("tejido.cli.export", "Write a run's network once more, as ONNX or LiteRT."),
    "evaluate": ("tejido.cli.evaluate", "Say how good a run, a model file or a table of predictions is."),
    "explain": ("tejido.cli.explain", "Show why networks answer as they do, and how far that can be believed."),
    "recalibrate": (
        "tejido.cli.recalibrate",
        "Fit a model's probabilities to confirmed cases of another place.",
    ),
    "gate": ("tejido.cli.gate", "Teach a model file to refuse pictures that are not of its kind."),
    "study": ("tejido.cli.study", "Train one recipe many times over axes, seeds and folds, and compare."),
    "bench": ("tejido.cli.bench", "Measure on this machine."),
    "serve": ("tejido.cli.serve", "Open the page and the REST interface on this machine."),
    "users": ("tejido.cli.users", "Say who may log in to the server, and what they may do."),
    "cases": ("tejido.cli.cases", "Write the cases that the server has kept as training data."),
}
"""Name of the verb -> (module, one line of help)."""

_EXTRAS = {
    "dicom": ("pydicom",),
    "ray": ("ray",),
    "litert": ("litert_torch", "ai_edge_litert"),
    "explain": ("pytorch_grad_cam", "captum"),
    "cases": ("sqlalchemy", "alembic", "argon2"),
    "postgresql": ("psycopg",),
    "metrics": ("prometheus_client",),
    "client": ("httpx",),
    "data": ("pandas", "pyarrow", "scipy", "sklearn", "jinja2"),
    "train": (
        *("torch", "torchvision", "timm", "pytorch_lightning", "torchmetrics", "safetensors"),
        *("onnx", "onnxscript", "pydantic", "yaml", "matplotlib", "torch_pruning", "tensorly"),
        "segmentation_models_pytorch",
    ),
}
_HELP = """Archives of skin and breast-tissue images into calibrated classifiers that answer the same everywhere.

For research. Not a medical device: no answer excludes disease."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: what follows ``tejido``; by default those of this process.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    terminal.prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except TejidoError as error:
        return terminal.fail(str(error))
    except typer.TyperException as error:
        return _wrong_usage(error)
    except ModuleNotFoundError as error:
        return _missing_module(error)
    except BrokenPipeError:
        _drop_output()
        return 1
    except OSError as error:
        _drop_output()
        where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return terminal.fail(f"{where}{error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        return 130


def _run(arguments: list[str]) -> int:
    verb = next((item for item in arguments if not item.startswith("-")), None)
    if verb is not None and verb not in VERBS:
        return _unknown(verb)
    group = typer.main.get_command(_front_page(completion=verb is None))
    assert isinstance(group, typer.core.TyperGroup)
    # The shell asks for completions with no arguments at all; then every verb must be known in full.
    completing = "_TEJIDO_COMPLETE" in os.environ
    for name in VERBS if completing else filter(None, [verb]):
        group.add_command(typer.main.get_command(import_module(VERBS[name][0]).app), name)
    code = group.main(args=arguments or ["--help"], prog_name="tejido", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _drop_output() -> None:
    # What is still unwritten has nowhere to go; without this, Python tries again at exit and complains.
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _front_page(*, completion: bool) -> typer.Typer:
    page = typer.Typer(
        add_completion=completion,
        help=_HELP,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @page.callback()
    def root(
        version: bool = typer.Option(
            False, "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
        ),
    ) -> None:
        pass

    for name, (_, help_line) in VERBS.items():
        page.command(name, help=help_line)(_not_loaded)
    return page


def _not_loaded() -> None:
    """Stands in the list of verbs for one that was not asked for."""


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tejido {__version__}")
        raise typer.Exit


def _unknown(verb: str) -> int:
    near = difflib.get_close_matches(verb, VERBS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(VERBS)}"
    return terminal.fail(f"no such command {verb!r}; {hint} (tejido --help)", code=2)


def _wrong_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = "tejido" if context is None else context.command_path
    return terminal.fail(f"{error.format_message().rstrip('.')} (see {command} --help)", code=error.exit_code)


def _missing_module(error: ModuleNotFoundError) -> int:
    name = (error.name or "").partition(".")[0]
    if name == "tejido":
        raise error
    for extra, modules in _EXTRAS.items():
        if name in modules:
            return terminal.fail(f"this needs an extra: pip install 'tejido[{extra}]' ({name} is missing)")
    return terminal.fail(f"the package {name} is missing: pip install --force-reinstall tejido")


if __name__ == "__main__":
    sys.exit(main())
