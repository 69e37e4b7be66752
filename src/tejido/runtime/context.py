"""What is told beside the picture, as the tensors that a model file takes; its own metadata has the vocabularies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tejido.context import OLDEST
from tejido.errors import ContextError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tejido.runtime.metadata import Choice, Input, Metadata

UNKNOWN = ("", "unknown")
"""Words that mean that a value is not known; None does too."""


def encode(metadata: Metadata, given: Mapping[str, float | str | None]) -> dict[str, NDArray[np.generic]]:
    """The tensors of a model's inputs beside the picture, by name.

    Args:
        metadata: of the model.
        given: by name of the input, a number or a word of the model's vocabulary (its name, a display name, or another
            term for it; case, spaces, ``_``, ``-`` and ``/`` do not matter). What is None, ``unknown`` or not there is
            unknown.

    Returns:
        ``float32[]`` (NaN where unknown) or ``int64[]`` (0 where unknown) for each of ``metadata.inputs``.

    Raises:
        ContextError: the model has no such input, the number is no possible age, or no choice is called so.
    """
    known = {name: value for name, value in given.items() if not _is_unknown(value)}
    names = [item.name for item in metadata.inputs]
    strange = [name for name in known if name not in names]
    if strange:
        takes = f"it takes {', '.join(names)}" if names else "it looks at the picture alone"
        raise ContextError(f"the model {metadata.name!r} takes no {strange[0]}; {takes}")
    return {item.name: _tensor(item, known.get(item.name)) for item in metadata.inputs}


def _is_unknown(value: float | str | None) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in UNKNOWN
    return value is None or math.isnan(value)


def _tensor(item: Input, value: float | str | None) -> NDArray[np.generic]:
    if item.choices is None:
        return np.array(math.nan if value is None else _number(item.name, value), np.float32)
    return np.array(0 if value is None else _code(item.name, item.choices, value), np.int64)


def _number(name: str, value: float | str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= OLDEST:
        raise ContextError(f"{name} {value!r} is no number from 0 to {OLDEST:.0f}; leave it out where it is unknown")
    return number


def _code(name: str, choices: tuple[Choice, ...], value: float | str) -> int:
    wanted = _plain(str(value))
    for code, choice in enumerate(choices, start=1):
        if wanted in map(_plain, (choice.name, choice.en, choice.es, *choice.terms)):
            return code
    known = ", ".join(choice.name for choice in choices)
    raise ContextError(f"the model knows no {name} {str(value)[:40]!r}; there are: {known}, unknown")


def _plain(word: str) -> str:
    return " ".join(word.strip().lower().translate(str.maketrans("_-/", "   ")).split())
