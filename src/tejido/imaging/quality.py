"""Capture quality: blur, darkness and glare of what the network sees, each in 0..1, higher is worse."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tejido.imaging.luma import LUMA

NAMES = ("blur", "darkness", "glare")
TOLERABLE = (0.5, 0.5, 0.05)
"""Values up to which a capture is never refused, however clean the training images are: a few glaring pixels are not
a reason, although hardly any training image has them."""
_GLARE = 245.0  # a sample this bright in all three channels carries no colour any more
_TAPS = 9


class Quality(nn.Module):
    """Three measures of a picture.

    ``blur`` is the perceptual blur metric of Crété et al. (2007): the share of the grey-level variation that remains
    when the picture is blurred once more, the worse of the two directions; 1 for a uniform picture. ``darkness`` is
    1 minus the mean luma. ``glare`` is the share of pixels whose three channels are all at least 245.

    Input ``uint8[B, 3, S, S]``, output ``float32[B, 3]``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("luma", torch.tensor(LUMA).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Measure."""
        rgb = image.float()
        luma: Tensor = self.luma  # type: ignore[assignment]
        grey = (rgb * luma).sum(1, keepdim=True) / 255
        blur = torch.maximum(_blur(grey, horizontal=True), _blur(grey, horizontal=False))
        darkness = 1 - grey.mean((1, 2, 3))
        glare = (rgb.amin(1) >= _GLARE).float().mean((1, 2))
        return torch.stack([blur, darkness, glare], dim=1)


def _blur(grey: Tensor, *, horizontal: bool) -> Tensor:
    """Crété's metric along one direction; ``float32[B, 1, S, S]`` to ``float32[B]``."""
    taps, margin = ((1, _TAPS), (_TAPS // 2, _TAPS // 2, 0, 0)) if horizontal else (
        (_TAPS, 1), (0, 0, _TAPS // 2, _TAPS // 2))  # fmt: skip
    again = functional.avg_pool2d(functional.pad(grey, margin, mode="replicate"), taps, stride=1)
    axis = 3 if horizontal else 2
    length = grey.shape[axis]
    before = (grey.narrow(axis, 1, length - 1) - grey.narrow(axis, 0, length - 1)).abs()
    after = (again.narrow(axis, 1, length - 1) - again.narrow(axis, 0, length - 1)).abs()
    total = before.sum((1, 2, 3))
    lost = functional.relu(before - after).sum((1, 2, 3))
    return torch.where(total > 1e-3, (total - lost) / total.clamp(min=1e-3), torch.ones_like(total))
