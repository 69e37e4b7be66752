"""Model files that outline lesions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tejido.runtime.decode import decode
from tejido.runtime.limits import check_pixels
from tejido.runtime.model_file import ModelFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Outline:
    """Where the lesion is in one picture.

    Attributes:
        mask: ``bool[H, W]`` of the picture's size.
        share: of the picture that the mask covers.
        refused: the picture cannot be judged; the mask is to be ignored.
        reason: code of the refusal rule that held, else None.
        model: name of the model.
        quality: measures of the capture in 0..1, higher is worse.
    """

    mask: NDArray[np.bool_] = field(compare=False)
    share: float
    refused: bool
    reason: str | None
    model: str
    quality: dict[str, float]


class Segmenter(ModelFile):
    """A model file that outlines lesions. Safe to share between threads.

    Args and errors as ``ModelFile``.
    """

    kind = "segmentation"

    def predict(self, image: str | Path | bytes | NDArray[np.uint8]) -> Outline:
        """Outline the lesion in one picture.

        Args:
            image: as for ``Classifier.predict``.

        Raises:
            ImageError: the picture cannot be read, or has an impossible size.
            ModelFileError: the model fails on this picture, or its answer is not a number.
        """
        pixels = check_pixels(image) if isinstance(image, np.ndarray) else decode(image)
        outputs = self.run(pixels)
        self.check_numbers(outputs)
        mask = outputs["mask"].astype(bool)
        reason = self.reason(outputs)
        return Outline(
            mask=mask,
            share=float(mask.mean()),
            refused=reason is not None,
            reason=reason,
            model=self.metadata.name,
            quality=self.quality(outputs),
        )
