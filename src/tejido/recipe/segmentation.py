"""The recipe of a segmenter: a network that outlines lesions."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Count, Experiment, Section, Share
from tejido.recipe.data import Augmentation, Data
from tejido.recipe.learning import Stages
from tejido.recipe.result import Export


class Square(Section):
    """What the network sees: always the whole picture, stretched, since an outline is wanted of all of it."""

    size: Annotated[int, Field(ge=32, le=1024)] = 128
    """Side in pixels; a multiple of ``2 ** network.depth``."""


class UNet(Section):
    """A U-Net (Ronneberger et al. 2015): an encoder that is a known network, and a decoder."""

    encoder: str
    """``mobilenetv1_025``, ``mobilenetv1_050`` or a timm name whose feature maps halve from one to the next."""
    weights: str | None = None
    """A local file for the encoder to start from, as for a classifier of that name."""
    depth: Annotated[int, Field(ge=2, le=5)] = 5
    """How often the encoder halves the picture."""
    decoder: tuple[Annotated[int, Field(ge=4, le=1024)], ...] = (256, 128, 64, 32, 16)
    """Channels of the decoder's blocks, coarsest first: one for each halving, or one less. Then the outline is learned
    at half the size and enlarged by interpolation, which more than halves the work."""

    @model_validator(mode="after")
    def _one_block_each(self) -> Self:
        if len(self.decoder) not in (self.depth, self.depth - 1):
            wanted = f"depth {self.depth} needs as many, or one less"
            raise ValueError(f"decoder has {len(self.decoder)} blocks, and {wanted}")
        return self


class Outlining(Stages):
    """How a segmenter is trained. The head is the decoder, the body the encoder (uba2020, section 3.2)."""

    dice: Share = 0.5
    """Share of the Dice loss, of each image by itself; the rest is cross-entropy by pixel."""
    monitor: Literal["val_dice", "val_loss"] = "val_dice"
    """What decides which epoch is best, and when to stop."""


class Judgement(Section):
    """What is reported on test, and when a picture is refused."""

    quality_pass: Share = 0.995
    """As for classifiers: each capture-quality limit is the value that this share of training images stays under."""
    bootstrap: Annotated[int, Field(ge=100)] = 2000
    """Rounds of the bootstrap by group."""


class SegmentationRecipe(Experiment):
    """A segmenter."""

    seed: Count = 0
    data: Data
    image: Square = Square()
    network: UNet
    augmentation: Augmentation = Augmentation()
    training: Outlining = Outlining()
    evaluation: Judgement = Judgement()
    export: Export = Export()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.image.size % 2**self.network.depth:
            raise ValueError(f"image.size {self.image.size} is no multiple of {2**self.network.depth} (network.depth)")
        given = self.augmentation
        for name, on in (("mixup", given.mixup), ("cutmix", given.cutmix), ("policy", given.policy != "none")):
            if on:
                raise ValueError(f"augmentation.{name} has no meaning for outlines")
        if self.data.synthetic is not None:
            raise ValueError("made-up images have no masks to learn outlines from; leave data.synthetic out")
        return self
