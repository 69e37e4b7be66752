"""What a compression is: the run it starts from, a chain of steps, and what the result must still be able to do.

As a recipe it is a YAML file, and everything that was compressed keeps its own beside it, so it can be made again.
"""

from __future__ import annotations

import difflib
from typing import Annotated, NamedTuple

import yaml
from pydantic import Field, field_validator

from tejido.recipe.base import Section

NETWORK_STEPS: dict[str, str] = {
    "prune": "share of the channels to take out, such as prune=0.5",
    "low_rank": "share of the weights to keep, such as low_rank=0.5",
    "finetune": "epochs, such as finetune=5",
    "qat": "epochs, such as qat=3",
}
"""Steps that change the network: name, and what their number is."""
STORAGES: dict[str, str] = {
    "float32": "weights as they were trained",
    "float16": "weights as float16, computed with as float32",
    "int8": "weights as int8, computed with as float32",
    "int8_dynamic": "computed in int8, ranges of activations from every picture",
    "int8_static": "computed in int8, ranges of activations from training pictures",
}
"""The last step: how the model file keeps its weights and computes."""


class Step(NamedTuple):
    """A step and its number; None for the last one."""

    name: str
    value: float | None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value:g}"


class Compression(Section):
    """How a run's network is made smaller."""

    run: str
    """Folder of a finished run."""
    steps: Annotated[list[str], Field(min_length=1)]
    """In order. ``prune=SHARE``, ``low_rank=SHARE``, ``finetune=EPOCHS`` and ``qat=EPOCHS`` change the network; the
    last one says how the file keeps it: ``float32``, ``float16``, ``int8``, ``int8_dynamic`` or ``int8_static``."""
    labels: Annotated[float, Field(ge=0, le=1)] = 0.98
    """Gate: smallest share of validation images that must get the label that the run's network gives."""
    auc: Annotated[float, Field(ge=0, le=1)] = 0.005
    """Gate: largest difference to its AUC on validation."""
    rate: Annotated[float, Field(gt=0)] = 5e-4
    """Highest learning rate of ``finetune`` and ``qat``, which learn from the run's network as well as from labels."""
    pictures: Annotated[int, Field(ge=1)] = 200
    """For ``int8_static``: from so many pictures the ranges of activations are taken."""
    calibration: str | None = None
    """For ``int8_static``: a manifest to take these from; without it, the run's training images."""
    seed: Annotated[int, Field(ge=0)] = 0

    @field_validator("steps")
    @classmethod
    def _ordered(cls, steps: list[str]) -> list[str]:
        parsed = [parse(step) for step in steps]
        *before, last = parsed
        if last.name not in STORAGES:
            raise ValueError(f"the last step must say how the file keeps its weights: {', '.join(STORAGES)}")
        for step in before:
            if step.name in STORAGES:
                raise ValueError(f"{step} must be the last step; what changes the network comes before")
        return [str(step) for step in parsed]

    @property
    def chain(self) -> list[Step]:
        """The steps, parsed; the last one is the storage."""
        return [parse(step) for step in self.steps]

    def to_yaml(self) -> str:
        """As a recipe, every value stated."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)


def parse(text: str) -> Step:
    """Read ``prune=0.5`` or ``int8``.

    Raises:
        ValueError: there is no such step, with the nearest that there is, or its number is missing or out of range.
    """
    name, equals, number = text.partition("=")
    known = {**NETWORK_STEPS, **STORAGES}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ValueError(f"no step is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if name in STORAGES:
        if equals:
            raise ValueError(f"{name} takes no number")
        return Step(name, None)
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"{name} needs its {NETWORK_STEPS[name]}") from None
    if name in ("finetune", "qat"):
        if value != int(value) or not 1 <= value <= 1000:
            raise ValueError(f"{name}: epochs must be a whole number from 1 to 1000, not {number}")
    elif not 0 < value < 1:
        raise ValueError(f"{name}: a share must lie between 0 and 1, not {number}")
    return Step(name, value)
