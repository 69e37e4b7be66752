"""The steps of a compression that change the network, and the trainings among them."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path

from tejido.experiments.source import Source
from tejido.export.compression.fake_quantise import rounding
from tejido.export.compression.low_rank import factorise
from tejido.export.compression.prune import prune
from tejido.models.network import Network
from tejido.recipe.compression import Compression, Step
from tejido.training.distil.guides import Response, Softness
from tejido.training.fit import Teaching, fit

ALPHA, TEMPERATURE = 0.2, 3.0
"""Of the training in ``finetune`` and ``qat``: weight of the labels, and tau of the run's network as a teacher."""


def shrunk(source: Source, asked: Compression, folder: Path) -> Network:
    """A copy of the run's network after all steps but the last, which is the file's.

    Args:
        source: the run.
        asked: the compression.
        folder: for the checkpoints of trainings, from which they go on where they were interrupted.

    Raises:
        TejidoError: a step cannot be.
    """
    network = copy.deepcopy(source.network)
    for number, step in enumerate(asked.chain[:-1], start=1):
        _apply(source, asked, network, number, step, folder)
    return network.eval()


def _apply(source: Source, asked: Compression, network: Network, number: int, step: Step, folder: Path) -> None:
    """Carry out a step that changes the network, in place."""
    assert step.value is not None
    if step.name == "prune":
        prune(network, step.value)
    elif step.name == "low_rank":
        factorise(network.body, step.value)
    else:
        so_far = [source.recipe.sha256(), *asked.steps[:number], asked.rate, asked.seed]
        name = hashlib.sha256(repr(so_far).encode()).hexdigest()[:12]
        target = folder / "trainings" / f"{number}-{step.name}-{name}"
        if step.name == "finetune":
            _train(source, asked, network, int(step.value), target)
        else:
            with rounding(network.body):
                _train(source, asked, network, int(step.value), target)


def _train(source: Source, asked: Compression, network: Network, epochs: int, folder: Path) -> None:
    """A short training from where the network is, with the run's network as a teacher beside the labels."""
    settings = source.recipe.training.model_copy(
        update={"head_epochs": 0, "epochs": epochs, "rate": asked.rate, "body_rate": asked.rate, "patience": epochs}
    )
    recipe = source.recipe.model_copy(update={"training": settings, "seed": asked.seed, "distillation": None})
    guide = Response([copy.deepcopy(source.network)], Softness(TEMPERATURE))
    parts = source.parts
    fit(network, parts["train"].images, parts["val"].images, recipe, folder, Teaching(guide, ALPHA, 1 - ALPHA))
