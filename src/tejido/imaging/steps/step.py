"""What every image step is, and the order in which steps may stand."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from torch import Tensor, nn


class Group(IntEnum):
    """What a step is for. A recipe lists its steps in this order and takes at most one of each group.

    A step that measures the picture must see it as it was taken: cropped first, so that a black border is no part of
    any measure; hairs gone before colours are measured; and nothing that reads colours after Ben Graham's step, which
    leaves none to read.
    """

    CROP = 1
    HAIR = 2
    COLOUR = 3
    OUTSIDE = 4
    CONTRAST = 5

    @property
    def purpose(self) -> str:
        """The group in words, as the end of "both ...", for messages."""
        return ("crop", "remove hair", "correct colour", "paint over a part of the picture", "change contrast")[
            self - 1
        ]


class Step(nn.Module):
    """An image step without trainable weights, from ``float32[B, 3, S, S]`` in 0..255 to the same shape and range.

    Its constructor's arguments are the options that a recipe may set. One image never depends on the others of its
    batch. Steps with ``needs_mask`` also take the lesion mask, ``float32[B, 1, S, S]``, 255 inside and 0 outside.
    """

    name: ClassVar[str]
    group: ClassVar[Group]
    needs_mask: ClassVar[bool] = False


class Crop(Step):
    """A step that cuts a square out of every image and brings it back to ``S`` x ``S``; it says only where."""

    group = Group.CROP

    def box(self, image: Tensor, mask: Tensor | None) -> Tensor:
        """Where to cut: ``float32[B, 4]``, see ``box.cut``."""
        raise NotImplementedError
