"""Ways through a generator's latent space: towards real pictures, from one vector to another, sums of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from tejido.errors import RecipeError
from tejido.models.gan.pair import Generator
from tejido.training.synthesize import as_pixels


def latent_of(network: Generator, seed: int, count: int = 1) -> Tensor:
    """The latent vectors ``float32[count, latent]`` of a seed."""
    return torch.randn(count, network.latent, generator=torch.Generator().manual_seed(seed))


def encode(
    network: Generator, target: Tensor, label: int | None, *, steps: int = 300, seed: int = 0
) -> tuple[Tensor, float]:
    """The latent vector whose image comes nearest to a real one, by gradient descent (Adam) from eight beginnings.

    What is minimised is the mean squared difference of the pixels, at full size and averaged to a quarter, and a pull
    towards the vectors that the generator has learned from.

    Args:
        network: trained.
        target: ``uint8[3, S, S]``.
        label: the class, where there are classes.
        steps: of the descent.
        seed: of the beginnings.

    Returns:
        ``float32[1, latent]``, and the root mean squared difference in grey levels (0..255).
    """
    starts = 8
    wanted = (target.float() / 127.5 - 1)[None]
    latent = latent_of(network, seed, starts).requires_grad_()
    labels = None if label is None else torch.full((starts,), label)
    optimizer = torch.optim.Adam([latent], 0.05)
    for _ in range(steps):
        made = network(latent, labels)
        fine = (made - wanted).square().mean((1, 2, 3))
        coarse = (functional.avg_pool2d(made, 4) - functional.avg_pool2d(wanted, 4)).square().mean((1, 2, 3))
        loss = fine + coarse + 1e-3 * latent.square().mean(1)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
    with torch.no_grad():
        found = (network(latent, labels) - wanted).square().mean((1, 2, 3)).sqrt() * 127.5
    best = int(found.argmin())
    return latent[best : best + 1].detach(), float(found[best])


def walk(network: Generator, ends: tuple[Tensor, Tensor], labels: tuple[int | None, int | None], frames: int) -> Tensor:
    """Images ``uint8[frames, 3, S, S]`` on the way between two latent vectors, classes or both.

    Vectors are turned into each other along the sphere (White 2016), because the straight way leads through vectors
    shorter than any that the generator has seen. Classes are blended by blending what they choose in the network.

    Args:
        network: trained.
        ends: ``float32[1, latent]`` each.
        labels: classes at both ends, or two None.
        frames: at least 2.

    Raises:
        RecipeError: classes are to be blended, and the network has none; or a vector has another length than its own.
    """
    for end in ends:
        if tuple(end.shape) != (1, network.latent):
            raise RecipeError(f"latent vectors of this generator are 1×{network.latent}, not {_shape(end)}")
    places = torch.linspace(0, 1, frames)
    vectors = torch.cat([_between(ends[0], ends[1], float(place)) for place in places])
    first, second = labels
    with torch.inference_mode():
        if first is None or second is None:
            return as_pixels(network(vectors, None))
        if first == second:
            return as_pixels(network(vectors, torch.full((frames,), first)))
        if not network.classes:
            raise RecipeError("this generator has no classes to walk between")
        return torch.cat([_blended(network, vectors[i : i + 1], first, second, float(p)) for i, p in enumerate(places)])


def combine(terms: Sequence[tuple[int, Tensor]]) -> Tensor:
    """The sum of latent vectors, some of them taken away (Radford et al. 2016, section 6.3.2; upc2020, section 3).

    A sum of three is longer than any vector that a generator has learned from, so it is brought to their mean length.

    Args:
        terms: sign (1 or -1) and vector ``float32[1, latent]`` each.

    Returns:
        ``float32[1, latent]``.

    Raises:
        RecipeError: nothing is left, since what is added is also taken away.
    """
    total: Tensor = torch.stack([sign * vector for sign, vector in terms]).sum(0)
    length = torch.stack([vector.norm() for _, vector in terms]).mean()
    if total.norm() < 1e-3 * length:
        raise RecipeError("the terms cancel each other, so there is no vector to make an image of")
    return total.mul(length / total.norm())


def _shape(vector: Tensor) -> str:
    return "×".join(str(side) for side in vector.shape)


def _between(one: Tensor, other: Tensor, place: float) -> Tensor:
    cosine = functional.cosine_similarity(one, other).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if float(angle) < 1e-4:
        return one + place * (other - one)
    return (torch.sin((1 - place) * angle) * one + torch.sin(place * angle) * other) / torch.sin(angle)


def _blended(network: Generator, latent: Tensor, first: int, second: int, place: float) -> Tensor:
    """One image whose class is a blend: a class of its own is put in the place of ``first`` for the moment."""
    tables = [layer for layer in network.modules() if isinstance(layer, torch.nn.Embedding)]
    kept = [table.weight[first].clone() for table in tables]
    try:
        for table, old in zip(tables, kept, strict=True):
            table.weight[first] = (1 - place) * old + place * table.weight[second]
        return as_pixels(network(latent, torch.tensor([first])))
    finally:
        for table, old in zip(tables, kept, strict=True):
            table.weight[first] = old
