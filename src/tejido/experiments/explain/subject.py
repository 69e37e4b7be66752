"""A trained network as something to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.errors import DataError, ImageError, RecipeError
from tejido.experiments.build import build
from tejido.experiments.datasets import split_of
from tejido.experiments.run import Run
from tejido.imaging.geometry import Geometry
from tejido.models.network import Network
from tejido.recipe import Recipe, resolve_path
from tejido.runtime.decode import open_image
from tejido.training.course import load_best
from tejido.training.masks import usable_masks


class Behind(nn.Module):
    """The network behind its image steps: from what it sees, ``float32[B, 3, S, S]`` in 0..255, to logits.

    All its own, so that gradients reach the picture also where a step before it has none.

    Args:
        network: trained.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    @property
    def body(self) -> nn.Module:
        """Ends in the last feature map, where the network has a heatmap."""
        return self.network.body

    def forward(self, seen: Tensor) -> Tensor:
        """Logits ``float32[B, C]``; age, sex and site are unknown."""
        network = self.network
        return network.logits(network.body((seen - network.mean) / network.std))


@dataclass(frozen=True)
class Subject:
    """What is explained.

    Attributes:
        name: of its model, for people.
        folder: of its run.
        recipe: of its run.
        geometry: from a picture to the square that it sees.
        network: trained, in evaluation mode.
        behind: the same, behind its image steps.
        labels: in the order of the logits.
        positive: of a binary task, or None.
    """

    name: str
    folder: Path
    recipe: Recipe
    geometry: Geometry
    network: Network
    behind: Behind
    labels: tuple[str, ...]
    positive: str | None

    @classmethod
    def of_run(cls, folder: Path) -> Subject:
        """The network of a finished run.

        Raises:
            DataError: it is no finished run.
            RecipeError: it judges patches, or reads masks of a manifest, which a picture alone does not have.
        """
        run = Run.open(folder)
        run.read_json("metrics.json")
        built = build(run.recipe)
        if built.grid is not None:
            raise RecipeError(
                f"{folder}: it judges patches, and its map is their own answers: tejido classify --heatmap"
            )
        if built.masks:
            raise RecipeError(f"{folder}: its network reads lesion masks, which a picture alone does not have")
        network = load_best(built.network, folder / "checkpoints" / "best.ckpt").eval()
        task = taxonomy.task(run.recipe.task)
        behind = Behind(network).eval()
        name = run.recipe.model
        return cls(name, folder, run.recipe, built.geometry, network, behind, task.label_names, task.positive)

    def squares(self, pictures: list[NDArray[np.uint8]]) -> Tensor:
        """What the geometry makes of pictures, ``uint8[B, 3, S, S]``."""
        made = [self.geometry(torch.from_numpy(np.array(one)).permute(2, 0, 1)) for one in pictures]
        return torch.stack(made)

    def seen(self, squares: Tensor) -> Tensor:
        """What the network sees behind its image steps, ``float32[B, 3, S, S]`` in 0..255."""
        with torch.inference_mode():
            found: Tensor = self.network.steps(squares.float())
        return found.clone()  # such as gradients can be asked for

    def targets(self, squares: Tensor, label: str | None = None) -> Tensor:
        """Whose evidence is shown, ``int64[B]``: ``label``, or the positive one, or what the network finds likeliest.

        Raises:
            DataError: there is no such label.
        """
        label = label or self.positive
        if label is None:
            with torch.inference_mode():
                likeliest: Tensor = self.network(squares)[:, : len(self.labels)].argmax(1)
            return likeliest.clone()
        if label not in self.labels:
            raise DataError(f"{label!r} is no label of {self.name}; there are: {', '.join(self.labels)}")
        return torch.full((len(squares),), self.labels.index(label))

    def masks(self, rows: pd.DataFrame) -> NDArray[np.bool_] | None:
        """Lesions in the square, ``bool[B, S, S]``, empty where a mask is missing or of no use; None without any."""
        outlined = rows["mask_path"].notna().to_numpy(bool)
        size = self.geometry.size
        found = np.zeros((len(rows), size, size), bool)
        masks, unfit = usable_masks(rows[outlined], self.geometry)
        good = outlined & ~rows["image_id"].isin(list(unfit)).to_numpy(bool)
        found[good] = masks[:, 0].numpy() > 0
        return found if good.any() else None


def side_of(subject: Subject, side: str) -> pd.DataFrame:
    """Manifest rows of the run's ``train``, ``val`` or ``test`` images that have a label, with a column ``label``.

    Raises:
        DataError: the manifest or the split is gone.
    """
    recipe = subject.recipe
    task = taxonomy.task(recipe.task)
    table = manifests.read(resolve_path(recipe.data.manifest))
    table["label"] = table[task.column].map(task.label_of, na_action="ignore").astype("string")
    chosen = (split_of(recipe.data, table) == side) & table["label"].notna() & table["modality"].map(task.admits)
    return table[chosen].reset_index(drop=True)


def some(rows: pd.DataFrame, count: int, seed: int = 0) -> pd.DataFrame:
    """About ``count`` rows, as many of each label, no two of one group, drawn by lot."""
    alone = rows.sample(frac=1, random_state=seed).drop_duplicates("group_id")
    labels = alone["label"].nunique()
    each = -(-count // max(1, labels))
    return alone.groupby("label", sort=True).head(each).sort_values("label", kind="stable").reset_index(drop=True)


def read(paths: list[Path]) -> list[NDArray[np.uint8]]:
    """Pixels of picture files.

    Raises:
        ImageError: one cannot be read; the message names it.
    """
    found = []
    for path in paths:
        try:
            found.append(np.asarray(open_image(str(path))))
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from None
    return found
