from __future__ import annotations

import torch

from tejido.imaging.differentiable import _cutout, _shifted, augment


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_gradients_pass_and_every_image_is_changed_in_its_own_way() -> None:
    images = torch.rand(1, 3, 32, 32).expand(6, -1, -1, -1).clone().requires_grad_()
    changed = augment(images, drawn())
    changed.sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).flatten(1).any(1).all()
    assert len({tuple(one.flatten()[:50].tolist()) for one in changed}) == 6
    assert torch.equal(augment(images, drawn(3)), augment(images, drawn(3)))


def test_shifts_are_at_most_an_eighth() -> None:
    spot = torch.zeros(200, 1, 32, 32)
    spot[:, :, 16, 16] = 1
    places = _shifted(spot, drawn())[:, 0].flatten(1).argmax(1)
    rows, columns = places // 32 - 16, places % 32 - 16
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (-4, 4, -4, 4)


def test_a_square_of_half_the_side_is_cut_out() -> None:
    hidden = (_cutout(torch.ones(100, 1, 32, 32), drawn()) == 0)[:, 0]
    sides = hidden.any(1).sum(1)
    assert sides.max() == 17  # 2 x 8 and the middle
    assert (hidden.flatten(1).sum(1) == sides * hidden.any(2).sum(1)).all()  # rectangles
