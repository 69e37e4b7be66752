"""Every source has a page in the docs that says what its reader says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tejido.sources.catalogue import SOURCES, parse
from tejido.sources.record import SourceInfo

PAGES = Path(__file__).parents[2] / "docs" / "sources"
INFOS = [pytest.param(source.info, id=name) for name, source in SOURCES.items()]


@pytest.mark.parametrize("info", INFOS)
def test_every_source_has_a_page_with_its_terms(info: SourceInfo) -> None:
    page = (PAGES / f"{info.name}.md").read_text(encoding="utf-8")
    flat = " ".join(page.split())  # its paragraphs are wrapped
    for term, code in info.terms.items():
        assert f"| {term} | `{code}` |" in page
    count = "any number of" if info.images is None else f"{info.images:,}"
    masks = f", {info.masks:,} masks" if info.masks else ""
    lines = [
        f"# {info.title}",
        info.summary,
        f"| Name | `{info.name}` |",
        f"| Contents | {count} images{masks}, {info.modality} |",
        f"| Download | {info.size} |",
        f"| Licence | {info.licence} |",
        f"Cite: {info.citation}",
        info.obtain,
        f"tejido data build --source {info.name}=data/{info.name} -o manifest.parquet",
    ]
    lines += [f"| Home page | {info.homepage} |"] if info.homepage else []
    lines += [f"- {sentence}" for sentence in info.weak]
    lines += [f"| `{name}` | {what} |" for name, what in info.options.items()]
    assert not [line for line in lines if line not in flat]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_commands_of_the_pages_can_be_given(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    sources = re.findall(r"--source (\S+)", text)
    for item in sources:
        folder = parse(item)[1]
        assert folder.parts[0] == "data"  # a place that everyone may have
    assert sources or page.stem == "README"
    assert not re.search(r"(?<![\w./])/(work|home|root|mnt|tmp|Users)/", text)


def test_the_list_of_pages() -> None:
    text = (PAGES / "README.md").read_text(encoding="utf-8")
    for name, source in SOURCES.items():
        info = source.info
        count = "any" if info.images is None else f"{info.images:,}"
        assert f"| [{name}]({name}.md) | {info.title} | {count} | {info.modality} | {info.licence} |" in text


def test_no_page_without_a_source() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(SOURCES)
