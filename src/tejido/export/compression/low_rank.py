"""Low-rank factors: a convolution becomes two or three thinner ones after each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorly
import torch
from tensorly.decomposition import partial_tucker
from torch import Tensor, nn

from tejido.errors import RecipeError


def factorise(body: nn.Module, share: float) -> int:
    """Replace convolutions by factors that keep at most ``share`` of their weights, in place.

    A convolution larger than 1x1 becomes 1x1, core, 1x1 (Tucker-2 decomposition over the channels; Kim et al. 2016),
    one of 1x1 becomes two of 1x1 (truncated SVD). Grouped and depthwise ones, and those where the factors would not be
    smaller, stay as they are.

    Args:
        body: of a trained network.
        share: of a convolution's weights, above 0 and below 1.

    Returns:
        How many were replaced.

    Raises:
        RecipeError: none could be.
    """
    found = [
        (name, layer) for name, layer in body.named_modules() if isinstance(layer, nn.Conv2d) and layer.groups == 1
    ]
    replaced = 0
    for name, layer in found:
        factors = _svd(layer, share) if layer.kernel_size == (1, 1) else _tucker(layer, share)
        if factors is not None:
            body.set_submodule(name, factors)
            replaced += 1
    if not replaced:
        raise RecipeError(f"low_rank: no convolution gets smaller with {share:g} of its weights")
    return replaced


def _svd(layer: nn.Conv2d, share: float) -> nn.Sequential | None:
    outer, inner = layer.out_channels, layer.in_channels
    rank = int(share * outer * inner / (outer + inner))
    if rank < 1:
        return None
    left, values, right = torch.linalg.svd(layer.weight.detach()[:, :, 0, 0], full_matrices=False)
    root = values[:rank].sqrt()
    first = _like(layer, inner, rank, (right[:rank] * root[:, None])[:, :, None, None], bias=None)
    last = _pointwise(rank, outer, left[:, :rank] * root, layer.bias)
    return nn.Sequential(first, last)


def _tucker(layer: nn.Conv2d, share: float) -> nn.Sequential | None:
    outer, inner, *kernel = layer.weight.shape
    ranks = _ranks(outer, inner, math.prod(kernel), share)
    if ranks is None:
        return None
    weight = layer.weight.detach().cpu().numpy()
    with tensorly.backend_context("numpy"):
        # from truncated SVDs, which a few rounds make a little better; a hundred take minutes for a ResNet
        (core, (left, right)), _ = partial_tucker(weight, list(ranks), modes=[0, 1], init="svd", n_iter_max=5)
    first = _pointwise(inner, ranks[1], _tensor(right.T, layer), None)
    middle = _like(layer, ranks[1], ranks[0], _tensor(core, layer), bias=None)
    last = _pointwise(ranks[0], outer, _tensor(left, layer), layer.bias)
    return nn.Sequential(first, middle, last)


def _ranks(outer: int, inner: int, area: int, share: float) -> tuple[int, int] | None:
    """The largest ranks in the proportion of the channels that keep at most ``share`` of the weights."""
    for tenths in range(1000, 0, -1):
        first, second = int(outer * tenths / 1000), int(inner * tenths / 1000)
        if first and second and outer * first + first * second * area + second * inner <= share * outer * inner * area:
            return first, second
    return None


def _like(layer: nn.Conv2d, inner: int, outer: int, weight: Tensor, *, bias: Tensor | None) -> nn.Conv2d:
    """A convolution of the same kind, stride and padding."""
    options: dict[str, Any] = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    made = type(layer)(inner, outer, layer.kernel_size, bias=bias is not None, **options)  # type: ignore[arg-type]
    made.weight.data = weight.contiguous()
    return made


def _pointwise(inner: int, outer: int, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    made = nn.Conv2d(inner, outer, 1, bias=bias is not None)
    made.weight.data = weight[:, :, None, None].contiguous()
    if bias is not None and made.bias is not None:
        made.bias.data = bias.detach().clone()
    return made


def _tensor(values: np.ndarray, layer: nn.Conv2d) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(layer.weight)
