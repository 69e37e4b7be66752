"""What can be known of a study before its first run: names that do not exist, files that are not there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tejido.errors import RecipeError, TejidoError
from tejido.experiments.build import build
from tejido.experiments.study.plan import Trial
from tejido.recipe import resolve_path


def check(trials: Iterable[Trial]) -> None:
    """See to it that every trial's files exist, and that what its recipe names can be built.

    Raises:
        RecipeError: something does not; the message begins with the trial.
    """
    seen: set[str] = set()
    for trial in trials:
        try:
            _check_files(trial)
            parts = trial.recipe.model_dump_json(exclude={"seed", "data"})
            if parts not in seen:
                build(trial.recipe)
                seen.add(parts)
        except TejidoError as error:
            raise RecipeError(f"{trial}: {error} (nothing was run)") from None


def _check_files(trial: Trial) -> None:
    data = trial.recipe.data
    for name, text in {"manifest": data.manifest, "split": data.split, "cache": data.cache}.items():
        if text is not None and not resolve_path(text).exists():
            raise RecipeError(f"data.{name}: {Path(text)} is not there")
