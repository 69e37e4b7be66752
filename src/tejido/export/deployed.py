"""The whole path from pixels to answer as one torch module: what the model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.export.aggregate import Aggregate
from tejido.imaging.geometry import Geometry
from tejido.imaging.patches import Patches
from tejido.imaging.quality import Quality
from tejido.metrics.calibration import Calibration
from tejido.models.context import stack
from tejido.models.heads import FusedHead
from tejido.models.network import Network
from tejido.runtime.limits import MIN_SIDE


class Deployed(nn.Module):
    """Geometry, capture quality, network, calibration and, where there is one, the heatmap.

    Where the picture is cut into patches, its answer is what they say together, its quality the mean of theirs, and
    its heatmap their grid: the probabilities of every patch.

    Args:
        geometry: from any size to the network's, in one square or in patches.
        network: trained.
        calibration: scale and bias of the logits, fitted on validation.
        aggregate: the rule for patches; None where the picture is one square.
        labels: number of labels; one less than the network's classes where its last one stands for none of them.

    Raises:
        RecipeError: the network reads lesion masks, which a model file has not.
    """

    scale: Tensor
    bias: Tensor

    def __init__(
        self,
        geometry: Geometry | Patches,
        network: Network,
        calibration: Calibration,
        *,
        aggregate: Aggregate | None = None,
        labels: int | None = None,
    ) -> None:
        super().__init__()
        assert (aggregate is None) == (not isinstance(geometry, Patches))
        if network.steps.mask_readers:
            raise RecipeError(
                f"image step {network.steps.mask_readers[0]} reads a lesion mask, so a model file needs a segmenter in "
                "front; nothing was exported"
            )
        self.geometry = geometry
        self.quality = Quality()
        self.network = network
        self.aggregate = aggregate
        self.labels = network.classes if labels is None else labels
        assert network.classes - self.labels in (0, 1)
        self.register_buffer("scale", torch.tensor(calibration.scale, dtype=torch.float32))
        self.register_buffer("bias", torch.tensor(calibration.bias, dtype=torch.float32))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what ``forward`` takes."""
        return ("image", "age", "sex", "site") if isinstance(self.network.head, FusedHead) else ("image",)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what ``forward`` returns; a network without a heatmap leaves that one out."""
        heatmap = ("heatmap",) if self.network.heatmap or self.aggregate is not None else ()
        return ("probabilities", *heatmap, "quality", *(("novelty",) if self.refuses else ()))

    @property
    def refuses(self) -> bool:
        """Whether it also says how likely it is that the picture has none of the labels."""
        return self.network.classes > self.labels

    @property
    def smallest(self) -> tuple[int, int]:
        """Least width and height of a picture, in pixels."""
        if isinstance(self.geometry, Patches):
            return max(MIN_SIDE, self.geometry.grid.width), max(MIN_SIDE, self.geometry.grid.height)
        return MIN_SIDE, MIN_SIDE

    def forward(
        self, image: Tensor, age: Tensor | None = None, sex: Tensor | None = None, site: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """From a picture to probabilities ``[C]``, heatmap ``[C, h, w]`` in 0..1, quality ``[3]`` and novelty ``[1]``.

        Heatmap and novelty are there where the network has them. Probabilities are those of the labels, given that the
        picture has one of them; novelty is the probability that it has none.

        Args:
            image: ``uint8[H, W, 3]``.
            age: ``float32[]`` in years, NaN where unknown; only for a network that takes it, like the others.
            sex: ``int64[]``, its code in ``tejido.context``.
            site: ``int64[]``, likewise.
        """
        seen = self.geometry(image.permute(2, 0, 1))
        squares = seen if isinstance(self.geometry, Patches) else seen.unsqueeze(0)
        context = None
        if age is not None and sex is not None and site is not None:
            context = stack(age, sex, site).expand(len(squares), -1)
        answer = self.answer(squares, context)
        probabilities, quality = answer["probabilities"], answer["quality"]
        if isinstance(self.geometry, Patches):
            assert self.aggregate is not None
            grid = self.geometry.grid
            heatmap = probabilities.transpose(0, 1).reshape(-1, grid.rows, grid.columns)
            return self.aggregate(probabilities), heatmap, quality.mean(0)
        if "heatmap" in answer:
            answer["heatmap"] = self.geometry.restore(answer["heatmap"])
        return tuple(answer[name][0] for name in self.outputs)

    def answer(self, squares: Tensor, context: Tensor | None = None) -> dict[str, Tensor]:
        """All outputs for squares ``uint8[B, 3, S, S]``, by name; the heatmap covers the square.

        Args:
            squares: what the geometry makes of pictures or patches.
            context: ``float32[B, 3]`` as in ``models.context``, or None.
        """
        features = self.network.features(squares)
        logits = self.network.logits(features, context)
        found = {"quality": self.quality(squares)}
        if self.refuses:
            found["novelty"] = torch.softmax(logits, dim=1)[:, self.labels :]
            logits = logits[:, : self.labels]
        found["probabilities"] = torch.softmax(logits * self.scale + self.bias, dim=1)
        if self.network.heatmap and self.aggregate is None:
            maps = self.network.activation_maps(features)
            maps = maps[:, : self.labels] if self.refuses else maps
            found["heatmap"] = self.network.steps.restore(maps, squares.float())
        return found
