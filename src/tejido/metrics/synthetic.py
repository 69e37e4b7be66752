"""How near made-up images come to real ones, measured on features of a frozen network ``float[N, F]``.

Everything here holds for the network whose features are compared, and says nothing about any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tejido.metrics.bootstrap import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def frechet(real: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """Squared Fréchet distance between two normal distributions fitted to the features (Heusel et al. 2017: FID).

    It is biased: with few images it is too high, so that only figures for equally many can be compared.
    """
    means = real.mean(0) - made.mean(0)
    covariances = [np.cov(one, rowvar=False) for one in (real, made)]
    # The trace of a product's root, by its eigenvalues: with few images the product is singular and has no root.
    values = np.linalg.eigvals(covariances[0] @ covariances[1]).real
    root = np.sqrt(np.maximum(values, 0)).sum()
    return float(means @ means + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root)


def kernel_distance(real: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Bińkowski et al. 2018: KID); unbiased."""
    one, other = len(real), len(made)
    dimension = real.shape[1]

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return (a @ b.T / dimension + 1) ** 3  # type: ignore[no-any-return]

    among = kernel(real, real), kernel(made, made)
    within = [(values.sum() - np.trace(values)) / (n * (n - 1)) for values, n in zip(among, (one, other), strict=True)]
    return float(sum(within) - 2 * kernel(real, made).mean())


def precision_recall(real: NDArray[np.float64], made: NDArray[np.float64], neighbours: int = 3) -> tuple[float, float]:
    """Share of made-up images within the real manifold, and of real ones within the made-up one.

    After Kynkäänniemi et al. 2019. A manifold is made of balls around its images that reach to the ``neighbours``-th
    nearest of them.
    """
    return _covered(made, real, neighbours), _covered(real, made, neighbours)


def two_sample_auc(
    real: NDArray[np.float64], made: NDArray[np.float64], groups: pd.Series, others: pd.Series, *, seed: int = 0
) -> float:
    """AUC of a logistic regression that tells made-up from real images, five-fold; 0.5 where it cannot.

    Args:
        real: features.
        made: features.
        groups: of the real images; the images of a group stay on one side of a fold.
        others: groups of ``made``, likewise.
        seed: of the folds.
    """
    features = np.concatenate([real, made])
    truth = np.repeat([0, 1], [len(real), len(made)])
    names = np.concatenate(["a " + groups.astype(str).to_numpy(object), "b " + others.astype(str).to_numpy(object)])
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    scores = cross_val_predict(judge, features, truth, groups=names, cv=folds, method="decision_function")
    return float(roc_auc_score(truth, scores))


def interval(
    measure: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    real: NDArray[np.float64],
    made: NDArray[np.float64],
    groups: pd.Series,
    others: pd.Series,
    *,
    rounds: int = 200,
    seed: int = 0,
) -> Estimate:
    """A measure with a 95 % interval: halves of the groups drawn without replacement, their spread scaled to the whole.

    Drawing with replacement would put equal images into both, which these measures take for closeness. Where both are
    of one kind, as in the floor, halves vary more than that scaling knows, and the interval is too wide.

    Args:
        measure: of two tables of features.
        real: features.
        made: features.
        groups: of ``real``.
        others: of ``made``.
        rounds: at least 2.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    value = measure(real, made)
    draws = [measure(real[_half(groups, rng)], made[_half(others, rng)]) for _ in range(rounds)]
    # Of m out of n without replacement the variance is (n - m) / m times that of all n; with halves that is 1.
    half = float(t.ppf(0.975, rounds - 1) * np.std(draws, ddof=1))
    return Estimate(value, value - half, value + half)


def nearest(asked: NDArray[np.float64], among: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distance of every row to its nearest among others, and which that is."""
    distances, places = NearestNeighbors(n_neighbors=1).fit(among).kneighbors(asked)
    return distances[:, 0], places[:, 0]


def _half(groups: pd.Series, rng: np.random.Generator) -> NDArray[np.bool_]:
    codes, names = groups.factorize()
    return np.isin(codes, rng.permutation(len(names))[: len(names) // 2])


def _covered(asked: NDArray[np.float64], manifold: NDArray[np.float64], neighbours: int) -> float:
    among = NearestNeighbors(n_neighbors=neighbours + 1).fit(manifold)
    reach = among.kneighbors(manifold)[0][:, -1]
    squared = (asked**2).sum(1)[:, None] + (manifold**2).sum(1)[None] - 2 * asked @ manifold.T
    return float((np.sqrt(np.maximum(squared, 0)) <= reach[None]).any(1).mean())
