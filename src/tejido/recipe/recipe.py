"""The recipe of a classifier."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from tejido.recipe.base import Count, Experiment
from tejido.recipe.data import Augmentation, Data, Image
from tejido.recipe.distillation import Distillation
from tejido.recipe.learning import Network, Training
from tejido.recipe.result import Evaluation, Export


class Recipe(Experiment):
    """A classifier."""

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
