"""Diagnoses as a tree, their malignancy, and tasks as data; all of it stands in ``taxonomy.toml``."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
        also: code of a second broader one, which says no more than the malignancy, or None.
        malignancy: ``benign``, ``premalignant``, ``malignant``, ``indeterminate``, or None where it says nothing.
        en: English display name.
        es: Spanish display name.
    """

    code: str
    parent: str | None
    also: str | None
    malignancy: str | None
    en: str
    es: str


@dataclass(frozen=True)
class TaskLabel:
    """One class of a task: its name, display names, and the values that it takes in (diagnoses with their children)."""

    name: str
    en: str
    es: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A question put to pictures: which label has this one?

    Attributes:
        name: as in recipes and model files.
        modality: ``dermoscopy``, ``clinical`` or ``histology``; None for any.
        column: the column of the manifest that decides the label.
        positive: in a binary task, the label that a threshold decides on; else None.
        labels: in the order of a model's probabilities; empty where they come from the data (see ``closed``).
    """

    name: str
    modality: str | None
    column: str
    positive: str | None
    labels: tuple[TaskLabel, ...]

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return tuple(label.name for label in self.labels)

    def label_of(self, value: str | None) -> str | None:
        """The label of a value of ``column``, or None where the task leaves it out.

        For a diagnosis it is the label of the nearest one up the tree. Where labels come from the data it is the value.
        """
        if not self.labels:
            return value
        owner = {value: label.name for label in self.labels for value in label.values}
        near = lineage(value) if self.column == "diagnosis" else (value,)
        return next((owner[code] for code in near if code in owner), None)

    def admits(self, modality: str | None) -> bool:
        """Whether pictures of this modality belong to the task."""
        return self.modality is None or modality == self.modality

    def closed(self, values: Iterable[str]) -> Task:
        """The task with labels: its own, or else one for each of the values found in the data, sorted."""
        if self.labels:
            return self
        return replace(self, labels=tuple(TaskLabel(value, value, value, (value,)) for value in sorted(set(values))))


@cache
def diagnoses() -> dict[str, Diagnosis]:
    """All diagnoses by code."""
    nodes = _tables()["diagnosis"]
    return {
        code: Diagnosis(code, node.get("parent"), node.get("also"), _malignancy(code, nodes), node["en"], node["es"])
        for code, node in nodes.items()
    }


@cache
def tasks() -> dict[str, Task]:
    """All tasks by name."""
    return {
        name: Task(
            name,
            table.get("modality"),
            table.get("column", "diagnosis"),
            table.get("positive"),
            tuple(_label(label, row) for label, row in table.get("label", {}).items()),
        )
        for name, table in _tables()["task"].items()
    }


@cache
def aliases() -> dict[str, str]:
    """Other names of tasks, with the name that each stands for."""
    return {alias: name for name, table in _tables()["task"].items() for alias in table.get("aliases", ())}


def task(name: str) -> Task:
    """The task of that name or alias.

    Raises:
        TejidoError: there is none; the message gives the nearest name.
    """
    known = tasks()
    name = aliases().get(name, name)
    if name not in known:
        near = difflib.get_close_matches(name, (*known, *aliases()), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
        raise TejidoError(f"no task is called {name!r}{hint}")
    return known[name]


@cache
def lineage(diagnosis: str | None) -> tuple[str, ...]:
    """The diagnosis itself, its parents up to the root, then the second broader ones; empty for None."""
    if diagnosis is None:
        return ()
    node = diagnoses()[diagnosis]
    return tuple(dict.fromkeys((diagnosis, *lineage(node.parent), *lineage(node.also))))


def is_finer(diagnosis: str, than: str) -> bool:
    """Whether ``diagnosis`` lies strictly below ``than``."""
    return than in lineage(diagnosis)[1:]


@cache
def common(names: frozenset[str]) -> str | None:
    """What a lesion is if all of these are right: the broadest diagnosis that lies below each of them or is it.

    ``akiec`` and ``actinic_keratosis`` leave ``actinic_keratosis``, ``akiec`` and ``malignant_lesion`` leave
    ``squamous_cell_carcinoma``. None where they exclude each other, as ``nevus`` and ``melanoma`` do.

    Args:
        names: one diagnosis or more.
    """
    below = [code for code in diagnoses() if names.issubset(lineage(code))]
    return next((code for code in below if not set(below) & set(lineage(code)[1:])), None)


def malignancy(diagnosis: str | None) -> str | None:
    """Malignancy of a diagnosis, or None where it is unknown."""
    return None if diagnosis is None else diagnoses()[diagnosis].malignancy


def _malignancy(code: str, nodes: dict[str, Any]) -> str | None:
    node = nodes[code]
    if "malignancy" in node or "parent" not in node:
        value: str | None = node.get("malignancy")
        return value
    return _malignancy(node["parent"], nodes)


def _label(name: str, row: dict[str, Any]) -> TaskLabel:
    node = diagnoses().get(name)
    names = (row["en"], row["es"]) if node is None else (row.get("en", node.en), row.get("es", node.es))
    return TaskLabel(name, *names, tuple(row.get("values", [name])))


@cache
def _tables() -> dict[str, Any]:
    text = files("tejido").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
