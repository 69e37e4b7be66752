"""Training a student with a guide beside the labels, as a Lightning module."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from tejido.models.network import Network
from tejido.training.classify import ClassifyModule
from tejido.training.distil.guides import Guide, Seen
from tejido.training.distil.taps import Tap


class DistilModule(ClassifyModule):
    """Minimises alpha x (loss of the labels) + beta x (loss of the guide), otherwise like ``ClassifyModule``.

    While the guide has nothing to say, the loss of the labels counts fully. A peer, which learns too, adds alpha x (its
    own loss of the labels).

    Args:
        guide: one of ``guides``.
        alpha: weight of the labels.
        beta: weight of the guide.
        told: whether batches end with the teachers' logits ``float32[B, K, C]``, as those of ``Views`` do.
        arguments: of ``ClassifyModule``.
        options: of ``ClassifyModule``.
    """

    def __init__(
        self, guide: Guide, alpha: float, beta: float, *arguments: Any, told: bool = False, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.guide = guide
        self.alpha = alpha
        self.beta = beta
        self.told = told
        self._taught: Tensor | None = None

    @property
    def learners(self) -> list[Network]:
        """The student, and its peer if there is one."""
        return [self.network] if self.guide.peer is None else [self.network, self.guide.peer]

    @property
    def trained(self) -> list[nn.Module]:
        """The learners, and what the guide trains besides."""
        return [*self.learners, self.guide.adapters]

    def on_fit_start(self) -> None:
        """Bring teachers to where the training is."""
        self.guide.move(self.device)

    def training_step(self, batch: tuple[Tensor, ...], number: int) -> Tensor:
        """As in ``ClassifyModule``."""
        if self.told:
            *batch, taught = batch  # type: ignore[assignment]
            self._taught = taught.transpose(0, 1)
        return super().training_step(batch, number)

    def learn(self, images: Tensor, targets: Tensor, context: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The student's logits, and the loss of everything that is trained."""
        known = context[0] if context else None
        with Tap(self.network, self.guide.layers, "student") as tap:
            features = self.network.features(images)
            logits = self.network.logits(features, known)
        loss = self.loss_of_labels(logits, targets)
        guided = self.guide(Seen(images, known, features, logits, tap.seen, self._taught))
        if guided is None:
            return logits, loss
        if self.guide.answers is not None:
            loss = loss + self.loss_of_labels(self.guide.answers, targets)
        self.log("train_guide", guided, on_step=False, on_epoch=True, batch_size=len(images))
        return logits, self.alpha * loss + self.beta * guided

    def on_train_epoch_end(self) -> None:
        """Tell the guide."""
        self.guide.epoch_ends(self.current_epoch, self.network)
