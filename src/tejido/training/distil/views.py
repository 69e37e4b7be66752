"""Training images in a fixed number of augmented views, so that a teacher is asked about each of them only once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tejido.files import replacing
from tejido.imaging.augment import Augment
from tejido.training.distil.taps import Frozen
from tejido.training.images import Images, LabelledImages, batches
from tejido.training.sampler import generator_for

_CHUNK = 256
KEPT = 4 * 2**30
"""Bytes of views that stay in memory; where all of them take more, each is made anew when its turn comes."""


class Views(LabelledImages):
    """A data set whose images are those of one view at a time; items end with the teachers' logits ``float32[K, C]``.

    View v of an image depends on the seed, v and the image's place alone; epoch e trains on view e modulo their number.
    An image that is drawn twice in an epoch looks the same both times, unlike in a training without views.

    Args:
        data: the images as they are.
        augment: what a view changes.
        count: number of views, 1 or more; without augmentation 1 is enough.
        seed: of the run.
        teachers: asked about every view once.
        folder: where their answers are kept for later trainings, or None.
    """

    def __init__(
        self,
        data: LabelledImages,
        augment: Augment,
        count: int,
        seed: int,
        teachers: Frozen,
        folder: Path | None = None,
    ) -> None:
        super().__init__(data.images, data.labels, data.context)
        self.originals: Images = data.images
        self.augment = augment
        self.count = count
        self.seed = seed
        self.teachers = teachers
        self.folder = folder
        self.view = -1
        self.taught = torch.empty(0)
        self._answers: dict[int, Tensor] = {}
        self._looks: dict[int, Tensor] = {}
        self._key = ""

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return *super().__getitem__(index), self.taught[index]

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, ...]:
        return *super().__getitems__(indices), self.taught[torch.tensor(indices)]

    def turn(self, epoch: int) -> None:
        """Turn to the view of an epoch, before its first batch."""
        view = epoch % self.count
        if view == self.view:
            return
        self.view = view
        self.images = self._looks[view] if view in self._looks else self._look(view)
        if view not in self._answers:
            self._answers[view] = self._asked(view)
        self.taught = self._answers[view]

    def _look(self, view: int) -> Tensor:
        """The images ``uint8[N, 3, S, S]`` as a view shows them."""
        generator = generator_for(self.seed, view, purpose=5)
        images = torch.cat([self.augment(part, generator) for part in batches(self.originals, _CHUNK)])
        if self.count * images.nbytes <= KEPT:
            self._looks[view] = images
        return images

    def _asked(self, view: int) -> Tensor:
        """The teachers' logits ``float32[N, K, C]`` about the images of now, from a file if it is there."""
        path = None if self.folder is None else self.folder / f"{self._hash()}-{view}.npy"
        if path is not None and (known := _read(path)) is not None:
            return known
        assert isinstance(self.images, Tensor)
        device = next(self.teachers.networks[0].parameters()).device
        parts = []
        for start in range(0, len(self.images), _CHUNK):
            context = None if self.context is None else self.context[start : start + _CHUNK].to(device)
            parts.append(self.teachers.logits(self.images[start : start + _CHUNK].to(device), context).cpu())
        answers = torch.cat(parts, dim=1).transpose(0, 1).contiguous()
        if path is not None:
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.save(file, answers.numpy(), allow_pickle=False)
        return answers

    def _hash(self) -> str:
        """Of all that the answers depend on: teachers, images, what is known beside them, augmentation and seed."""
        if not self._key:
            digest = hashlib.sha256(f"{self.augment} {self.seed} {_CHUNK} {torch.__version__}".encode())
            for network in self.teachers.networks:
                for name, value in network.state_dict().items():
                    digest.update(name.encode())
                    digest.update(value.cpu().numpy().tobytes())
            for part in batches(self.originals, _CHUNK):
                digest.update(part.cpu().contiguous().numpy().tobytes())
            if self.context is not None:
                digest.update(self.context.numpy().tobytes())
            self._key = digest.hexdigest()[:16]
        return self._key


def _read(path: Path) -> Tensor | None:
    """Answers kept before; None where there are none or the file is damaged, since asking again costs little."""
    try:
        return torch.from_numpy(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):
        return None
