from __future__ import annotations

import pytest
import torch
from segmentation_models_pytorch.losses import DiceLoss

from tejido.training.segment import dice_loss, dice_of

TRUTH = torch.tensor([[1.0, 1.0], [0.0, 0.0]]).reshape(1, 1, 2, 2)


def test_dice_loss_by_hand() -> None:
    """Half of each pixel is seen: (2 * 1 + 1) / (2 + 2 + 1)."""
    assert float(dice_loss(torch.zeros(1, 1, 2, 2), TRUTH)) == pytest.approx(1 - 3 / 5)
    assert float(dice_loss(100 * (2 * TRUTH - 1), TRUTH)) == pytest.approx(0, abs=1e-6)


def test_dice_loss_is_the_librarys_image_by_image() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 1, 16, 16)
    truth = (torch.rand(5, 1, 16, 16) < torch.linspace(0, 0.8, 5)[:, None, None, None]).float()
    library = DiceLoss("binary", from_logits=True, smooth=0.5)  # half a pixel of its Tversky index is one of ours
    # The library gives no loss to an image whose mask is empty; ours gives one that pulls towards empty.
    expected = [library(logits[i : i + 1], truth[i : i + 1]) for i in range(1, 5)]
    assert float(dice_loss(logits[1:], truth[1:])) == pytest.approx(float(torch.stack(expected).mean()), abs=1e-6)
    empty = dice_loss(logits[:1].requires_grad_(), truth[:1])
    assert float(empty.detach()) > 0.9


def test_small_lesions_count_as_much_as_large_ones() -> None:
    """Of two images the one with the small lesion is missed: a Dice of 0.5 on average, .99 for all pixels together."""
    truth = torch.zeros(2, 1, 20, 20)
    truth[0, :, :, :19] = 1
    truth[1, :, 0, 0] = 1
    found = truth.clone()
    found[1] = 0
    assert float(dice_of(found > 0, truth > 0)) == pytest.approx(0.5)
    assert float(dice_loss(100 * (2 * found - 1), truth)) == pytest.approx(0.25, abs=1e-3)  # with the pixel added
