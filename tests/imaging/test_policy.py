from __future__ import annotations

import pytest
import torch
from torchvision.transforms import v2

from tejido.imaging.policy import apply


@pytest.mark.parametrize(("name", "published"), [("trivial", v2.TrivialAugmentWide), ("rand", v2.RandAugment)])
def test_equals_torchvision_at_the_same_seed(name: str, published: type[v2.Transform]) -> None:
    images = torch.randint(0, 256, (12, 3, 40, 40), dtype=torch.uint8)
    result = apply(images, name, torch.Generator().manual_seed(6))
    transform = published(interpolation=v2.InterpolationMode.BILINEAR)  # type: ignore[call-arg]
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(6))))
        expected = torch.stack([transform(image) for image in images])
    assert torch.equal(result, expected)
    assert result.dtype == torch.uint8


def test_equal_images_are_changed_in_different_ways() -> None:
    image = torch.randint(0, 256, (1, 3, 40, 40), dtype=torch.uint8)
    result = apply(image.expand(20, -1, -1, -1), "trivial", torch.Generator().manual_seed(0))
    assert len({tuple(one.flatten().tolist()) for one in result}) > 10
