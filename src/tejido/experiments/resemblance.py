"""How a generator's images compare with real ones, and whether they are copies of what it learned from."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor

from tejido.data import manifest as manifests
from tejido.data.tables import read_parquet
from tejido.errors import DataError, TejidoError
from tejido.experiments.datasets import split_of
from tejido.experiments.memorisation import Nearest, memorisation, verdict
from tejido.experiments.run import Run
from tejido.experiments.synthesis import classes_of, generator_of, labelled_for, training_rows
from tejido.imaging.geometry import CentreSquare, resize
from tejido.metrics import synthetic
from tejido.models import zoo
from tejido.models.network import Network
from tejido.recipe import SynthesisRecipe, resolve_path
from tejido.recipe.synthesis import Comparison
from tejido.runtime.classifier import Classifier
from tejido.training.images import batches, decode_all
from tejido.training.memory import kept_memory
from tejido.training.synthesize import samples_of

PLANE = 100
"""Images of either kind in the plane of upc2020, figure 47."""
_FRECHET_ROUNDS = 30


@dataclass(frozen=True)
class Resemblance:
    """Everything that was found.

    Attributes:
        figures: for ``resemblance.json``.
        made: samples ``uint8[N, 3, S, S]``.
        train: training images, in the order of the places below.
        nearest: by measure: ``pixels``, ``features``, ``hash``.
        plane: coordinates ``float64[2P, 2]``, those of the real images first.
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
        TejidoError: the run is not finished, its data are gone or have changed, there are no weights for the features,
            or the classifier knows none of the classes.
    """
    recipe = run.recipe
    asked = recipe.evaluation
    rows = training_rows(recipe)
    learned = read_parquet(run.folder / "split.parquet", {"image_id": "string", "group_id": "string"})
    if learned["image_id"].tolist() != rows["image_id"].tolist():
        raise DataError(f"{run.folder}: it has learned from other images than its recipe gives now")
    train, held_out = _images(rows, recipe), _held_out(recipe)
    test = _images(held_out, recipe)
    count = min(asked.samples, len(train), len(test)) if len(test) >= PLANE else 0
    if not count:
        raise DataError(f"{len(test)} held-out images are too few to compare with; {PLANE} are needed")
    network = generator_of(run)
    names = classes_of(recipe) if recipe.network.conditional else ()
    labels = _drawn_labels(rows, names, count, seed)
    made = samples_of(network, count, seed=seed, labels=labels)
    judge, weights = _judge(asked)

    def view(images: Tensor) -> NDArray[np.float64]:
        return features_of(judge, images, asked.size)

    rng = np.random.default_rng(seed)
    some, others = rng.permutation(len(train))[:count], rng.permutation(len(test))[:count]
    real = view(train[some])
    groups = rows["group_id"].iloc[some]
    figures: dict[str, Any] = {
        "samples": count,
        "features": {"network": asked.features, "size": asked.size, "weights": weights},
        "generator": _measures(real, view(made), groups, pd.Series(range(count)), asked.bootstrap),
        "floor": _measures(real, view(test[others]), groups, held_out["group_id"].iloc[others], asked.bootstrap),
    }
    nearest = memorisation(made, train, test, view)
    figures["memorisation"] = verdict(nearest, rows["image_id"].tolist())
    shown = min(PLANE, count)
    plane, explained = _plane(train[some[:shown]], made[:shown])
    figures["plane"] = {"explained": explained, "images": 2 * shown}
    if classifier is not None:
        figures["consistency"] = _consistency(made, labels, test[others], held_out.iloc[others], names, classifier)
    return Resemblance(figures, made, train, nearest, plane, explained)


@torch.inference_mode()
def features_of(network: Network, images: Tensor, size: int) -> NDArray[np.float64]:
    """Mean of a network's last feature map for ``uint8[N, 3, S, S]``, resized to ``size``: ``float64[N, F]``."""
    found = []
    with kept_memory():
        for part in batches(images, 128):
            maps = network.features(part if part.shape[-1] == size else _resized(part, size))
            found.append(maps.mean((2, 3)) if maps.ndim == 4 else maps)
    return torch.cat(found).numpy().astype(np.float64)


