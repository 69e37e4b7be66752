"""Prediction sets: the labels that a model file cannot exclude, so that the right one is among them often enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tejido.runtime.metadata import Metadata


@dataclass(frozen=True)
class Possible:
    """Labels that cannot be excluded.

    Attributes:
        coverage: how often the right label is among them, for new lesions or patients like those of validation.
        labels: their names, in the model's order; none where the picture is unlike all that this rests on.
    """

    coverage: float
    labels: tuple[str, ...]


def possible(metadata: Metadata, probabilities: dict[str, float]) -> Possible | None:
    """Labels whose probability is at least what ``operating`` says of them; None where it says nothing."""
    sets = metadata.operating.get("sets")
    if sets is None:
        return None
    least = sets["least"]
    return Possible(sets["coverage"], tuple(name for name, value in probabilities.items() if value >= least[name]))
