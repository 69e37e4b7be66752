"""What may be known beside the picture (age, sex, site), and the codes that stand for it in tensors and model files.

A code is a position in its table counted from 1; 0 stands for unknown. Model files keep these codes for good, so an
entry is only ever added at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

UNKNOWN = 0
"""Code of a sex or a site that is not known."""
UNKNOWN_AGE = math.nan
"""Age in years that is not known."""
OLDEST = 120.0
"""Highest age in years that is taken for one."""


@dataclass(frozen=True)
class Choice:
    """One value: its name, display names, and the terms of sources that mean it (its name with spaces is one too)."""

    name: str
    en: str
    es: str
    terms: tuple[str, ...] = ()


SEXES = (Choice("female", "female", "mujer"), Choice("male", "male", "hombre"))

# The general sites of the ISIC Archive. Its own table of the HAM10000 images settles that chest and abdomen are
# anterior torso, foot is lower extremity and hand is upper extremity; a trunk of unsaid side stays torso.
SITES = (
    Choice(
        "head_neck", "head or neck", "cabeza o cuello", ("head/neck", "face", "scalp", "ear", "nose", "lip", "neck")
    ),
    Choice("anterior_torso", "front of the torso", "parte anterior del torso", ("chest", "abdomen")),
    Choice("posterior_torso", "back", "espalda", ("back",)),
    Choice("torso", "elsewhere on the torso", "otra parte del torso", ("trunk", "lateral torso")),
    Choice("upper_extremity", "arm or hand", "brazo o mano", ("arm", "forearm", "hand")),
    Choice("lower_extremity", "leg or foot", "pierna o pie", ("thigh", "foot")),
    Choice("palms_soles", "palm or sole", "palma o planta", ("palms/soles", "acral")),
    Choice("oral_genital", "mouth or genitals", "boca o genitales", ("oral/genital", "genital")),
)


def sex_code(term: str | None) -> int:
    """Code of a source's word for a sex; ``UNKNOWN`` for None and for words that are not in ``SEXES``."""
    return UNKNOWN if term is None else _codes(SEXES).get(term.lower(), UNKNOWN)


def site_code(term: str | None) -> int:
    """Code of a source's word for a place on the body; ``UNKNOWN`` for None and for words that are not in ``SITES``."""
    return UNKNOWN if term is None else _codes(SITES).get(term.lower(), UNKNOWN)


@cache
def _codes(choices: Iterable[Choice]) -> dict[str, int]:
    return {
        term: code
        for code, choice in enumerate(choices, start=1)
        for term in (choice.name, choice.name.replace("_", " "), *choice.terms)
    }
