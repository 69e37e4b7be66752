"""A finished run as something to make other files of."""

from __future__ import annotations

from functools import cached_property

import onnx

from tejido.errors import RecipeError
from tejido.experiments.build import Parts, build
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.judge import Judged, deployed, judge
from tejido.experiments.run import Run
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph
from tejido.models.network import Network
from tejido.recipe import Recipe
from tejido.training.course import load_best


class Source:
    """A finished run, loaded once for any number of exports and compressions.

    Args:
        run: finished, with its checkpoint.

    Raises:
        DataError: the run is not finished, or its data are not there.
        RecipeError: its network reads lesion masks without a segmenter, so it has no model file.
    """

    def __init__(self, run: Run) -> None:
        run.read_json("metrics.json")
        self.run = run
        self.recipe: Recipe = run.recipe
        self.built: Parts = build(self.recipe)
        built = self.built
        if built.masks and built.segmenter is None:
            raise RecipeError(f"{run.folder}: its network reads lesion masks and has no model file")
        self.parts: dict[str, Part] = load_parts(
            self.recipe, built.geometry, built.grid, masks=built.masks, segmenter=built.segmenter
        )
        self.network: Network = load_best(self.built.network, run.folder / "checkpoints" / "best.ckpt")
        self.judged: Judged = judge(self.recipe, self.built, self.network, self.parts)

    @cached_property
    def deployed(self) -> Deployed:
        """The run's network from picture to answer."""
        return deployed(self.recipe, self.built, self.network, self.judged.calibrated)

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """Of ``deployed``, with weights in float32; to be copied before it is changed."""
        return export_graph(self.deployed)
