"""Training augmentation on whole batches: policies, geometry, stain, colour, sharpness, JPEG, mixing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tejido.errors import RecipeError
from tejido.imaging import policy as policies
from tejido.imaging.jpeg import through_file, through_jpeg
from tejido.imaging.luma import LUMA
from tejido.imaging.mix import mix
from tejido.imaging.stain import jitter
from tejido.imaging.steps.lesion import INSIDE

_TAPS = 9


@dataclass(frozen=True)
class Augment:
    """Random changes, drawn anew for every image of a batch; the parameters are those of a recipe's section.

    Angles in degrees; ``zoom`` is the largest factor in and out; ``shift`` a share of the side; ``brightness``,
    ``contrast``, ``saturation`` and ``temperature`` largest relative changes; ``blur``, ``sharpen`` and ``jpeg`` the
    share of images treated; ``stain`` see ``stain.jitter``, ``policy`` see ``policy.apply``, ``mixup`` and ``cutmix``
    see ``mix.mix``. What is off by default draws nothing when it is off.
    """

    rotation: float = 180.0
    zoom: float = 1.3
    shift: float = 0.05
    flip: bool = True
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    temperature: float = 0.05
    blur: float = 0.2
    sharpen: float = 0.2
    jpeg: float = 0.2
    stain: float = 0.0
    policy: str = "none"
    mixup: float = 0.0
    cutmix: float = 0.0

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """``uint8[B, 3, S, S]`` to the same shape and type, drawing from ``generator`` (on the CPU).

        A lesion mask as fourth channel, 0 or 255, moves with its image and is otherwise left alone. A policy cannot
        take it along; see ``check_mask``.
        """
        if self.policy != "none":
            images = policies.apply(images, self.policy, generator)
        moved = self._geometry(images.float(), generator)
        batch, mask = moved[:, :3], moved[:, 3:]
        if self.stain:
            batch = jitter(batch, self.stain, generator)
        batch = self._colour(batch, generator)
        batch = self._sharpness(batch, generator)
        batch = self._jpeg(batch.round().clamp(0, 255).to(torch.uint8), generator)
        if not mask.shape[1]:
            return batch
        return torch.cat([batch, (mask >= INSIDE).to(torch.uint8) * 255], dim=1)

    @property
    def mixes(self) -> bool:
        """Whether ``mix`` changes anything."""
        return self.mixup > 0 or self.cutmix > 0

    def mix(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Mix pairs of an augmented batch.

        Args:
            images: ``uint8[B, C, S, S]``.
            labels: ``float32[B, K]``, one-hot.
            generator: on the CPU.

        Returns:
            Images of the same shape and type, and soft labels ``float32[B, K]``.
        """
        return mix(images, labels, generator, mixup=self.mixup, cutmix=self.cutmix)

    def check_mask(self) -> None:
        """Check that images with a lesion mask can be augmented this way.

        Raises:
            RecipeError: they cannot.
        """
        for name, on in (("mixup", self.mixup > 0), ("policy", self.policy != "none")):
            if on:
                raise RecipeError(f"augmentation.{name} cannot be used with an image step that reads lesion masks")

    def _geometry(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        count = len(batch)
        angle = _uniform(count, generator, math.radians(self.rotation))
        scale = torch.exp(_uniform(count, generator, math.log(self.zoom)))
        mirror = torch.where(torch.rand(count, generator=generator) < 0.5 * self.flip, -1.0, 1.0)
        shift = _uniform(count * 2, generator, 2 * self.shift).reshape(count, 2)
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        rows = torch.stack([cos * mirror, -sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], dim=1)
        grid = functional.affine_grid(_there(rows.reshape(count, 2, 3), batch), list(batch.shape), align_corners=False)
        return functional.grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def _colour(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        """All colour changes of an image are one affine map of its RGB values, so the pixels are visited once."""
        count = len(batch)
        gain = 1 + _uniform(count, generator, self.brightness)[:, None]
        gain = gain * (1 + _uniform(count * 3, generator, self.temperature).reshape(count, 3))
        contrast = 1 + _uniform(count, generator, self.contrast)[:, None]
        saturation = 1 + _uniform(count, generator, self.saturation)[:, None, None]
        grey = torch.tensor(LUMA).expand(3, 3)
        towards_grey = _there(saturation * torch.eye(3) + (1 - saturation) * grey, batch)
        gain, contrast = _there(gain, batch), _there(contrast, batch)
        mean = (batch.mean((2, 3)) * gain).mean(1, keepdim=True)
        matrix = towards_grey * (gain * contrast)[:, None, :]
        offset = towards_grey @ ((1 - contrast) * mean).expand(count, 3)[:, :, None]
        mapped = torch.baddbmm(offset, matrix, batch.reshape(count, 3, -1))
        return mapped.reshape(batch.shape).clamp_(0, 255)

    def _sharpness(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        count = len(batch)
        drawn = torch.rand(count, generator=generator)
        sigma = 0.3 + 1.2 * torch.rand(count, generator=generator)
        amount = torch.rand(count, generator=generator)
        for chosen, sharpen in ((drawn < self.blur, False), (drawn > 1 - self.sharpen, True)):
            index = _there(torch.nonzero(chosen).flatten(), batch)
            if not len(index):
                continue
            smooth = _gaussian(batch[index], sigma[chosen])
            if sharpen:  # unsharp mask
                strength = _there(amount[chosen].reshape(-1, 1, 1, 1), batch)
                smooth = batch[index] + strength * (batch[index] - smooth)
            batch = batch.index_copy(0, index, smooth)
        return batch

    def _jpeg(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        chosen = torch.nonzero(torch.rand(len(batch), generator=generator) < self.jpeg).flatten()
        quality = torch.randint(40, 96, (len(batch),), generator=generator)
        if batch.device.type != "cpu" and len(chosen):  # not one by one through the processor
            index = _there(chosen, batch)
            return batch.index_copy(0, index, through_jpeg(batch[index], _there(quality[chosen], batch)))
        for i in chosen.tolist():
            batch[i] = through_file(batch[i], int(quality[i]))
        return batch


def _uniform(count: int, generator: torch.Generator, limit: float) -> Tensor:
    return (torch.rand(count, generator=generator) * 2 - 1) * limit


def _there(values: Tensor, batch: Tensor) -> Tensor:
    """Values drawn on the CPU, where the batch is; a GPU is not waited for."""
    return values.to(batch.device, non_blocking=True)


def _gaussian(batch: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image with its own standard deviation; ``float32[B, 3, S, S]``."""
    count, channels, height, width = batch.shape
    offsets = torch.arange(_TAPS, device=batch.device) - _TAPS // 2
    kernel = torch.exp(-0.5 * (offsets / _there(sigma, batch)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    stack = batch.reshape(1, count * channels, height, width)
    half = _TAPS // 2
    stack = functional.pad(stack, (half, half, half, half), mode="replicate")
    stack = functional.conv2d(stack, kernel[:, None, None, :], groups=count * channels)
    stack = functional.conv2d(stack, kernel[:, None, :, None], groups=count * channels)
    return stack.reshape(batch.shape)
