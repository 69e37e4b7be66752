"""What guides a student through a batch besides its labels, one class a kind of distillation.

A guide sees a batch as the student sees it and returns a loss. What it trains of its own (adapters, a peer) and what it
remembers (the student of before) is in its ``state_dict``; a finished teacher is not, so that checkpoints stay small.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.models.network import Network
from tejido.training.distil.losses import hint_loss, response_loss, similarity_loss, soft_targets
from tejido.training.distil.taps import LAST, Frozen, outputs


class Seen(NamedTuple):
    """A batch as a student sees it, and what the student makes of it.

    Attributes:
        images: ``uint8[B, 3, S, S]``, augmented.
        context: ``float32[B, 3]`` for networks with metadata, or None.
        features: the student's last ``float32[B, F, h, w]``, or its vector ``float32[B, F]``.
        logits: the student's ``float32[B, C]``.
        layers: outputs of those inner layers of the student that the guide asked for.
        taught: teachers' logits ``float32[K, B, C]`` where they are known already, or None.
    """

    images: Tensor
    context: Tensor | None
    features: Tensor
    logits: Tensor
    layers: Mapping[str, Tensor]
    taught: Tensor | None


@dataclass(frozen=True)
class Softness:
    """How answers are softened; see ``response_loss``."""

    temperature: float
    squared: bool = False

    def loss(self, learner: Tensor, taught: Tensor) -> Tensor:
        """Of logits ``float[B, C]``, taught by ``float[K, B, C]``."""
        targets = soft_targets(taught, self.temperature)
        return response_loss(learner, targets, self.temperature, squared=self.squared)


class Guide(nn.Module):
    """What all kinds have in common.

    Attributes:
        peer: a second network that is trained beside the student, or None.
        answers: the peer's logits for the newest batch.
        adapters: layers of the guide's own that are trained.
        layers: inner layers of the student that ``Seen`` must hold.
    """

    def __init__(self, peer: Network | None = None, adapters: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.peer = peer
        self.answers: Tensor | None = None
        self.adapters = nn.ModuleList(adapters)
        self.layers: Sequence[str] = ()

    def forward(self, seen: Seen) -> Tensor | None:
        """The loss of a batch; None where there is nothing to say yet."""
        raise NotImplementedError

    def move(self, device: torch.device) -> None:
        """Bring finished teachers to where the training is."""

    def epoch_ends(self, epoch: int, student: Network) -> None:
        """Called after every epoch of training, counted from 0."""


class Response(Guide):
    """The softened answers of finished teachers; several are an ensemble (Hinton et al. 2015; uis2022)."""

    def __init__(self, teachers: Sequence[Network], softness: Softness) -> None:
        super().__init__()
        self.teachers = Frozen(teachers)
        self.softness = softness

    def forward(self, seen: Seen) -> Tensor:
        """Cross-entropy with the teachers' answers."""
        taught = self.teachers.logits(seen.images, seen.context) if seen.taught is None else seen.taught
        return self.softness.loss(seen.logits, taught)

    def move(self, device: torch.device) -> None:
        """Bring the teachers there."""
        self.teachers.move(device)


class Feature(Guide):
    """A teacher's maps as hints for the student's (Romero et al. 2015), through 1x1 convolutions as adapters.

    Args:
        teacher: finished.
        student: it is not kept.
        hints: the student's layer to the teacher's, by their names in the bodies; empty for the last maps.
        example: an image ``uint8[1, 3, S, S]``, to learn the shapes.

    Raises:
        RecipeError: a layer does not exist or gives no map.
    """

    def __init__(self, teacher: Network, student: Network, hints: Mapping[str, str], example: Tensor) -> None:
        self.hints = dict(hints) or {LAST: LAST}
        own = _maps(student, list(self.hints), example, "student")
        theirs = _maps(teacher, list(self.hints.values()), example, "teacher")
        super().__init__(
            adapters=[nn.Conv2d(own[mine].shape[1], theirs[other].shape[1], 1) for mine, other in self.hints.items()]
        )
        self.layers = [name for name in self.hints if name != LAST]
        self.teacher = Frozen([teacher])

    def forward(self, seen: Seen) -> Tensor:
        """The mean of the hints' losses."""
        wanted = self.teacher.outputs(list(self.hints.values()), seen.images)
        own = {LAST: seen.features, **seen.layers}
        losses = [
            hint_loss(adapter(own[mine]), wanted[other])
            for adapter, (mine, other) in zip(self.adapters, self.hints.items(), strict=True)
        ]
        return torch.stack(losses).mean()

    def move(self, device: torch.device) -> None:
        """Bring the teacher there."""
        self.teacher.move(device)


@torch.no_grad()
def _maps(network: Network, names: Sequence[str], example: Tensor, whose: str) -> dict[str, Tensor]:
    training = network.training
    found = outputs(network.eval(), names, example, whose)
    network.train(training)
    for name, value in found.items():
        if value.ndim != 4:
            raise RecipeError(f"distillation: {name or 'the last layer'} of the {whose} gives no map, so it is no hint")
    return found


class Relation(Guide):
    """Which images of a batch a teacher finds alike (Tung and Mori 2019), by the last maps."""

    def __init__(self, teacher: Network) -> None:
        super().__init__()
        self.teacher = Frozen([teacher])

    def forward(self, seen: Seen) -> Tensor:
        """Difference of the two similarities."""
        wanted = self.teacher.outputs([LAST], seen.images)[LAST]
        return similarity_loss(seen.features, wanted)

    def move(self, device: torch.device) -> None:
        """Bring the teacher there."""
        self.teacher.move(device)


class Online(Guide):
    """A peer that learns at the same time, each from the other's softened answers (Zhang et al. 2018).

    The peer's own loss of the labels is added by whoever trains both; it is in ``answers``.
    """

    def __init__(self, peer: Network, softness: Softness) -> None:
        super().__init__(peer)
        self.softness = softness

    def forward(self, seen: Seen) -> Tensor:
        """The sum of both cross-entropies; each network learns from its own, the other one's answers are given."""
        assert self.peer is not None
        answers: Tensor = self.peer(seen.images, seen.context)
        self.answers = answers
        own = self.softness.loss(seen.logits, answers.detach()[None])
        return own + self.softness.loss(answers, seen.logits.detach()[None])


class Itself(Guide):
    """The student as it was some epochs ago teaches it now (snapshot distillation, Yang et al. 2019).

    Args:
        student: to copy.
        every: epochs after which a copy is made; the newest one teaches.
        softness: of the answers.
    """

    known: Tensor

    def __init__(self, student: Network, every: int, softness: Softness) -> None:
        super().__init__()
        self.before = copy.deepcopy(student).eval().requires_grad_(False)
        self.every = every
        self.softness = softness
        self.register_buffer("known", torch.tensor(False))

    def train(self, mode: bool = True) -> Itself:
        """The copy always stays in evaluation mode."""
        super().train(mode)
        self.before.eval()
        return self

    def forward(self, seen: Seen) -> Tensor | None:
        """Cross-entropy with the copy's answers; None before there is one."""
        if not self.known:
            return None
        with torch.no_grad():
            taught = self.before(seen.images, seen.context)
        return self.softness.loss(seen.logits, taught[None])

    def epoch_ends(self, epoch: int, student: Network) -> None:
        """Make a new copy when it is time."""
        if (epoch + 1) % self.every == 0:
            self.before.load_state_dict(student.state_dict())
            self.known.fill_(True)
