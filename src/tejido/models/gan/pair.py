"""Generator and discriminator of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tejido.models.gan import dcgan, residual
from tejido.recipe import SynthesisRecipe

Generator = dcgan.Generator | residual.Generator
Discriminator = dcgan.Discriminator | residual.Discriminator


@dataclass(frozen=True)
class Pair:
    """Two networks that learn from each other."""

    generator: Generator
    discriminator: Discriminator


def build(recipe: SynthesisRecipe, classes: int) -> Pair:
    """The networks of a recipe, untrained; channels-last, which narrow ones need to be quick on a processor.

    Args:
        recipe: says which.
        classes: labels of its task; looked at only where the network is conditional.
    """
    asked = recipe.network
    if asked.name == dcgan.NAME:
        pair = Pair(dcgan.Generator(), dcgan.Discriminator())
    else:
        known = classes if asked.conditional else 0
        size = recipe.image.size
        pair = Pair(
            residual.Generator(size, asked.latent, asked.width, known), residual.Discriminator(size, asked.width, known)
        )
    pair.generator.to(memory_format=torch.channels_last)
    pair.discriminator.to(memory_format=torch.channels_last)
    return pair
