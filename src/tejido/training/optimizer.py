"""The optimiser and the course of its rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from tejido.recipe import Stages
from tejido.training.schedule import SHAPES, staged

BODY = "body."
_RMS_SMOOTHING = 0.9  # as in Hinton's lecture and Keras; torch's own default is 0.99
_RMS_EPSILON = 1e-7  # as Keras


def build(trained: Sequence[nn.Module], settings: Stages, steps_per_epoch: int) -> tuple[Optimizer, LambdaLR]:
    """An optimiser over everything that is trained, and its rates step by step.

    Decay is decoupled in AdamW (Loshchilov & Hutter 2019) and part of the gradient, g + decay x w, in the others.

    Args:
        trained: parameters below a module's ``body`` are the body, all others the head.
        settings: the recipe's ``training`` section.
        steps_per_epoch: steps of the optimiser in an epoch.
    """
    groups = _groups(trained, settings.weight_decay_on == "weights")
    decay = settings.weight_decay
    optimizer: Optimizer
    if settings.optimizer == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=1.0, weight_decay=decay)
    elif settings.optimizer == "adam":
        optimizer = torch.optim.Adam(groups, lr=1.0, weight_decay=decay)
    elif settings.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=1.0, momentum=settings.momentum, weight_decay=decay)
    else:
        optimizer = torch.optim.RMSprop(
            groups, lr=1.0, alpha=_RMS_SMOOTHING, eps=_RMS_EPSILON, momentum=settings.momentum, weight_decay=decay
        )
    return optimizer, LambdaLR(optimizer, [_course(group["part"], settings, steps_per_epoch) for group in groups])


def rates(optimizer: Optimizer) -> dict[str, float]:
    """Current learning rate of ``head`` and ``body``."""
    return {group["part"]: float(group["lr"]) for group in optimizer.param_groups}


def _groups(trained: Sequence[nn.Module], spare: bool) -> list[dict[str, Any]]:
    """Head and body, each without its biases, norms and scalars where these are spared from decay."""
    named = [named for module in trained for named in module.named_parameters()]
    groups: list[dict[str, Any]] = []
    for part in ("head", "body"):
        mine = [parameter for name, parameter in named if name.startswith(BODY) == (part == "body")]
        if not spare:
            groups.append({"part": part, "params": mine})
            continue
        groups.append({"part": part, "params": [parameter for parameter in mine if parameter.ndim >= 2]})
        few = [parameter for parameter in mine if parameter.ndim < 2]
        groups.append({"part": part, "params": few, "weight_decay": 0.0})
    return [group for group in groups if group["params"]]


def _course(part: str, settings: Stages, steps_per_epoch: int) -> Callable[[int], float]:
    """The rate of the head or the body as a function of the step."""
    highest = (settings.head_rate, settings.rate) if part == "head" else (0.0, settings.body_rate)

    def rate(step: int) -> float:
        stage, factor = staged(
            step,
            steps_per_epoch=steps_per_epoch,
            head_epochs=settings.head_epochs,
            epochs=settings.epochs,
            shape=SHAPES[settings.schedule],
        )
        return factor * highest[stage]

    return rate
