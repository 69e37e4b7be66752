"""What every section of a recipe is, and the ranges they share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Keys of a recipe. They do not change, and others are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
