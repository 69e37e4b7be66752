"""``tejido sources``: the catalogue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tejido.sources.catalogue import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result


def test_the_table_names_every_source(run: Callable[..., Result]) -> None:
    result = run("sources")
    assert (result.code, result.err) == (0, "")
    first_words = [line.split(" ")[0] for line in result.out.splitlines()]
    assert all(name in first_words for name in SOURCES)
    assert "CC-BY-NC-4.0" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_json(run: Callable[..., Result]) -> None:
    found = json.loads(run("sources", "--json").out)
    assert [info["name"] for info in found] == list(SOURCES)
    ham = found[0]
    assert (ham["images"], ham["masks"], ham["terms"]["akiec"]) == (10_015, 10_015, "akiec")
    assert set(ham) >= {"title", "summary", "modality", "licence", "citation", "homepage", "obtain", "size"}


def test_one_source(run: Callable[..., Result]) -> None:
    result = run("sources", "pad_ufes_20")
    assert result.code == 0
    assert "2,298 images, clinical; about 3.5 GB" in result.out
    assert "  ACK  actinic_keratosis\n" in result.out
    assert json.loads(run("sources", "ph2", "--json").out)[0]["masks"] == 200


def test_no_such_source(run: Callable[..., Result]) -> None:
    result = run("sources", "ham")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("tejido: no source is called 'ham'; there are: ham10000, isic2016")
