"""What an experiment is: shape and types only. Names (of a task, a network, weights) are resolved where they are built.

A recipe is a YAML file; every key is documented here, unknown keys are errors. ``${NAME}`` in a path is replaced by an
environment variable; ``TEJIDO_SHARED`` defaults to ``../shared``.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tejido.errors import RecipeError

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Checked = TypeVar("Checked", bound=BaseModel)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Section):
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

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.fold is not None and self.allow_leaks:
            raise ValueError("folds never leak; allow_leaks does not go with fold")
        return self


class Patches(_Section):
    """Equal square patches, spread evenly over the picture from edge to edge; see ``tejido.data.patches``."""

    size: Annotated[int, Field(ge=16, le=4096)]
    """Side in pixels of the picture; a picture must not be smaller."""
    columns: Annotated[int, Field(ge=1, le=100)]
    rows: Annotated[int, Field(ge=1, le=100)]


class Image(_Section):
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
    steps: list[str | dict[str, Any]] = []
    """Steps at the network's size, each a name or ``{name: {option: value}}``; see ``tejido.imaging.steps``."""


class Network(_Section):
    """The network and where its weights start."""

    name: str
    """``upc2020_cnn``, ``student_k1`` to ``student_k8``, ``student_dw``, a timm name or, where timm has none such, a
    torchvision name; see ``tejido networks``."""
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


class Augmentation(_Section):
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


class Training(_Section):
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
    label_smoothing: Share = 0.0
    focal_gamma: Annotated[float, Field(ge=0)] = 0.0
    """Exponent of the focal loss; 0 is cross-entropy."""
    balance: Literal["oversample", "weights", "none"] = "oversample"
    """``oversample`` draws every class equally often, ``weights`` weighs the loss; calibration undoes either."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of a moving average of the weights after each step, which is validated and exported; 0 for none."""
    monitor: Literal["val_auc", "val_accuracy", "val_balanced_accuracy", "val_loss"] = "val_auc"
    """What decides which epoch is best, and when to stop."""
    patience: Annotated[int, Field(ge=1)] = 8
    """Epochs without a better ``monitor`` before training stops."""
    trainer: dict[str, Any] = {}
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


class Distillation(_Section):
    """What a student is taught beside the labels: alpha x (loss of the labels) + beta x (loss of the guide)."""

    kind: Literal["response", "feature", "relation", "online", "self"] = "response"
    """``response``: a teacher's softened answers; ``feature``: its maps; ``relation``: which images it finds alike;
    ``online``: a peer that learns at the same time; ``self``: the student of earlier epochs. ``docs/distillation.md``
    says more."""
    teachers: list[str] = []
    """Folders of finished runs. Several are an ensemble, which only ``response`` takes."""
    alpha: Share = 0.2
    """Weight of the labels."""
    beta: Annotated[float, Field(ge=0)] | None = None
    """Weight of the guide; by default 1 - alpha."""
    temperature: Positive = 5.0
    """Tau: how much answers are softened, in ``response``, ``online`` and ``self``."""
    temperature_squared: bool = False
    """Multiply the loss of softened answers by tau squared, as Hinton et al. do and uis2022 does not."""
    hints: dict[str, str] = {}
    """For ``feature``: names of the student's layers and of the teacher's that they shall resemble; by default the last
    maps of both."""
    peer: Network | None = None
    """For ``online``: the other network."""
    every: Annotated[int, Field(ge=1)] = 1
    """For ``self``: epochs from one copy of the student to the next."""
    views: Count = 0
    """For ``response``: prepare so many augmented views of every image, one an epoch in turn, and ask the teachers once
    about each; their answers are kept in the first teacher's folder. 0 augments anew in every epoch and asks always."""

    @property
    def weight(self) -> float:
        """Beta."""
        return 1 - self.alpha if self.beta is None else self.beta

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        taught = self.kind in ("response", "feature", "relation")
        if taught != bool(self.teachers):
            raise ValueError(f"{self.kind} " + ("needs teachers" if taught else "has no finished teachers"))
        if len(self.teachers) > 1 and self.kind != "response":
            raise ValueError(f"{self.kind} takes one teacher; an ensemble can only teach by response")
        if (self.kind == "online") != (self.peer is not None):
            lacking = "online needs a peer, which is written like network"
            raise ValueError(lacking if self.peer is None else f"a peer is for online, not for {self.kind}")
        if self.hints and self.kind != "feature":
            raise ValueError(f"hints are for feature, not for {self.kind}")
        if self.views and self.kind != "response":
            raise ValueError(f"views are for response, not for {self.kind}")
        if self.alpha == 0 and self.weight == 0:
            raise ValueError("alpha and beta are both 0; nothing would be learned")
        return self


