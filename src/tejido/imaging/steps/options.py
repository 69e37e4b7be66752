"""Checks of the values that a recipe gives to a step."""

from __future__ import annotations

from tejido.errors import RecipeError


def number(name: str, value: object, low: float, high: float) -> float:
    """``value`` if it is a number in ``low..high``.

    Raises:
        RecipeError: it is not; ``name`` is the step's and the option's, such as ``shades_of_gray.p``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecipeError(f"image.steps: {name} is a number from {low:g} to {high:g}, not {value!r}")
    return float(value)


def one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    """``value`` if it is one of ``choices``.

    Raises:
        RecipeError: it is not.
    """
    if not isinstance(value, str) or value not in choices:
        raise RecipeError(f"image.steps: {name} is {' or '.join(choices)}, not {value!r}")
    return value
