"""``tejido sources``: the catalogue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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
    assert "actinic_keratosis        ACK\n" in result.out
    assert "tejido data build --source pad_ufes_20=DIR -o MANIFEST" in result.out
    assert json.loads(run("sources", "ph2", "--json").out)[0]["masks"] == 200
    assert json.loads(run("sources", "folders", "--json").out)[0]["homepage"] is None


def test_a_narrow_terminal(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (60, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        for name in SOURCES:
            shown = run("sources", name).out
            wide = [line for line in shown.splitlines() if len(line) > columns]
            assert all("https://" in line or "http://" in line for line in wide)  # addresses are not broken
            assert SOURCES[name].info.homepage is None or SOURCES[name].info.homepage in shown


def test_its_options(run: Callable[..., Result]) -> None:
    assert "DIR,fold=…  1 to 5: the official fold that gives the split" in run("sources", "breakhis").out
    assert "tejido data download isic2019 DIR" in run("sources", "isic2019").out


def test_no_such_source(run: Callable[..., Result]) -> None:
    result = run("sources", "ham")
    assert (result.code, result.out, result.err) == (
        1,
        "",
        "tejido: no source is called 'ham'; did you mean ham10000?\n",
    )