class Evaluation(_Section):
    """What is decided on validation and reported on test."""

    sensitivity: Share = 0.9
    """Binary tasks: the threshold is the highest one that reaches this sensitivity on validation."""
    false_refusal: Share = 0.05
    """With ``network.other``: share of the validation images with a label that may be refused for having none."""
    quality_pass: Share = 0.995
    """Each capture-quality limit is the value that this share of training images stays under, but never so low that
    a tolerable capture would be refused (``imaging.quality.TOLERABLE``)."""
    bootstrap: Annotated[int, Field(ge=100)] = 2000
    """Rounds of the bootstrap by group."""
    aggregate: Literal["vote", "mean", "max", "top_k"] = "vote"
    """With ``image.patches``: what the patches of an image say together; see ``tejido.metrics.aggregate``."""
    top_k: Annotated[int, Field(ge=1)] = 3
    """For ``top_k``: the mean of how many highest patches."""


class Export(_Section):
    """The model file."""

    weights: Literal["float32", "float16", "int8"] = "float16"
    """Storage of the weights; arithmetic is float32 either way."""
    licence: str = "CC-BY-NC-4.0"
    """Licence of the model file, which follows from the training data's."""


class Recipe(_Section):
    """One experiment."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    """Also the name of its folder of runs."""
    model: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Name of the model file it makes."""
    task: str
    seed: Count = 0
    data: Data
    image: Image = Image()
    network: Network
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    distillation: Distillation | None = None
    """Only for ``tejido distill``."""
    evaluation: Evaluation = Evaluation()
    export: Export = Export()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.network.other and self.image.patches is not None:
            raise ValueError("network.other is for whole images; it does not go with image.patches")
        views = self.distillation is not None and self.distillation.views > 0
        if views and (self.augmentation.mixup or self.augmentation.cutmix):
            raise ValueError("distillation.views are of single images; they do not go with mixup and cutmix")
        return self

    def to_yaml(self) -> str:
        """The recipe, fully resolved, every value stated."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)

    def sha256(self) -> str:
        """Hash of the fully resolved recipe."""
        return hashlib.sha256(self.to_yaml().encode()).hexdigest()


def load(path: Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe and apply overrides such as ``training.epochs=3``.

    Raises:
        RecipeError: the file is missing or not YAML, a key is unknown, or a value has the wrong kind or range.
    """
    raw = read(path)
    for text in overrides:
        override(raw, text)
    return validate(Recipe, raw, str(path))


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, unchecked.

    Raises:
        RecipeError: the file is missing, not YAML, or no mapping.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"{path}: not a recipe")
    return raw


def validate(model: type[Checked], raw: Any, origin: str) -> Checked:
    """``raw`` as a model of recipes, such as ``Recipe`` itself.

    Raises:
        RecipeError: a key is unknown, or a value has the wrong kind or range; the message begins with ``origin``.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {_explain(error, model)}") from None


def resolve_path(text: str) -> Path:
    """A path of a recipe with its environment variables filled in.

    Raises:
        RecipeError: a variable is not set.
    """
    try:
        return Path(Template(text).substitute({"TEJIDO_SHARED": "../shared"} | dict(os.environ)))
    except (KeyError, ValueError) as error:
        raise RecipeError(f"{text}: environment variable {error} is not set") from None


def override(raw: dict[str, Any], text: str) -> None:
    """Change ``raw``, a recipe as read, as ``text`` says: ``training.epochs=3``.

    Raises:
        RecipeError: ``text`` is no override, or goes through a value as if it were a section.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"{text!r} is not an override; write key=value, such as training.epochs=3")
    *sections, last = key.split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
        if not isinstance(raw, dict):
            raise RecipeError(f"{key}: {section} is a value, not a section")
    raw[last] = yaml.safe_load(value)


def _explain(error: ValidationError, root: type[BaseModel]) -> str:
    first = error.errors()[0]
    *sections, last = [str(part) for part in first["loc"]] or ["recipe"]
    key = ".".join([*sections, last])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(last, _keys(root, sections), n=1)
        return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if first["type"] == "missing":
        return f"key {key!r} is missing"
    if first["type"] == "value_error":  # keys that do not go together
        return f"{key}: {first['ctx']['error']}"
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, not {first['input']!r}"


def _keys(model: type[BaseModel], sections: list[str]) -> list[str]:
    for section in sections:
        annotation = model.model_fields[section].annotation
        candidates = [annotation, *get_args(annotation)]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
