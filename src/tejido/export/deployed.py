"""The whole path from pixels to answer as one torch module: what the model file executes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.export.aggregate import Aggregate
from tejido.export.outlining import absence_of, mask_of
from tejido.imaging.geometry import Geometry
from tejido.imaging.patches import Patches
from tejido.imaging.quality import Quality
from tejido.metrics.calibration import Calibration
from tejido.models.context import stack
from tejido.models.heads import FusedHead
from tejido.models.network import Network
from tejido.models.segmenter import Segmenter
from tejido.runtime.limits import MIN_SIDE


class Deployed(nn.Module):
    """Geometry, capture quality, outline, network, calibration and, where there is one, the heatmap.

    Where the picture is cut into patches, its answer is what they say together, its quality the mean of theirs, and
    its heatmap their grid: the probabilities of every patch.

    Args:
        geometry: from any size to the network's, in one square or in patches.
        network: trained.
        calibration: scale (one, or one a label) and bias of the logits, fitted on validation.
        aggregate: the rule for patches; None where the picture is one square.
        labels: number of labels; one less than the network's classes where its last one stands for none of them.
        segmenter: outlines the lesion for a network that reads masks, in the square that the network sees.

    Raises:
        RecipeError: the network reads lesion masks, and there is no segmenter.
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
        segmenter: Segmenter | None = None,
    ) -> None:
        super().__init__()
        assert (aggregate is None) == (not isinstance(geometry, Patches))
        if network.steps.mask_readers and segmenter is None:
            raise RecipeError(
                f"image step {network.steps.mask_readers[0]} reads a lesion mask, so a model file needs a segmenter in "
                "front (image.segmenter); nothing was exported"
            )
        self.geometry = geometry
        self.quality = Quality()
        self.network = network
        self.segmenter = segmenter
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
        outline = ("mask", "absence") if self.segmenter is not None else ()
        return ("probabilities", *heatmap, "quality", *(("novelty",) if self.refuses else ()), *outline)

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

        With a segmenter also a mask ``uint8[H, W]`` of 0 and 1, and absence ``[1]`` (see ``Outlining``). Heatmap and
        novelty are there where the network has them. Probabilities are those of the labels, given that the
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
        if "shares" in answer:
            answer["mask"] = mask_of(answer["shares"], image)
        return tuple(answer[name][0] for name in self.outputs)

    def answer(self, squares: Tensor, context: Tensor | None = None) -> dict[str, Tensor]:
        """All outputs for squares ``uint8[B, 3, S, S]``, by name; the heatmap covers the square.

        In the place of the mask stands ``shares``: how likely each pixel of the square is to be lesion.

        Args:
            squares: what the geometry makes of pictures or patches.
            context: ``float32[B, 3]`` as in ``models.context``, or None.
        """
        found = {"quality": self.quality(squares)}
        seen = squares
        if self.segmenter is not None:
            found["shares"] = torch.sigmoid(self.segmenter(squares))
            found["absence"] = absence_of(found["shares"])
            seen = torch.cat([squares, (found["shares"] >= 0.5).to(torch.uint8) * 255], dim=1)
        features = self.network.features(seen)
        logits = self.network.logits(features, context)
        if self.refuses:
            found["novelty"] = torch.softmax(logits, dim=1)[:, self.labels :]
            logits = logits[:, : self.labels]
        found["probabilities"] = torch.softmax(logits * self.scale + self.bias, dim=1)
        if self.network.heatmap and self.aggregate is None:
            maps = self.network.activation_maps(features)
            maps = maps[:, : self.labels] if self.refuses else maps
            found["heatmap"] = self.network.steps.restore(maps, seen.float())
        return found
