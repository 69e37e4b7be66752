"""The section on what teaches a student beside the labels."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Count, Positive, Section, Share
from tejido.recipe.learning import Network


class Distillation(Section):
    """What a student is taught beside the labels: alpha x (loss of the labels) + beta x (loss of the guide)."""

    kind: Literal["response", "feature", "relation", "online", "self"] = "response"
    """``response``: a teacher's softened answers; ``feature``: its maps; ``relation``: which images it finds alike;
    ``online``: a peer that learns at the same time; ``self``: the student of earlier epochs. ``docs/distillation.md``
    says more."""
    teachers: list[str] = Field(default_factory=list)
    """Folders of finished runs. Several are an ensemble, which only ``response`` takes."""
    alpha: Share = 0.2
    """Weight of the labels."""
    beta: Annotated[float, Field(ge=0)] | None = None
    """Weight of the guide; by default 1 - alpha."""
    temperature: Positive = 1.0
    """Tau: how much answers are softened, in ``response``, ``online`` and ``self``."""
    temperature_squared: bool = False
    """Multiply the loss of softened answers by tau squared, as Hinton et al. do and uis2022 does not."""
    hints: dict[str, str] = Field(default_factory=dict)
    """For ``feature``: names of the student's layers and of the teacher's that they shall resemble; by default the last
    maps of both."""
    peer: Network | None = None
    """For ``online``: the other network."""
    every: Annotated[int, Field(ge=1)] = 1
    """For ``self``: epochs from one copy of the student to the next."""
    views: Count = 0
    """For ``response``: prepare so many augmented views of every image, one an epoch in turn, and ask the teachers once
    about each; their answers are kept in the first teacher's folder. 0 augments anew in every epoch and asks always."""

    @property
    def weight(self) -> float:
        """Beta."""
        return 1 - self.alpha if self.beta is None else self.beta

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        taught = self.kind in ("response", "feature", "relation")
        if taught != bool(self.teachers):
            raise ValueError(f"{self.kind} " + ("needs teachers" if taught else "has no finished teachers"))
        if len(self.teachers) > 1 and self.kind != "response":
            raise ValueError(f"{self.kind} takes one teacher; an ensemble can only teach by response")
        if (self.kind == "online") != (self.peer is not None):
            lacking = "online needs a peer, which is written like network"
            raise ValueError(lacking if self.peer is None else f"a peer is for online, not for {self.kind}")
        if self.hints and self.kind != "feature":
            raise ValueError(f"hints are for feature, not for {self.kind}")
        if self.views and self.kind != "response":
            raise ValueError(f"views are for response, not for {self.kind}")
        if self.alpha == 0 and self.weight == 0:
            raise ValueError("alpha and beta are both 0; nothing would be learned")
        return self
