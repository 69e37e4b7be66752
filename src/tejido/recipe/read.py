"""Recipes as files: reading, overriding, and errors that a person can mend."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from string import Template
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from tejido.errors import RecipeError

Checked = TypeVar("Checked", bound=BaseModel)


def load_as(model: type[Checked], path: Path, overrides: tuple[str, ...] = ()) -> Checked:
    """Read a recipe of any kind and apply overrides.

    Raises:
        RecipeError: the file is missing or not YAML, a key is unknown, or a value has the wrong kind or range.
    """
    raw = read(path)
    for text in overrides:
        override(raw, text)
    return validate(model, raw, str(path))


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, unchecked.

    Raises:
        RecipeError: the file is missing, not YAML, or no mapping.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"{path}: not a recipe")
    return raw


def validate(model: type[Checked], raw: Any, origin: str) -> Checked:
    """``raw`` as a model of recipes, such as ``Recipe`` itself.

    Raises:
        RecipeError: a key is unknown, or a value has the wrong kind or range; the message begins with ``origin``.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {_explain(error, model)}") from None


def resolve_path(text: str) -> Path:
    """A path of a recipe with its environment variables filled in.

    Raises:
        RecipeError: a variable is not set.
    """
    try:
        return Path(Template(text).substitute({"TEJIDO_SHARED": "../shared"} | dict(os.environ)))
    except (KeyError, ValueError) as error:
        raise RecipeError(f"{text}: environment variable {error} is not set") from None


def override(raw: dict[str, Any], text: str) -> None:
    """Change ``raw``, a recipe as read, as ``text`` says: ``training.epochs=3``.

    Raises:
        RecipeError: ``text`` is no override, or goes through a value as if it were a section.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"{text!r} is not an override; write key=value, such as training.epochs=3")
    *sections, last = key.split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
        if not isinstance(raw, dict):
            raise RecipeError(f"{key}: {section} is a value, not a section")
    raw[last] = yaml.safe_load(value)


def _explain(error: ValidationError, root: type[BaseModel]) -> str:
    first = error.errors()[0]
    *sections, last = [str(part) for part in first["loc"]] or ["recipe"]
    key = ".".join([*sections, last])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(last, _keys(root, sections), n=1)
        return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if first["type"] == "missing":
        return f"key {key!r} is missing"
    if first["type"] == "value_error":  # keys that do not go together
        return f"{key}: {first['ctx']['error']}"
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, not {first['input']!r}"


def _keys(model: type[BaseModel], sections: list[str]) -> list[str]:
    for section in sections:
        annotation = model.model_fields[section].annotation
        candidates = [annotation, *get_args(annotation)]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
