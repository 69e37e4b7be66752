"""Stain augmentation of histology: other amounts of the stains, not other colours.

The picture is split into haematoxylin, eosin and DAB (Ruifrok & Johnston 2001), each stain's amount s becomes
(1 + a)·s + b, and the stains are mixed again (Tellez et al. 2018, doi:10.1109/TMI.2018.2820199).
"""

from __future__ import annotations

import torch
from torch import Tensor

STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Optical density of haematoxylin, eosin and DAB in red, green and blue."""
_WHITE = 256.0


def jitter(batch: Tensor, limit: float, generator: torch.Generator) -> Tensor:
    """Change the amounts of each image's stains at random.

    Amounts are optical densities, -ln((I + 1) / 256), so an offset of 0.1 changes the light by a tenth. White without
    any stain changes with the offset, too, as with another exposure.

    Args:
        batch: ``float32[B, 3, S, S]`` in 0..255.
        limit: a and b are uniform in -limit..limit, for every stain and image anew.
        generator: on the CPU.

    Returns:
        The same shape and range.
    """
    count = len(batch)
    change = (torch.rand(count, 2, 3, generator=generator) * 2 - 1) * limit
    mixing = torch.tensor(STAINS)
    # Splitting, changing and mixing are one affine map of the densities.
    matrix = torch.linalg.inv(mixing) @ torch.diag_embed(1 + change[:, 0]) @ mixing
    offset = change[:, 1] @ mixing
    density = -torch.log((batch.flatten(2) + 1) / _WHITE)
    changed = torch.baddbmm(offset[:, :, None].to(batch.device), matrix.transpose(1, 2).to(batch.device), density)
    return (_WHITE * torch.exp(-changed) - 1).clamp(0, 255).reshape(batch.shape)
