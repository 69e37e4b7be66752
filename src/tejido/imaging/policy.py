"""Published augmentation policies, as torchvision has them."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.transforms import v2

POLICIES = {"trivial": v2.TrivialAugmentWide, "rand": v2.RandAugment}
"""TrivialAugment (Müller & Hutter 2021) and RandAugment (Cubuk et al. 2020), with torchvision's own parameters."""


def apply(images: Tensor, policy: str, generator: torch.Generator) -> Tensor:
    """Apply a policy to every image of ``uint8[B, 3, S, S]``, each with its own draw.

    torchvision draws from the global generator. It is seeded from ``generator`` for the time of this call and then put
    back, so that the result depends on ``generator`` alone and dropout is not disturbed.
    """
    transform = POLICIES[policy](interpolation=v2.InterpolationMode.BILINEAR)
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reach accelerators
        return torch.stack([transform(image) for image in images])
