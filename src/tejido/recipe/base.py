"""What every section of a recipe is, the ranges they share, and what every recipe can do."""

from __future__ import annotations

import hashlib
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Keys of a recipe. They do not change, and others are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Experiment(Section):
    """A whole recipe, of any kind."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    """Also the name of its folder of runs."""
    model: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Name of the model file it makes."""

    def to_yaml(self) -> str:
        """The recipe, fully resolved, every value stated."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)

    def sha256(self) -> str:
        """Hash of the fully resolved recipe."""
        return hashlib.sha256(self.to_yaml().encode()).hexdigest()
