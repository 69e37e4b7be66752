"""Several model files, or several looks at a picture, that answer together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tejido.errors import ModelFileError
from tejido.runtime.classifier import Classifier, Prediction
from tejido.runtime.metadata import Metadata

VIEWS = (1, 2, 4, 8)
"""How often a picture may be looked at: as it is; and mirrored; and upside down; and turned by 90 degrees."""


class Together:
    """The mean of the probabilities of model files, over several views of a picture (test-time augmentation).

    A lesion has no upside and no left, so each view is as good as the picture. Together they have no threshold: one
    must be chosen on validation.

    Args:
        models: of the same task, with the same labels.
        views: how many looks each of them takes, one of ``VIEWS``.

    Raises:
        ModelFileError: their labels differ.
    """

    def __init__(self, models: Sequence[Classifier], views: int = 1) -> None:
        first = models[0].metadata
        for model in models[1:]:
            if model.metadata.label_names != first.label_names or model.metadata.task != first.task:
                raise ModelFileError(f"{model.metadata.name} and {first.name} do not have the same task and labels")
        assert views in VIEWS
        self._models = tuple(models)
        self._views = views

    @property
    def metadata(self) -> Metadata:
        """Of the first, under the names of all."""
        names = " + ".join(model.metadata.name for model in self._models)
        return replace(self._models[0].metadata, name=names if self._views == 1 else f"{names}, {self._views} views")

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """The mean answer, with the label that is likeliest; refused where any of the models refuses the picture.

        Args:
            pixels: ``uint8[H, W, 3]``.
        """
        given = [model.predict(pixels) for model in self._models]
        looks = [
            *given,
            *(
                model.predict(np.ascontiguousarray(view))
                for view in views(pixels, self._views)[1:]
                for model in self._models
            ),
        ]
        names = self._models[0].metadata.label_names
        mean = {name: float(np.mean([look.probabilities[name] for look in looks])) for name in names}
        reason = next((answer.reason for answer in given if answer.refused), None)
        label = max(mean, key=mean.__getitem__)
        return replace(
            given[0], label=label, probabilities=mean, heatmap=None, refused=reason is not None, reason=reason
        )


def views(pixels: NDArray[np.uint8], count: int) -> list[NDArray[np.uint8]]:
    """The first ``count`` of the picture's eight views: mirrored or not, upside down or not, turned or not."""
    turned = [pixels, pixels.transpose(1, 0, 2)]
    found = [one[::down, ::across] for one in turned for down in (1, -1) for across in (1, -1)]
    return found[:count]
