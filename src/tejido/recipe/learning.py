"""Sections on the network and its training."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tejido.recipe.base import Count, Positive, Section, Share


class Network(Section):
    """The network and where its weights start."""

    name: str
    """``upc2020_cnn``, ``student_k1`` to ``student_k8``, ``student_dw``, ``student_mobile``, a timm name or, where timm
    has none such, a torchvision name; see ``tejido networks``."""
    weights: str | None = None
    """A local file to start from (safetensors, or torch's); without it the network starts at random."""
    dropout: Share = 0.2
    """Share dropped before the head; in AlexNet, VGG and ``upc2020_cnn`` where they have their own dropout instead."""
    attention: Literal["none", "arl"] = "none"
    """``arl`` puts attention residual learning into the blocks of a ResNet or EfficientNet."""
    squeeze_excitation: bool = True
    """False takes squeeze-and-excitation out of a network that has it."""
    metadata: bool = False
    """Whether the head also reads age, sex and site."""
    other: bool = False
    """Whether the network also learns to say that a picture has none of the task's labels, from those images of the
    manifest that have none; the model file refuses such pictures."""


class Stages(Section):
    """Two stages: the head alone, then the whole network, each with its own rates. ``docs/training.md`` says more."""

    head_epochs: Count = 2
    """Length of the first stage, in which the body is frozen; 0 for none."""
    head_rate: Positive = 3e-3
    """Highest learning rate of the first stage."""
    epochs: Count = 20
    """Longest second stage; 0 leaves the body as it came (a linear probe)."""
    rate: Positive = 1e-3
    """Highest learning rate of the head in the second stage."""
    body_rate: Positive = 1e-3
    """Highest learning rate of everything else in the second stage."""
    schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    """Course of the rates within each stage."""
    batch: Annotated[int, Field(ge=2)] = 64
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Of ``sgd`` and ``rmsprop``."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """Decoupled in ``adamw``; in the others added to the gradient, so that Keras' ``l2(x)`` is ``weight_decay: 2x``."""
    weight_decay_on: Literal["all", "weights"] = "all"
    """``weights`` spares biases, norms and scalars: every parameter of fewer than two dimensions."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of a moving average of the weights after each step, which is validated and exported; 0 for none."""
    patience: Annotated[int, Field(ge=1)] = 8
    """Epochs without a better ``monitor`` before training stops."""
    trainer: dict[str, Any] = Field(default_factory=dict)
    """Options of Lightning's ``Trainer``, such as ``precision``; those that the run decides itself are refused."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.head_epochs + self.epochs == 0:
            raise ValueError("head_epochs and epochs are both 0; nothing would be trained")
        if self.momentum and self.optimizer not in ("sgd", "rmsprop"):
            raise ValueError(f"momentum is for sgd and rmsprop; {self.optimizer} has its own")
        for name, value in self.trainer.items():
            if not isinstance(value, bool | int | float | str):
                raise ValueError(f"trainer.{name} takes a number, a word, true or false, not {value!r}")
        return self


class Training(Stages):
    """How a classifier is trained."""

    label_smoothing: Share = 0.0
    focal_gamma: Annotated[float, Field(ge=0)] = 0.0
    """Exponent of the focal loss; 0 is cross-entropy."""
    balance: Literal["oversample", "weights", "none"] = "oversample"
    """``oversample`` draws every class equally often, ``weights`` weighs the loss; calibration undoes either, but for
    ``temperature``."""
    monitor: Literal["val_auc", "val_accuracy", "val_balanced_accuracy", "val_loss"] = "val_auc"
    """What decides which epoch is best, and when to stop."""
