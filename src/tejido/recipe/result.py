"""Sections on what comes of a training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tejido.recipe.base import Positive, Section, Share


class Evaluation(Section):
    """What is decided on validation and reported on test."""

    calibration: Literal["scale_and_bias", "temperature", "vector"] = "scale_and_bias"
    """What of the logits is fitted on validation (``metrics.calibration``): one scale and a bias a label; the scale
    alone, which does not undo ``training.balance``; or a scale and a bias a label."""
    threshold: Literal["sensitivity", "youden", "cost"] = "sensitivity"
    """Binary tasks: how the threshold is chosen on validation. ``sensitivity`` is the highest one that reaches a
    sensitivity, ``youden`` has the largest sum of sensitivity and specificity, ``cost`` the least costly errors."""
    sensitivity: Share = 0.9
    """For ``threshold: sensitivity``."""
    miss: Positive = 10.0
    """For ``threshold: cost``: a missed positive costs as much as so many false alarms."""
    false_refusal: Share = 0.05
    """With ``network.other``: share of the validation images with a label that may be refused for having none."""
    quality_pass: Share = 0.995
    """Each capture-quality limit is the value that this share of training images stays under, but never so low that
    a tolerable capture would be refused (``imaging.quality.TOLERABLE``)."""
    bootstrap: Annotated[int, Field(ge=100)] = 2000
    """Rounds of the bootstrap by group."""
    aggregate: Literal["vote", "mean", "max", "top_k"] = "vote"
    """With ``image.patches``: what the patches of an image say together; see ``tejido.metrics.aggregate``."""
    top_k: Annotated[int, Field(ge=1)] = 3
    """For ``top_k``: the mean of how many highest patches."""


class Export(Section):
    """The model file."""

    weights: Literal["float32", "float16", "int8"] = "float16"
    """Storage of the weights; arithmetic is float32 either way."""
    licence: str = "CC-BY-NC-4.0"
    """Licence of the model file, which follows from the training data's."""
