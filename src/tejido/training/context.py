"""Training as if less were known of a picture than is, so that the network answers without it too."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def drop_context(context: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Make age, sex and site of some images unknown, all three together.

    Args:
        context: ``float32[B, 3]`` as in ``data.context``.
        share: of the images.
        generator: on the CPU.

    Returns:
        A copy.
    """
    lost = torch.rand(len(context), 1, generator=generator) < share
    unknown = torch.tensor([math.nan, 0.0, 0.0], device=context.device)
    return torch.where(lost.to(context.device), unknown, context)
