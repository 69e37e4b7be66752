"""What a student is told besides the labels: a teacher's answers, its features, or its sense of likeness."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def soft_targets(logits: Tensor, temperature: float) -> Tensor:
    """Softened answers, the mean over an ensemble.

    Args:
        logits: ``float[K, B, C]`` of K teachers.
        temperature: tau, above 0; the higher, the more even the answers.

    Returns:
        ``float32[B, C]``, rows that sum to 1.
    """
    return torch.softmax(logits.float() / temperature, dim=2).mean(0)


def response_loss(student: Tensor, targets: Tensor, temperature: float, *, squared: bool = False) -> Tensor:
    """Cross-entropy between softened answers, uis2022's second term: the mean of -sum q log softmax(z / tau).

    Its slope in the logits is at most 1/tau, and for a high tau about 1/tau^2 of that of the labels' loss. Hinton et
    al. (2015, section 2) therefore multiply it by tau^2, so that a grid over tau does not also change the weights of
    the two terms; uis2022's formula does not.

    Args:
        student: logits ``float[B, C]``.
        targets: of ``soft_targets``, at the same temperature.
        temperature: tau, above 0.
        squared: multiply by tau^2.
    """
    logarithms = functional.log_softmax(student.float() / temperature, dim=1)
    loss = -(targets * logarithms).sum(1).mean()
    return loss * temperature**2 if squared else loss


def hint_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """How far a student's map is from a teacher's: squared distance over the teacher's own squares.

    FitNets' loss (Romero et al. 2015, equation 3), relative, so that its weight does not depend on the size of the
    teacher's activations. A map of zeros scores 1. The larger map is averaged to the size of the smaller one.

    Args:
        student: ``float[B, C, h, w]``, adapted to the teacher's channels.
        teacher: ``float[B, C, h', w']``.
    """
    size = min(student.shape[2], teacher.shape[2]), min(student.shape[3], teacher.shape[3])
    student, teacher = (functional.adaptive_avg_pool2d(part.float(), size) for part in (student, teacher))
    return (student - teacher).square().sum() / teacher.square().sum().clamp(min=1e-12)


def similarity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Whether two networks find the same images of a batch alike (Tung and Mori 2019, equations 1 to 4).

    The Gram matrices of all images' flattened maps, each row scaled to length 1, and the mean of their squared
    differences. Needs no adapter: only the batch must be the same.

    Args:
        student: ``float[B, ...]``, maps or vectors.
        teacher: ``float[B, ...]``, of any other shape.
    """

    def likeness(maps: Tensor) -> Tensor:
        flat = maps.float().flatten(1)
        return functional.normalize(flat @ flat.T, dim=1)

    return (likeness(student) - likeness(teacher)).square().mean()