def _judge(asked: Comparison) -> tuple[Network, str]:
    """The network whose features are compared, and the SHA-256 of its weights."""
    if asked.weights is None:
        raise DataError("evaluation.weights: name pretrained weights; features of an untrained network mean nothing")
    path = resolve_path(asked.weights)
    network = zoo.build(asked.features, 2, weights=path).eval()
    return network, hashlib.sha256(path.read_bytes()).hexdigest()


def _measures(
    real: NDArray[np.float64], made: NDArray[np.float64], groups: pd.Series, others: pd.Series, rounds: int
) -> dict[str, Any]:
    precision, recall = synthetic.precision_recall(real, made)
    pair = (real, made, groups, others)
    return {
        "frechet_distance": asdict(synthetic.interval(synthetic.frechet, *pair, rounds=_FRECHET_ROUNDS)),
        "kernel_distance": asdict(synthetic.interval(synthetic.kernel_distance, *pair, rounds=rounds)),
        "precision": precision,
        "recall": recall,
        "two_sample_auc": synthetic.two_sample_auc(*pair),
    }


def _consistency(
    made: Tensor,
    labels: Tensor | None,
    test: Tensor,
    held_out: pd.DataFrame,
    names: tuple[str, ...],
    classifier: Classifier,
) -> dict[str, Any]:
    """How often the classifier sees the class that was asked for; the floor is what it sees in real images as small."""
    if labels is None or not set(names) <= set(classifier.metadata.label_names):
        raise TejidoError(
            f"{classifier.metadata.name} has the labels {', '.join(classifier.metadata.label_names)}; the generator's "
            f"classes must be among them: {', '.join(names) or 'it has none'}"
        )
    wanted = [names[index] for index in labels.tolist()]
    return {
        "classifier": classifier.metadata.name,
        "generator": _agreement(made, wanted, classifier),
        "floor": _agreement(test, held_out["label"].tolist(), classifier),
    }


def _agreement(images: Tensor, wanted: list[str], classifier: Classifier) -> dict[str, Any]:
    answers = [classifier.predict(one.permute(1, 2, 0).contiguous().numpy()) for one in images]
    table = pd.DataFrame({"wanted": wanted, "equal": [a.label == b for a, b in zip(answers, wanted, strict=True)]})
    by_class = table.groupby("wanted")["equal"].mean()
    return {
        "equal": float(table["equal"].mean()),
        "mean_of_classes": float(by_class.mean()),
        "by_class": {str(name): float(value) for name, value in by_class.items()},
        "refused": float(np.mean([answer.refused for answer in answers])),
    }


def _drawn_labels(rows: pd.DataFrame, names: tuple[str, ...], count: int, seed: int) -> Tensor | None:
    """Classes in the shares that they have among the training images, since the two are compared."""
    if not names:
        return None
    drawn = rows["label"].sample(count, replace=True, random_state=seed)
    return torch.tensor([names.index(name) for name in drawn])


def _held_out(recipe: SynthesisRecipe) -> pd.DataFrame:
    table = manifests.read(resolve_path(recipe.data.manifest))
    rows = table[(split_of(recipe.data, table) == "test") & ~table["synthetic"].fillna(False)]
    return labelled_for(recipe, rows).reset_index(drop=True)


def _images(rows: pd.DataFrame, recipe: SynthesisRecipe) -> Tensor:
    return decode_all(rows["path"], CentreSquare(recipe.image.size), aspects=rows["aspect"])


def _plane(real: Tensor, made: Tensor) -> tuple[NDArray[np.float64], float]:
    """The first plane of a principal component analysis of the pixels, as in upc2020."""
    values = torch.cat([real, made]).flatten(1).double().numpy() / 255
    analysis = PCA(2, random_state=0)
    return analysis.fit_transform(values), float(analysis.explained_variance_ratio_.sum())


def _resized(images: Tensor, size: int) -> Tensor:
    return torch.stack([resize(one, size, size) for one in images])
