"""Film strips of walks and sums in a generator's latent space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from tejido.errors import DataError, ImageError
from tejido.experiments.latent import combine, encode, latent_of, walk
from tejido.experiments.run import Run
from tejido.experiments.synthesis import class_index, generator_of
from tejido.files import replacing
from tejido.imaging.geometry import CentreSquare
from tejido.recipe import SynthesisRecipe
from tejido.runtime.decode import decode
from tejido.training.synthesize import as_pixels, grid_of


def write_walk(
    run: Run[SynthesisRecipe],
    output: Path,
    seeds: tuple[int, int],
    pictures: tuple[Path, ...],
    names: tuple[str, ...],
    frames: int,
) -> list[str]:
    """Write a film strip (``.png``) and a GIF (``.gif``) that goes there and back; returns what there is to say.

    Raises:
        TejidoError: a picture cannot be read, there is no such class, or the file cannot be written.
    """
    film, output = output.with_suffix(".gif"), output.with_suffix(".png")
    network = generator_of(run)
    given = names or (None,)
    labels = class_index(run, given[0]), class_index(run, given[-1])
    said = []
    if pictures:
        found = [encode(network, _square(path, run), label) for path, label in zip(pictures, labels, strict=True)]
        ends = found[0][0], found[1][0]
        said = [_off(path, off) for path, (_, off) in zip(pictures, found, strict=True)]
    else:
        ends = latent_of(network, seeds[0]), latent_of(network, seeds[1])
    made = walk(network, ends, labels, frames)
    with replacing(output) as temporary:
        grid_of(made, columns=frames).save(temporary, format="PNG")
    smooth = walk(network, ends, labels, 4 * frames)
    single = [grid_of(one[None], columns=1) for one in [*smooth, *smooth.flip(0)]]
    with replacing(film) as temporary:
        single[0].save(temporary, format="GIF", save_all=True, append_images=single[1:], duration=60, loop=0)
    return [*said, f"{output}, {film}"]


def write_sum(
    run: Run[SynthesisRecipe], output: Path, terms: Sequence[tuple[int, int | Path]], name: str | None
) -> list[str]:
    """Write a strip of the images of some vectors and, last, that of their sum; returns what there is to say.

    Args:
        run: finished.
        output: a PNG file.
        terms: sign (1 or -1), and a seed or a real picture.
        name: the class, where there are classes.

    Raises:
        TejidoError: as for a walk, or the terms cancel each other.
    """
    network = generator_of(run)
    label = class_index(run, name)
    vectors, said = [], []
    for sign, term in terms:
        if isinstance(term, int):
            vectors.append((sign, latent_of(network, term)))
        else:
            vector, off = encode(network, _square(term, run), label)
            vectors.append((sign, vector))
            said.append(_off(term, off))
    every = torch.cat([*(vector for _, vector in vectors), combine(vectors)])
    labels = None if label is None else torch.full((len(every),), label)
    with torch.inference_mode():
        made = as_pixels(network(every, labels))
    with replacing(output) as temporary:
        grid_of(made, columns=len(made)).save(temporary, format="PNG")
    signs = " ".join(f"{'+' if sign > 0 else '-'} {term}" for sign, term in terms).removeprefix("+ ")
    return [*said, f"{output}: {signs}, and their sum"]


def _off(path: Path, off: float) -> str:
    return f"{path}: off by {off:.0f} grey levels (root mean square)"


def _square(path: Path, run: Run[SynthesisRecipe]) -> Tensor:
    try:
        pixels = decode(path)
    except ImageError as error:
        raise DataError(f"{path}: {error}") from None
    square: Tensor = CentreSquare(run.recipe.image.size)(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return square
