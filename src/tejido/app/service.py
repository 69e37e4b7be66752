"""What the routes share: the models, the queue before them, and the limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tejido.app.cards import model_entry
from tejido.app.errors import ApiError
from tejido.app.schemas import Classification, HeatmapGrid, MaskRuns, ModelList, PossibleLabels
from tejido.errors import ContextError, ImageError, ModelFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tejido.app.limits import Limits
    from tejido.app.monitoring import Monitoring
    from tejido.app.shelf import Shelf
    from tejido.app.work import Workroom


@dataclass(frozen=True)
class Service:
    """The part of the server that answers about pictures.

    Attributes:
        shelf: the models.
        room: where pictures are judged.
        limits: how much is taken on at once.
        max_upload_bytes: largest picture file accepted.
        cases: whether cases are kept.
        monitoring: the metrics, where they are kept.
    """

    shelf: Shelf
    room: Workroom
    limits: Limits
    max_upload_bytes: int
    cases: bool = False
    monitoring: Monitoring | None = None

    @property
    def max_batch_bytes(self) -> int:
        """Largest batch accepted."""
        return self.max_upload_bytes * self.batch_places

    @property
    def batch_places(self) -> int:
        """How many places of the queue one batch takes."""
        return min(self.limits.batch_uploads, self.room.places)

    def check(self, name: str, context: dict[str, Any]) -> None:
        """See that there is such a model, and that it takes what is told beside the picture. May load the model.

        Raises:
            ApiError: 404 no such model, 422 it cannot be used, or takes no such thing.
        """
        try:
            self.shelf.get(name).encode(**context)
        except ContextError as error:
            raise ApiError(422, "bad_parameter", str(error)) from None

    def library(self) -> ModelList:
        """Every model, and what clients need to know before they send anything; blocks."""
        return ModelList(
            default=self.shelf.default,
            max_upload_bytes=self.max_upload_bytes,
            max_batch_bytes=self.max_batch_bytes,
            max_batch_pictures=self.limits.batch_pictures,
            cases=self.cases,
            models=[model_entry(entry, self.shelf.digest(entry.path)) for entry in self.shelf.entries()],
        )

    def classify(
        self, name: str, picture: bytes, context: dict[str, Any], *, heatmap: bool = False, mask: bool = False
    ) -> Classification:
        """The answer of model ``name`` for one picture; blocks.

        Raises:
            ApiError: 422, the picture or the model cannot be used.
        """
        classifier = self.shelf.get(name)
        try:
            answer = classifier.predict(picture, **context)
        except ImageError as error:
            raise ApiError(422, "unreadable_image", str(error)) from None
        except ModelFileError as error:  # a file that loads but whose answers are not numbers
            raise ApiError(422, "unusable_model", str(error)) from None
        if self.monitoring is not None and answer.reason is not None:
            self.monitoring.unjudged(answer.reason)
        grid = None
        if heatmap and answer.heatmap is not None:
            grid = HeatmapGrid(rows=answer.heatmap.tolist(), frame=classifier.metadata.frame)
        return Classification(
            label=answer.label,
            probabilities=answer.probabilities,
            refused=answer.refused,
            reason=answer.reason,
            quality=answer.quality,
            possible=None
            if answer.possible is None
            else PossibleLabels(coverage=answer.possible.coverage, labels=list(answer.possible.labels)),
            model=name,
            heatmap=grid,
            mask=_runs(answer.mask) if mask and answer.mask is not None else None,
        )


def _runs(mask: NDArray[np.bool_]) -> MaskRuns:
    inside = np.concatenate([[False], mask.ravel(), [False]])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    runs = np.diff(np.concatenate([[0], edges, [mask.size]]))
    height, width = mask.shape
    return MaskRuns(width=width, height=height, runs=runs[: len(runs) if runs[-1] else -1].tolist())
