"""How a generator's images compare with real ones, and whether they are copies of what it learned from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.duplicates.phash import hashes
from tejido.errors import DataError, TejidoError
from tejido.experiments.datasets import split_of
from tejido.experiments.run import Run
from tejido.experiments.synthesis import classes_of, generator_of, training_rows
from tejido.imaging.geometry import CentreSquare, resize
from tejido.metrics import synthetic
from tejido.models import zoo
from tejido.models.network import Network
from tejido.recipe import SynthesisRecipe, resolve_path
from tejido.runtime.classifier import Classifier
from tejido.training.images import batches, decode_all
from tejido.training.memory import kept_memory
from tejido.training.synthesize import samples_of

SEEN = 128
"""Pixels a side at which features are taken, of real and made-up images alike."""
PLANE = 100
"""Images of either kind in the plane of upc2020, figure 47."""
NEAR = 0.01
"""Of the held-out real images, this share is nearer to a training image than the limit."""
COPIES = 0.05
"""Share of samples beyond that limit that is called copying."""
_FRECHET_ROUNDS = 10


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of every made-up one, by one measure.

    Attributes:
        distances: to it.
        places: which it is.
        limit: that ``NEAR`` of the held-out real images lie below.
    """

    distances: NDArray[np.float64]
    places: NDArray[np.int64]
    limit: float

    @property
    def share(self) -> float:
        """Of the made-up images, nearer than the limit."""
        return float((self.distances < self.limit).mean())


@dataclass(frozen=True)
class Resemblance:
    """Everything that was found.

    Attributes:
        figures: for ``resemblance.json``.
        made: samples ``uint8[N, 3, S, S]``.
        train: training images, in the order of the places below.
        nearest: by measure: ``pixels``, ``features``, ``hash``.
        plane: coordinates ``float64[2 x PLANE, 2]``, real ones first.
        explained: share of the variance that the plane holds.
    """

    figures: dict[str, Any]
    made: Tensor
    train: Tensor
    nearest: dict[str, Nearest]
    plane: NDArray[np.float64]
    explained: float


def resemblance(run: Run[SynthesisRecipe], classifier: Classifier | None = None, seed: int = 1) -> Resemblance:
    """Compare samples of a finished run with training images and with held-out real ones.

    Args:
        run: of ``tejido synthesize train``.
        classifier: an independent one, to ask whether a sample shows the class that it was made for.
        seed: of the samples.

    Raises:
        TejidoError: the run is not finished, its data are gone, or the classifier knows none of the classes.
    """
    recipe = run.recipe
    asked = recipe.evaluation
    rows = training_rows(recipe)
    train, held_out = _images(rows, recipe), _held_out(recipe)
    test = _images(held_out, recipe)
    count = min(asked.samples, len(train), len(test)) if len(test) >= PLANE else 0
    if not count:
        raise DataError(f"{len(test)} held-out images are too few to compare with; {PLANE} are needed")
    network = generator_of(run)
    names = classes_of(recipe) if recipe.network.conditional else ()
    labels = _drawn_labels(rows, names, count, seed)
    made = samples_of(network, count, seed=seed, labels=labels)
    judge = zoo.build(asked.features, 2, weights=None if asked.weights is None else resolve_path(asked.weights)).eval()
    features = {name: features_of(judge, images) for name, images in (("train", train), ("test", test), ("made", made))}
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(train))[:count]
    real, others = features["train"][some], features["test"][rng.permutation(len(test))[:count]]
    groups = rows["group_id"].iloc[some]
    figures: dict[str, Any] = {
        "samples": count,
        "features": asked.features,
        "generator": _measures(real, features["made"], groups, asked.bootstrap),
        "floor": _measures(real, others, groups, asked.bootstrap),
    }
    nearest = memorisation(made, train, test, features)
    figures["memorisation"] = _verdict(nearest)
    plane, explained = _plane(train[some[:PLANE]], made[:PLANE])
    figures["plane"] = {"explained": explained, "images": 2 * PLANE}
    if classifier is not None:
        figures["consistency"] = _consistency(made, labels, names, classifier)
    return Resemblance(figures, made, train, nearest, plane, explained)


@torch.inference_mode()
def features_of(network: Network, images: Tensor) -> NDArray[np.float64]:
    """Mean of a network's last feature map for ``uint8[N, 3, S, S]``: ``float64[N, F]``."""
    found = []
    with kept_memory():
        for part in batches(images, 128):
            maps = network.features(part if part.shape[-1] == SEEN else _enlarged(part))
            found.append(maps.mean((2, 3)) if maps.ndim == 4 else maps)
    return torch.cat(found).numpy().astype(np.float64)


