"""The steps of a recipe, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from tejido.imaging.steps import box
from tejido.imaging.steps.lesion import INSIDE
from tejido.imaging.steps.step import Crop, Step


class ImageSteps(nn.Module):
    """Any number of steps, none of which has trainable weights.

    Args:
        steps: in the order of ``step.Group``; see ``registry.build``.
    """

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        super().__init__()
        self._steps = list(steps)
        self._registered = nn.ModuleList(steps)  # so that moving to a device or printing reaches them

    @property
    def mask_readers(self) -> list[str]:
        """Names of the steps that read a lesion mask."""
        return [step.name for step in self._steps if step.needs_mask]

    def forward(self, image: Tensor) -> Tensor:
        """``float32[B, 3, S, S]`` in 0..255, or with a lesion mask as fourth channel, to ``float32[B, 3, S, S]``.

        The mask is 255 inside the lesion and 0 outside.
        """
        if not self._steps:
            return image
        with _full_precision(image.device.type):
            rgb, mask = _parted(image)
            for step in self._steps:
                if isinstance(step, Crop):
                    where = step.box(rgb, mask)
                    rgb = box.cut(rgb, where)
                    mask = None if mask is None else (box.cut(mask, where) >= INSIDE) * 255.0
                else:
                    rgb = step(rgb, mask) if step.needs_mask else step(rgb)
            return rgb

    def restore(self, maps: Tensor, image: Tensor) -> Tensor:
        """Maps over what the network saw, put back into the frame of ``image``: the inverse of the cropping step.

        Args:
            maps: ``float32[B, C, h, w]``.
            image: as for ``forward``.

        Returns:
            ``float32[B, C, h, w]``, 0 where the network saw nothing.
        """
        first = self._steps[0] if self._steps else None
        if not isinstance(first, Crop):
            return maps
        return box.place(maps, first.box(*_parted(image)))


def _parted(image: Tensor) -> tuple[Tensor, Tensor | None]:
    """Colours, and the mask if there is one."""
    return (image, None) if image.shape[1] == 3 else (image[:, :3], image[:, 3:])


def _full_precision(device: str) -> AbstractContextManager[None]:
    """Where training runs in 16 bits, the steps do not: their products need more than the 8 bits of a pixel."""
    return torch.autocast(device, enabled=False) if torch.is_autocast_enabled(device) else nullcontext()
