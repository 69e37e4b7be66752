from __future__ import annotations

import math

import torch
from torch import Tensor

from tejido.training.context import drop_context
from tejido.training.images import LabelledImages


def test_so_many_images_lose_everything_and_the_others_nothing() -> None:
    context = torch.tensor([[50.0, 1.0, 2.0]]).repeat(20_000, 1)
    dropped = drop_context(context, 0.1, torch.Generator().manual_seed(0))
    lost = dropped[:, 0].isnan()
    assert abs(lost.float().mean() - 0.1) < 0.01
    assert (dropped[lost, 1:] == 0).all()
    assert torch.equal(dropped[~lost], context[~lost])
    assert not context.isnan().any()  # what came in is untouched


def test_all_or_none() -> None:
    context = torch.tensor([[50.0, 1.0, 2.0], [math.nan, 0.0, 0.0]])
    generator = torch.Generator().manual_seed(0)
    assert drop_context(context, 1.0, generator)[:, 0].isnan().all()
    assert torch.equal(drop_context(context, 0.0, generator)[:1], context[:1])


def test_a_batch_carries_the_context_of_its_images() -> None:
    images = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    context = torch.arange(12.0).reshape(4, 3)
    data = LabelledImages(images, torch.arange(4), context)
    parts: tuple[Tensor, ...] = data.__getitems__([2, 0])
    assert [part.shape[0] for part in parts] == [2, 2, 2]
    assert torch.equal(parts[2], context[[2, 0]])
    assert torch.equal(data[3][2], context[3])
    assert len(LabelledImages(images, torch.arange(4))[0]) == 2
