"""Sections on the images: which, how they reach the network, and how they are varied."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Count, Positive, Section, Share


class Synthetic(Section):
    """Made-up images that train beside the real ones."""

    manifest: str
    """Made by ``tejido synthesize sample``, from a generator that learned from the training side of the same split."""
    share: Annotated[float, Field(gt=0, le=10)] = 1.0
    """How many, as a share of the real training images; drawn by the seed."""


class Data(Section):
    """Which images, and on which side of the split each stands."""

    manifest: str
    """Parquet manifest made by ``tejido data build``."""
    split: str
    """Parquet split made by ``tejido data split``."""
    cache: str | None = None
    """Folder made by ``tejido data cache`` with the geometry and size of ``image``. Without it, all images are decoded
    when a run starts and kept in memory."""
    fold: Count | None = None
    """For a ``split`` that is a table of folds (``tejido data split --kind folds``): this fold, counted from 0, tests,
    the next one validates, the others train."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Train on at most so many images: whole groups, stratified, drawn by the seed. Validation and test stay whole."""
    allow_leaks: bool = False
    """Accept a split in which groups stand on both sides, to show what a leak is worth. The model file says so."""
    synthetic: Synthetic | None = None
    """Made-up images for training; they never validate or test."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.synthetic is not None and self.cache is not None:
            raise ValueError("a cache holds no made-up images; leave cache out where there is synthetic")
        if self.fold is not None and self.allow_leaks:
            raise ValueError("folds never leak; allow_leaks does not go with fold")
        return self


class Patches(Section):
    """Equal square patches, spread evenly over the picture from edge to edge; see ``tejido.data.patches``."""

    size: Annotated[int, Field(ge=16, le=4096)]
    """Side in pixels of the picture; a picture must not be smaller."""
    columns: Annotated[int, Field(ge=1, le=100)]
    rows: Annotated[int, Field(ge=1, le=100)]


class Image(Section):
    """Image steps; they are part of the model file."""

    geometry: Literal["centre_square", "short_side", "stretch"] = "centre_square"
    """``centre_square`` crops the largest centred square, ``stretch`` keeps everything and changes the aspect,
    ``short_side`` resizes the short side to ``short_side`` and then crops the centred square of ``size``."""
    size: Annotated[int, Field(ge=32, le=1024)] = 128
    """Side in pixels that the network sees."""
    patches: Patches | None = None
    """Cut these first; ``geometry`` and ``size`` then apply to each. The network learns from patches, the answer is for
    the image: see ``evaluation.aggregate``."""
    um_per_pixel: Positive | None = None
    """Micrometres a pixel of the pictures, where they all have one scale; the model file states it."""
    short_side: Annotated[int, Field(ge=32, le=2048)] | None = None
    """For the geometry of that name; by default ``size``."""
    steps: list[str | dict[str, Any]] = Field(default_factory=list)
    """Steps at the network's size, each a name or ``{name: {option: value}}``; see ``tejido.imaging.steps``."""
    segmenter: str | None = None
    """A run of ``tejido segment``, for steps that read lesion masks: its network outlines every picture, in training
    and in the model file. Without it such steps learn from the manifest's masks, and give no model file."""


class Augmentation(Section):
    """Random changes to training images; 0 (or 1 for ``zoom``) switches one off."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 180.0
    """Largest angle in degrees, both ways."""
    zoom: Annotated[float, Field(ge=1, le=4)] = 1.3
    """Largest factor, in and out."""
    shift: Share = 0.05
    """Largest shift as a share of the side."""
    flip: bool = True
    """Mirror half of the images."""
    brightness: Share = 0.2
    contrast: Share = 0.2
    saturation: Share = 0.2
    temperature: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Largest gain of one colour channel against the others."""
    blur: Share = 0.2
    """Share of images blurred, with a standard deviation of 0.3 to 1.5 pixels."""
    sharpen: Share = 0.2
    """Share of images sharpened."""
    jpeg: Share = 0.2
    """Share of images compressed as JPEG of quality 40 to 95."""
    drop_metadata: Share = 0.1
    """With ``network.metadata``: share of images whose age, sex and site are all hidden."""
    stain: Share = 0.0
    """Largest relative and additive change of the amounts of haematoxylin, eosin and DAB (histology); 0.05 is light."""
    policy: Literal["none", "trivial", "rand"] = "none"
    """torchvision's TrivialAugment or RandAugment, before everything else."""
    mixup: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Parameter of the Beta distribution that two blended images' shares are drawn from."""
    cutmix: Annotated[float, Field(ge=0, le=10)] = 0.0
    """The same for images in which a rectangle of another one is pasted. With both, each batch takes one of the two."""
