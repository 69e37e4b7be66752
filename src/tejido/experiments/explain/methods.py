"""Maps of the evidence for a label, by name: which parts of the picture raised its score.

Every method is a function of a subject, of what its network sees behind its image steps (``float32[B, 3, S, S]``), and
of the labels asked for; it returns ``float32[B, S, S]``, without a scale that could be compared between pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.errors import DataError
from tejido.models.heads import SigmoidHead

if TYPE_CHECKING:
    from tejido.experiments.explain.subject import Behind, Subject

STEPS = 32
"""Of the path of integrated gradients."""
WINDOW, STRIDE = 4, 8
"""The occluding square is a 4th of the side, and moves by an 8th."""

Method = Callable[["Subject", Tensor, Tensor], Tensor]


def maps(subject: Subject, name: str, squares: Tensor, targets: Tensor) -> Tensor:
    """Evidence for a label in every picture.

    Args:
        subject: what is explained.
        name: a key of ``METHODS``.
        squares: pictures, ``uint8[B, 3, S, S]``.
        targets: place of the label asked for, ``int64[B]``.

    Returns:
        ``float32[B, S, S]`` over the squares: the largest value of each picture is 1, or all are 0 where there is no
        evidence.

    Raises:
        DataError: there is no such method, or the network has no map that it could show.
    """
    if name not in METHODS:
        raise DataError(f"there is no method {name!r}; there are: {', '.join(METHODS)}")
    found = METHODS[name](subject, subject.seen(squares), targets).clamp(min=0)
    largest = found.amax((1, 2), keepdim=True)
    scaled = torch.where(largest > 0, found / largest.clamp(min=1e-30), torch.zeros_like(found))
    return subject.network.steps.restore(scaled[:, None], squares.float())[:, 0]


def cam(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """Class activation maps (Zhou et al. 2016), which the model file holds: see ``Network.activation_maps``."""
    network, head = subject.network, subject.network.head
    if not network.heatmap or isinstance(head, SigmoidHead):
        raise DataError(f"{subject.name} has fully connected layers of its own and gives no cam; grad_cam does")
    with torch.inference_mode():
        features = network.body((seen - network.mean) / network.std)
        evidence = torch.einsum("bfhw,bf->bhw", features, head.image_weight[targets])
        return _enlarged(evidence.clamp(min=0), seen)


def grad_cam(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017), of pytorch-grad-cam."""
    from pytorch_grad_cam import GradCAM

    return _by_gradients(GradCAM, subject, seen, targets)


def grad_cam_plus_plus(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """Grad-CAM++ (Chattopadhay et al. 2018), of pytorch-grad-cam."""
    from pytorch_grad_cam import GradCAMPlusPlus

    return _by_gradients(GradCAMPlusPlus, subject, seen, targets)


def eigen_cam(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """Eigen-CAM (Muhammad and Yeasin 2020): the main component of the feature map, whatever the label.

    Not pytorch-grad-cam's, which subtracts the mean first and leaves the sign to chance: every other map is inverted.
    """
    found: list[Tensor] = []
    hook = last_map(subject.behind, seen).register_forward_hook(lambda _, __, out: found.append(out))
    try:
        with torch.inference_mode():
            subject.behind(seen)
            cells = found[0].flatten(2).transpose(1, 2).float()  # [B, h w, F]
            main = torch.linalg.svd(cells, full_matrices=False).Vh[:, 0]
            projected = torch.einsum("bnf,bf->bn", cells, main)
            projected = projected * projected.sum(1, keepdim=True).sign()
            return _enlarged(projected.reshape(len(seen), *found[0].shape[2:]).clamp(min=0), seen)
    finally:
        hook.remove()


def integrated_gradients(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """Integrated gradients (Sundararajan et al. 2017), of captum, from the mean colour of the network's weights.

    What the three channels add to the score, where they add; the mean over 5 x 5 pixels, for single ones say little.
    """
    from captum.attr import IntegratedGradients

    baseline = subject.network.mean.expand_as(seen[:1])
    method = IntegratedGradients(subject.behind)
    parts = [
        method.attribute(seen[place : place + 1], baseline, target=int(targets[place]), n_steps=STEPS)
        for place in range(len(seen))
    ]
    found = torch.cat(parts).sum(1, keepdim=True).detach().float()
    return functional.avg_pool2d(found, 5, stride=1, padding=2)[:, 0]


def occlusion(subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """What the score loses where a square is covered (Zeiler and Fergus 2014), of captum."""
    from captum.attr import Occlusion

    side = seen.shape[-1]
    window, stride = max(1, side // WINDOW), max(1, side // STRIDE)
    with torch.inference_mode():
        found = Occlusion(subject.behind).attribute(
            seen,
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            baselines=subject.network.mean.expand_as(seen[:1]),
            target=targets,
            perturbations_per_eval=8,
        )
    lost: Tensor = found.mean(1)
    return lost.float()


METHODS: dict[str, Method] = {
    "cam": cam,
    "grad_cam": grad_cam,
    "grad_cam_plus_plus": grad_cam_plus_plus,
    "eigen_cam": eigen_cam,
    "integrated_gradients": integrated_gradients,
    "occlusion": occlusion,
}
TITLES = {
    "cam": "CAM",
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "eigen_cam": "Eigen-CAM",
    "integrated_gradients": "integrated gradients",
    "occlusion": "occlusion",
}
"""How methods are called."""


def last_map(behind: Behind, seen: Tensor) -> nn.Module:
    """The layer whose map gradients are taken of: the body, or the last one inside that still has a map.

    Raises:
        DataError: none has.
    """
    if behind.network.heatmap:
        return behind.body
    found: list[nn.Module] = []
    hooks = [
        layer.register_forward_hook(lambda layer, _, out: found.append(layer) if out.ndim == 4 else None)
        for layer in behind.body.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    try:
        with torch.inference_mode():
            behind(seen[:1])
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise DataError("the network has no convolution whose map could be shown")
    return found[-1]


def _by_gradients(kind: type, subject: Subject, seen: Tensor, targets: Tensor) -> Tensor:
    """A method of pytorch-grad-cam, whose maps it enlarges itself."""
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    wanted = [ClassifierOutputTarget(int(one)) for one in targets]
    with kind(model=subject.behind, target_layers=[last_map(subject.behind, seen)]) as method:
        found = method(input_tensor=seen.clone().requires_grad_(), targets=wanted)
    return torch.from_numpy(np.ascontiguousarray(found)).float()


def _enlarged(small: Tensor, seen: Tensor) -> Tensor:
    """``[B, h, w]`` to the side of what was seen."""
    shape = seen.shape[-2:]
    return functional.interpolate(small[:, None], shape, mode="bilinear", align_corners=False)[:, 0]
