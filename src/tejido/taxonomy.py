"""Diagnoses as a tree, their malignancy, and tasks as data; all of it stands in ``taxonomy.toml``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tejido.errors import TejidoError


@dataclass(frozen=True)
class Diagnosis:
    """A node of the tree of diagnoses.

    Attributes:
        code: canonical name, as in the manifest.
        parent: code of the broader diagnosis, or None.
        malignancy: ``benign``, ``premalignant``, ``malignant`` or ``indeterminate``.
        en: English display name.
        es: Spanish display name.
    """

    code: str
    parent: str | None
    malignancy: str
    en: str
    es: str


@dataclass(frozen=True)
class TaskLabel:
    """One class of a task: its name, display names, and the diagnoses that it takes in with all their children."""

    name: str
    en: str
    es: str
    diagnoses: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A question put to pictures: which label has this one?

    Attributes:
        name: as in recipes and model files.
        modality: ``dermoscopy``, ``clinical`` or ``histology``.
        positive: in a binary task, the label that a threshold decides on; else None.
        labels: in the order of a model's probabilities.
    """

    name: str
    modality: str
    positive: str | None
    labels: tuple[TaskLabel, ...]

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return tuple(label.name for label in self.labels)

    def label_of(self, diagnosis: str | None) -> str | None:
        """The label of a diagnosis (the nearest one up the tree), or None where the task leaves it out."""
        owner = {code: label.name for label in self.labels for code in label.diagnoses}
        return next((owner[code] for code in lineage(diagnosis) if code in owner), None)


@cache
def diagnoses() -> dict[str, Diagnosis]:
    """All diagnoses by code."""
    return {
        code: Diagnosis(code, node.get("parent"), node["malignancy"], node["en"], node["es"])
        for code, node in _tables()["diagnosis"].items()
    }


@cache
def tasks() -> dict[str, Task]:
    """All tasks by name."""
    return {
        name: Task(
            name,
            table["modality"],
            table.get("positive"),
            tuple(
                TaskLabel(label, row["en"], row["es"], tuple(row["diagnoses"])) for label, row in table["label"].items()
            ),
        )
        for name, table in _tables()["task"].items()
    }


def task(name: str) -> Task:
    """The task of that name.

    Raises:
        TejidoError: there is none; the message gives the nearest name.
    """
    known = tasks()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
        raise TejidoError(f"no task is called {name!r}{hint}")
    return known[name]


def lineage(diagnosis: str | None) -> tuple[str, ...]:
    """The diagnosis itself, then its parents up to the root; empty for None."""
    chain: list[str] = []
    while diagnosis is not None:
        chain.append(diagnosis)
        diagnosis = diagnoses()[diagnosis].parent
    return tuple(chain)


def is_finer(diagnosis: str, than: str) -> bool:
    """Whether ``diagnosis`` lies strictly below ``than`` in the tree."""
    return than in lineage(diagnosis)[1:]


def malignancy(diagnosis: str | None) -> str | None:
    """Malignancy of a diagnosis, or None where it is unknown."""
    return None if diagnosis is None else diagnoses()[diagnosis].malignancy


def _tables() -> dict[str, Any]:
    text = files("tejido").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
