"""The recipe of a generator: a network that makes up images of lesions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Count, Experiment, Positive, Section, Share
from tejido.recipe.data import Data


class Canvas(Section):
    """What is made: always the largest centred square of a picture."""

    size: Literal[32, 64, 128] = 64
    """Side in pixels."""


class Gan(Section):
    """Generator and discriminator."""

    name: Literal["upc2020_dcgan", "residual_gan"] = "residual_gan"
    """``upc2020_dcgan`` is the thesis's, of 128 pixels; ``residual_gan`` is for small data and may have classes."""
    latent: Annotated[int, Field(ge=2, le=1024)] = 128
    """Length of the latent vector; the thesis's is 100."""
    width: Annotated[int, Field(ge=4, le=256)] = 32
    """Channels of ``residual_gan`` next to the picture."""
    conditional: bool = False
    """Whether the class is given: the labels of ``task``."""


class Adversarial(Section):
    """How the two learn from each other."""

    epochs: Annotated[int, Field(ge=1)] = 100
    batch: Annotated[int, Field(ge=2)] = 64
    generator_rate: Positive = 2e-4
    discriminator_rate: Positive = 2e-4
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Of Adam; the thesis's is 0.5."""
    loss: Literal["cross_entropy", "hinge"] = "hinge"
    """``cross_entropy`` is Goodfellow's, not saturating; ``hinge`` Lim & Ye's 2017."""
    flipped: Share = 0.0
    """Share of the discriminator's labels that are exchanged, as in the thesis."""
    noise: Share = 0.0
    """The discriminator's labels lie up to so far from 0 and 1."""
    r1: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the gradient penalty on real images (Mescheder et al. 2018), every 16th step."""
    augment: bool = True
    """DiffAugment (Zhao et al. 2020): what the discriminator sees, real or not, is coloured, shifted and cut out."""
    flip: bool = True
    """Mirror half of the real images in each direction: a lesion has no upright."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the moving average of the generator, which is what samples come from; 0 for none."""
    grids: tuple[Annotated[int, Field(ge=1)], ...] = (1, 5, 10, 20, 50, 100, 250, 500, 750, 1000, 2000, 5000, 10000)
    """Steps after which a grid of samples is saved, beside that of the last one."""
    trainer: dict[str, Any] = Field(default_factory=dict)
    """Options of Lightning's ``Trainer``; those that the run decides itself are refused."""


class Comparison(Section):
    """How what is made is compared with real images."""

    samples: Annotated[int, Field(ge=100, le=100_000)] = 1000
    features: str = "mobilenetv1_100"
    """Network whose features are compared; never the classifier that the images are for. ``inception_v3`` with
    ``size`` 299 is that of the literature."""
    weights: str | None = None
    """Its pretrained weights; nothing is compared without them."""
    size: Annotated[int, Field(ge=32, le=512)] = 128
    """Pixels a side at which it sees the images, real or not."""
    bootstrap: Annotated[int, Field(ge=20)] = 200


class SynthesisRecipe(Experiment):
    """A generator."""

    task: str | None = None
    """Whose labels are the classes; without it every training image serves, whatever it shows."""
    seed: Count = 0
    data: Data
    image: Canvas = Canvas()
    network: Gan = Gan()
    training: Adversarial = Adversarial()
    evaluation: Comparison = Comparison()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        thesis = self.network.name == "upc2020_dcgan"
        if thesis and (self.image.size, self.network.latent) != (128, 100):
            raise ValueError("upc2020_dcgan makes images of 128 pixels from 100 numbers (image.size, network.latent)")
        if thesis and self.network.conditional:
            raise ValueError("upc2020_dcgan has no classes; take residual_gan")
        if self.network.conditional and self.task is None:
            raise ValueError("network.conditional needs a task, whose labels are the classes")
        if self.data.cache is not None or self.data.synthetic is not None:
            raise ValueError("a generator reads real images from their files; leave data.cache and data.synthetic out")
        if self.data.fold is not None or self.data.allow_leaks:
            raise ValueError(
                "a generator learns from the training side of one split; data.fold and allow_leaks are for others"
            )
        return self
