"""What a model file that is not ours wants to see, and what its answer means."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Positive, Section, Share

Channel = tuple[float, float, float]


class Preprocessing(Section):
    """Everything that stands between a picture and somebody else's network: what our own files have inside."""

    task: str
    """Whose labels the truth is taken from."""
    labels: tuple[str, ...]
    """Labels of the task, in the order of the network's output."""
    size: Annotated[int, Field(ge=8, le=4096)]
    """Side in pixels."""
    geometry: Literal["centre_square", "stretch", "short_side"] = "centre_square"
    """As a recipe's ``image.geometry``."""
    short_side: Annotated[int, Field(ge=8, le=4096)] | None = None
    layout: Literal["nchw", "nhwc"] = "nchw"
    channels: Literal["rgb", "bgr"] = "rgb"
    divide: Positive = 255.0
    """Pixels are divided by this before the mean is subtracted."""
    mean: Channel = (0.0, 0.0, 0.0)
    std: Channel = (1.0, 1.0, 1.0)
    answers: Literal["logits", "probabilities", "sigmoid"] = "logits"
    """What the output is; ``sigmoid`` is one logit, that of the last of two labels."""
    output: str | None = None
    """Name of the output, where there are several; by default the first."""
    threshold: Share | None = None
    """Of the task's positive label, chosen on validation; without it nothing that needs a decision is shown."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.labels)) < max(2, len(self.labels)):
            raise ValueError("labels must be two or more, all different")
        if self.answers == "sigmoid" and len(self.labels) != 2:
            raise ValueError("one sigmoid tells two labels apart, not more")
        if 0 in self.std:
            raise ValueError("std has a 0, by which nothing can be divided")
        return self
