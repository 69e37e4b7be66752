"""What inner layers of networks give, and networks that only give."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.models.network import Network

LAST = ""
"""Stands for the body's own output."""


class Frozen:
    """Finished networks: never trained, never saved with the student."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = [network.eval().requires_grad_(False) for network in networks]

    @torch.no_grad()
    def logits(self, images: Tensor, context: Tensor | None) -> Tensor:
        """``float32[K, B, C]``."""
        return torch.stack([network(images, context) for network in self.networks])

    @torch.no_grad()
    def outputs(self, names: Sequence[str], images: Tensor) -> dict[str, Tensor]:
        """Outputs of the first network's layers."""
        return outputs(self.networks[0], names, images, "teacher")

    def move(self, device: torch.device) -> None:
        """Bring them to a device."""
        for network in self.networks:
            network.to(device)


def outputs(network: Network, names: Sequence[str], images: Tensor, whose: str) -> dict[str, Tensor]:
    """What layers of a network's body give for a batch; the name ``""`` is the body's own output.

    Raises:
        RecipeError: a layer does not exist; see ``Tap``.
    """
    with Tap(network, [name for name in names if name != LAST], whose) as tap:
        return {LAST: network.features(images)} | tap.seen


class Tap:
    """Notes what inner layers of a network's body give, while it is open.

    Args:
        network: its body is looked into.
        names: of the layers.
        whose: for messages.

    Raises:
        RecipeError: a layer does not exist; the message gives the nearest that does.
    """

    def __init__(self, network: Network, names: Sequence[str], whose: str) -> None:
        layers = dict(network.body.named_modules())
        for name in names:
            if name not in layers:
                near = difflib.get_close_matches(name, layers, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise RecipeError(f"distillation.hints: the {whose} has no layer {name!r}{hint}")
        self.seen: dict[str, Tensor] = {}
        self._layers = {name: layers[name] for name in names}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> Tap:
        for name, layer in self._layers.items():

            def note(_: nn.Module, __: object, output: Tensor, name: str = name) -> None:
                self.seen[name] = output.clone()  # the next layer may write into it

            self._handles.append(layer.register_forward_hook(note))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
