"""What an experiment is: shape and types only. Names (of a task, a network, weights) are resolved where they are built.

A recipe is a YAML file; every key is documented here, unknown keys are errors. ``${NAME}`` in a path is replaced by an
environment variable; ``TEJIDO_SHARED`` defaults to ``../shared``.
"""

from tejido.recipe.base import Count, Experiment
from tejido.recipe.data import Augmentation, Data, Image, Patches, Synthetic
from tejido.recipe.distillation import Distillation
from tejido.recipe.kinds import load, load_as
from tejido.recipe.learning import Network, Stages, Training
from tejido.recipe.read import override, read, resolve_path, validate
from tejido.recipe.recipe import Recipe
from tejido.recipe.result import Evaluation, Export
from tejido.recipe.segmentation import SegmentationRecipe
from tejido.recipe.synthesis import SynthesisRecipe

__all__ = [
    "Augmentation",
    "Count",
    "Data",
    "Distillation",
    "Evaluation",
    "Experiment",
    "Export",
    "Image",
    "Network",
    "Patches",
    "Recipe",
    "SegmentationRecipe",
    "Stages",
    "SynthesisRecipe",
    "Synthetic",
    "Training",
    "load",
    "load_as",
    "override",
    "read",
    "resolve_path",
    "validate",
]
