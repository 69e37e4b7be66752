"""A whole recipe."""

from __future__ import annotations

import hashlib
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from tejido.recipe.base import Count, Section
from tejido.recipe.data import Augmentation, Data, Image
from tejido.recipe.distillation import Distillation
from tejido.recipe.learning import Network, Training
from tejido.recipe.result import Evaluation, Export


class Recipe(Section):
    """One experiment."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    """Also the name of its folder of runs."""
    model: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Name of the model file it makes."""
    task: str
    seed: Count = 0
    data: Data
    image: Image = Image()
    network: Network
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    distillation: Distillation | None = None
    """Only for ``tejido distill``."""
    evaluation: Evaluation = Evaluation()
    export: Export = Export()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.network.other and self.image.patches is not None:
            raise ValueError("network.other is for whole images; it does not go with image.patches")
        views = self.distillation is not None and self.distillation.views > 0
        if views and (self.augmentation.mixup or self.augmentation.cutmix):
            raise ValueError("distillation.views are of single images; they do not go with mixup and cutmix")
        return self

    def to_yaml(self) -> str:
        """The recipe, fully resolved, every value stated."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)

    def sha256(self) -> str:
        """Hash of the fully resolved recipe."""
        return hashlib.sha256(self.to_yaml().encode()).hexdigest()
