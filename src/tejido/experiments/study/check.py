"""What can be known of a study before its first run: names that do not exist, files that are not there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tejido import taxonomy
from tejido.errors import RecipeError, TejidoError
from tejido.experiments.study.plan import Trial
from tejido.models import zoo
from tejido.recipe import resolve_path


def check(trials: Iterable[Trial]) -> None:
    """See to it that every trial's task, network and files exist, and that weights fit.

    Raises:
        RecipeError: something does not; the message begins with the trial.
    """
    seen: set[str] = set()
    for trial in trials:
        try:
            _check_files(trial)
            key = f"{trial.recipe.task} {trial.recipe.network}"
            if key not in seen:
                _build(trial)
                seen.add(key)
        except TejidoError as error:
            raise RecipeError(f"{trial}: {error} (nothing was run)") from None


def _check_files(trial: Trial) -> None:
    data = trial.recipe.data
    for name, text in {"manifest": data.manifest, "split": data.split, "cache": data.cache}.items():
        if text is not None and not resolve_path(text).exists():
            raise RecipeError(f"data.{name}: {Path(text)} is not there")


def _build(trial: Trial) -> None:
    network = trial.recipe.network
    weights = None if network.weights is None else resolve_path(network.weights)
    zoo.build(network.name, len(taxonomy.task(trial.recipe.task).labels), weights=weights, dropout=network.dropout)