def memorisation(
    made: Tensor, train: Tensor, test: Tensor, features: dict[str, NDArray[np.float64]]
) -> dict[str, Nearest]:
    """The nearest training image of every sample: by pixels, by perceptual hash, and by features.

    How near real images come that were not learned from, is the measure of what is too near.

    Args:
        made: samples ``uint8[N, 3, S, S]``.
        train: what was learned from.
        test: real images that were not.
        features: of ``made``, ``train`` and ``test``.
    """
    sides = {"made": made, "train": train, "test": test}
    coarse = {name: _coarse(images) for name, images in sides.items()}
    bits = {name: _bits(images) for name, images in sides.items()}
    return {name: _nearest(table) for name, table in (("pixels", coarse), ("features", features), ("hash", bits))}


def _nearest(table: dict[str, NDArray[np.float64]]) -> Nearest:
    distances, places = synthetic.nearest(table["made"], table["train"])
    usual, _ = synthetic.nearest(table["test"], table["train"])
    return Nearest(distances, places, float(np.quantile(usual, NEAR)))


def _verdict(nearest: dict[str, Nearest]) -> dict[str, Any]:
    shares = {name: found.share for name, found in nearest.items()}
    # A picture that is too near by two measures at once is shown first.
    both = (nearest["pixels"].distances < nearest["pixels"].limit) & (
        nearest["features"].distances < nearest["features"].limit
    )
    copied = bool(max(shares.values()) > COPIES or both.mean() > NEAR)
    return {
        "nearer_than_1_percent_of_real": shares,
        "nearer_by_pixels_and_features": float(both.mean()),
        "verdict": "copies training images" if copied else "no copying found",
    }


def _measures(real: NDArray[Any], made: NDArray[Any], groups: pd.Series, rounds: int) -> dict[str, Any]:
    precision, recall = synthetic.precision_recall(real, made)
    fid = synthetic.interval(synthetic.frechet, real, made, rounds=_FRECHET_ROUNDS)
    return {
        "frechet_distance": asdict(fid),
        "kernel_distance": asdict(synthetic.interval(synthetic.kernel_distance, real, made, rounds=rounds)),
        "precision": precision,
        "recall": recall,
        "two_sample_auc": synthetic.two_sample_auc(real, made, groups),
    }


def _consistency(made: Tensor, labels: Tensor | None, names: tuple[str, ...], classifier: Classifier) -> dict[str, Any]:
    if labels is None or not set(names) <= set(classifier.metadata.label_names):
        raise TejidoError(
            f"{classifier.metadata.name} has the labels {', '.join(classifier.metadata.label_names)}; the generator's "
            f"classes must be among them: {', '.join(names) or 'it has none'}"
        )
    said = [classifier.predict(one.permute(1, 2, 0).contiguous().numpy()).label for one in made]
    wanted = [names[index] for index in labels.tolist()]
    by_class = {
        name: float(np.mean([a == name for a, b in zip(said, wanted, strict=True) if b == name]))
        for name in names
        if name in wanted
    }
    equal = float(np.mean([a == b for a, b in zip(said, wanted, strict=True)]))
    return {"classifier": classifier.metadata.name, "equal": equal, "by_class": by_class}


def _drawn_labels(rows: pd.DataFrame, names: tuple[str, ...], count: int, seed: int) -> Tensor | None:
    """Classes in the shares that they have among the training images, since the two are compared."""
    if not names:
        return None
    drawn = rows["label"].sample(count, replace=True, random_state=seed)
    return torch.tensor([names.index(name) for name in drawn])


def _held_out(recipe: SynthesisRecipe) -> pd.DataFrame:
    table = manifests.read(resolve_path(recipe.data.manifest))
    rows = table[(split_of(recipe.data, table) == "test") & ~table["synthetic"].fillna(False)]
    if recipe.task is not None:
        task = taxonomy.task(recipe.task)
        rows = rows[rows[task.column].map(task.label_of, na_action="ignore").notna()]
    return rows.reset_index(drop=True)


def _images(rows: pd.DataFrame, recipe: SynthesisRecipe) -> Tensor:
    return decode_all(rows["path"], CentreSquare(recipe.image.size), aspects=rows["aspect"])


def _plane(real: Tensor, made: Tensor) -> tuple[NDArray[np.float64], float]:
    """The first plane of a principal component analysis of the pixels, as in upc2020."""
    values = torch.cat([real, made]).flatten(1).double().numpy() / 255
    analysis = PCA(2, random_state=0)
    return analysis.fit_transform(values), float(analysis.explained_variance_ratio_.sum())


def _coarse(images: Tensor) -> NDArray[np.float64]:
    return functional.adaptive_avg_pool2d(images.float(), 16).flatten(1).double().numpy()


def _bits(images: Tensor) -> NDArray[np.float64]:
    """Perceptual hashes as 64 numbers of 0 and 1: their squared distance is Hamming's."""
    small = torch.stack([resize(one, 32, 32) for one in images]).permute(0, 2, 3, 1).numpy()
    values = hashes(small)
    return np.unpackbits(values.view(np.uint8).reshape(len(values), 8), axis=1).astype(np.float64)


def _enlarged(images: Tensor) -> Tensor:
    return torch.stack([resize(one, SEEN, SEEN) for one in images])
