"""The exporter, made to work once for every network: it takes seconds, and many tests ask again for the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

import pytest
import torch
from torch import nn

_OF_EVERY_MODULE = set(vars(nn.Module()))


def key(module: nn.Module, inputs: tuple[torch.Tensor, ...], options: dict[str, Any]) -> str | None:
    """Of all that a graph depends on: classes, settings, weights, inputs. None where a setting has no text of its own.

    Pickle would not do: the same network, loaded again, gives other bytes.
    """
    said = [repr([(one.dtype, one.shape) for one in inputs]), repr(options)]
    for name, part in module.named_modules():
        settings = {item: value for item, value in vars(part).items() if item not in _OF_EVERY_MODULE}
        said.append(f"{name} {type(part).__module__} {type(part).__qualname__} {part.training}")
        said += [f"{item}={getattr(value, '__qualname__', repr(value))}" for item, value in sorted(settings.items())]
    text = "\n".join(said)
    if " at 0x" in text:
        return None
    digest = hashlib.sha256(text.encode())
    for name, tensor in chain(module.named_parameters(), module.named_buffers()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def quick_exporter() -> Iterator[None]:
    """Keep what has been exported, and the table of operators, which the exporter otherwise makes for every file."""
    export, known = torch.onnx.export, dict[str, Any]()

    def once(module: nn.Module, inputs: tuple[torch.Tensor, ...], **options: Any) -> Any:
        found = key(module, inputs, options)
        if found is None:
            return export(module, inputs, **options)
        if found not in known:
            known[found] = export(module, inputs, **options)
        return known[found]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", once)
        try:
            from torch.onnx._internal.exporter._registration import ONNXRegistry
        except ImportError:  # not a public name; without it the tests take longer, and that is all
            yield
            return
        make: Callable[..., Any] = ONNXRegistry.from_torchlib
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(make)))
        yield
