"""U-Nets (Ronneberger et al. 2015) that outline lesions: a known network as encoder, and a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn
from torch.nn import functional

from tejido.models import bodies
from tejido.models import weights as weight_files
from tejido.recipe import SegmentationRecipe, resolve_path


class Segmenter(nn.Module):
    """From a square RGB image to how likely each of its pixels belongs to the lesion.

    Args:
        encoder: from normalised ``float32[B, 3, S, S]`` to feature maps, each half as large as the one before.
        channels: of those maps.
        decoder: channels of the decoder's blocks, coarsest first; as many as there are maps, or one less, which gives
            logits of half the size, enlarged by interpolation.
        input_size: S, in pixels.
        mean: per-channel mean on the 0..1 scale, as the encoder's weights expect it.
        std: per-channel standard deviation, likewise.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        channels: Sequence[int],
        decoder: Sequence[int],
        *,
        input_size: int,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__()
        self.body = encoder
        blocks = UnetDecoder([3, *channels], list(decoder), n_blocks=len(decoder))
        self.head = nn.ModuleDict({"decoder": blocks, "last": SegmentationHead(decoder[-1], 1)})
        self.halved = len(decoder) < len(channels)
        self.input_size = input_size
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1) * 255, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """``uint8[B, 3, S, S]`` to logits ``float32[B, 1, S, S]``; above 0 a pixel rather is lesion."""
        normalised = (image.float() - self.mean) / self.std
        maps = self.body(normalised.contiguous(memory_format=torch.channels_last))
        # The decoder takes the picture itself as the first map, and does not look at it.
        logits: Tensor = self.head["last"](self.head["decoder"]([normalised, *maps]))
        if self.halved:
            logits = functional.interpolate(logits, scale_factor=2, mode="bilinear")
        return logits


def from_recipe(recipe: SegmentationRecipe) -> Segmenter:
    """Build the segmenter that a recipe describes, channels-last.

    Raises:
        RecipeError: see ``build``.
    """
    asked = recipe.network
    network = build(
        asked.encoder,
        size=recipe.image.size,
        decoder=asked.decoder,
        depth=asked.depth,
        weights=None if asked.weights is None else resolve_path(asked.weights),
    )
    return network.to(memory_format=torch.channels_last)


def build(
    encoder: str, *, size: int, decoder: Sequence[int], depth: int | None = None, weights: Path | None = None
) -> Segmenter:
    """Build a segmenter.

    Args:
        encoder: ``mobilenetv1_025``, ``mobilenetv1_050`` or a timm name.
        size: side of the images in pixels.
        decoder: channels of the decoder's blocks, coarsest first.
        depth: halvings to which the encoder is cut; None as many as there are blocks.
        weights: file to start the encoder from (see ``models.weights``); what it holds beyond the encoder is ignored.

    Raises:
        RecipeError: there is no such network, its feature maps do not halve, or the weights do not fit.
    """
    front = bodies.front(encoder, len(decoder) if depth is None else depth)
    if weights is not None:
        weight_files.load(front, weights, encoder, (), partial=True)
    channels = [int(one) for one in front.feature_info.channels()]
    facts = bodies.find(encoder)
    return Segmenter(front, channels, decoder, input_size=size, mean=facts.mean, std=facts.std)
