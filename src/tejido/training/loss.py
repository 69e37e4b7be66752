"""Cross-entropy and its focal form, for label indices and for mixed labels."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def classification_loss(
    logits: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0, gamma: float = 0.0
) -> Tensor:
    """Mean over a batch of sum over classes of w q (1 - p)^gamma (-log p).

    p are the softmax of the logits, q the smoothed target shares, w the class weights. With ``gamma`` 0 this is torch's
    ``cross_entropy``, with indices and no smoothing the focal loss (Lin et al. 2017, equation 5). As in torch, the mean
    over labels is weighted by the class weights, the mean over target shares is not.

    Args:
        logits: ``float[B, C]``.
        targets: label indices ``int64[B]``, or shares of the labels ``float[B, C]``, as mixup makes them.
        weights: of the classes, ``float[C]``.
        smoothing: share of every target that is spread evenly over all classes (Szegedy et al. 2016).
        gamma: focusing exponent, 0 or more.
    """
    if gamma == 0:
        return functional.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
    logarithms = functional.log_softmax(logits.float(), 1)
    classes = logits.shape[1]
    hard = targets.ndim == 1
    shares = functional.one_hot(targets, classes).to(logarithms.dtype) if hard else targets
    shares = (1 - smoothing) * shares + smoothing / classes
    # never quite 0, where the slope of a power below 1 has no end
    missing = (-logarithms.expm1()).clamp(min=1e-8)
    terms = -shares * missing**gamma * logarithms
    if weights is not None:
        terms = terms * weights
    total = terms.sum()
    return total / (weights[targets].sum() if hard and weights is not None else len(logits))
