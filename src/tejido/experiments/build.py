"""From a recipe to what it is made of, before any image is read."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tejido import taxonomy
from tejido.data.patches import PatchGrid
from tejido.errors import RecipeError
from tejido.experiments.patches import grid_of
from tejido.experiments.run import Run, open_run
from tejido.imaging import geometry as geometries
from tejido.imaging.geometry import Geometry
from tejido.imaging.steps import registry
from tejido.imaging.steps.chain import ImageSteps
from tejido.models import segmenter as segmenters
from tejido.models import zoo
from tejido.models.network import Network
from tejido.models.segmenter import Segmenter
from tejido.recipe import Recipe, SegmentationRecipe, resolve_path
from tejido.training.course import load_best
from tejido.training.fit import augment_of
from tejido.training.trainer import check_options


@dataclass(frozen=True)
class Parts:
    """What a recipe is made of.

    Attributes:
        geometry: from a picture, or a patch of it, to the network's size.
        grid: of patches, or None.
        network: untrained, channels-last, with its image steps in front.
        segmenter: trained, for steps that read lesion masks; None where the manifest's masks serve.
    """

    geometry: Geometry
    grid: PatchGrid | None
    network: Network
    segmenter: Segmenter | None = None

    @property
    def masks(self) -> bool:
        """Whether an image step reads lesion masks."""
        return bool(self.network.steps.mask_readers)


def build(recipe: Recipe) -> Parts:
    """Build the parts of a recipe; what torch draws from here on follows from its seed.

    Raises:
        TejidoError: a name does not exist, weights do not fit, or two values do not go together.
    """
    image = recipe.image
    geometry = geometries.build(image.geometry, image.size, image.short_side)
    grid = grid_of(recipe)
    steps = registry.build(image.steps)
    if steps.mask_readers:
        augment_of(recipe.augmentation).check_mask()
        if grid is not None:
            raise RecipeError("image steps that read lesion masks need whole images, not patches")
    check_options(recipe.training)
    segmenter = None if image.segmenter is None else segmenter_of(recipe, steps)
    torch.manual_seed(recipe.seed)
    return Parts(geometry, grid, network_of(recipe, steps), segmenter)


def segmenter_of(recipe: Recipe, steps: ImageSteps) -> Segmenter:
    """The trained segmenter that a recipe puts in front of its steps.

    Raises:
        RecipeError: no step reads masks, or the two do not see the same square.
        TejidoError: there is no such run, or it is not finished.
    """
    image = recipe.image
    assert image.segmenter is not None
    run = open_run(resolve_path(image.segmenter), SegmentationRecipe)
    size = run.recipe.image.size
    if not steps.mask_readers:
        raise RecipeError("image.segmenter is for steps that read lesion masks, and image.steps has none")
    if (image.geometry, image.size) != ("stretch", size):
        raise RecipeError(
            f"the segmenter sees whole pictures of {size} pixels, and its outline must fit what the network sees: set "
            f"image.geometry to stretch and image.size to {size}"
        )
    return trained_segmenter(run)


def trained_segmenter(run: Run[SegmentationRecipe]) -> Segmenter:
    """The network of a finished segmentation run.

    Raises:
        DataError: it is not finished.
    """
    network = load_best(segmenters.from_recipe(run.recipe), run.folder / "checkpoints" / "best.ckpt")
    return network.requires_grad_(False)


def network_of(recipe: Recipe, steps: ImageSteps | None = None) -> Network:
    """The network that a recipe describes, untrained, channels-last; what it draws comes from torch's generator.

    Args:
        recipe: says which.
        steps: its image steps, where they are built already.
    """
    classes = len(taxonomy.task(recipe.task).labels) + recipe.network.other
    network = zoo.from_recipe(recipe, classes, registry.build(recipe.image.steps) if steps is None else steps)
    return network.to(memory_format=torch.channels_last)
