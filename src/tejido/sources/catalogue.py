"""All sources by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.asan import Asan, Hallym
from tejido.sources.breakhis import BreakHis
from tejido.sources.cases import Cases
from tejido.sources.dermnet import DERMNET
from tejido.sources.folders import Folders
from tejido.sources.ham10000 import Ham10000
from tejido.sources.idc import Idc
from tejido.sources.isic9 import ISIC9
from tejido.sources.isic2016 import Isic2016
from tejido.sources.isic2017 import Isic2017
from tejido.sources.isic2018 import Isic2018, Isic2018Task1
from tejido.sources.isic2019 import Isic2019
from tejido.sources.isic2020 import Isic2020
from tejido.sources.isic_archive import IsicArchive
from tejido.sources.pad_ufes_20 import PadUfes20
from tejido.sources.ph2 import Ph2
from tejido.sources.record import Source
from tejido.sources.severance import Severance

SOURCES: dict[str, Source] = {
    source.info.name: source
    for source in (
        Ham10000(),
        Isic2016(),
        Isic2017(),
        Isic2018(),
        Isic2018Task1(),
        Isic2019(),
        Isic2020(),
        IsicArchive(),
        ISIC9,
        Ph2(),
        PadUfes20(),
        Asan(),
        Hallym(),
        Severance(),
        DERMNET,
        BreakHis(),
        Idc(),
        Cases(),
        Folders(),
    )
}


def find(name: str) -> Source:
    """The source of that name.

    Raises:
        DataError: there is none; the message gives the nearest name.
    """
    if name not in SOURCES:
        wanted = name.lower().replace("-", "_")
        near = [other for other in SOURCES if wanted and other.startswith(wanted)]
        near = near or difflib.get_close_matches(wanted, SOURCES, n=1, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(SOURCES)}"
        raise DataError(f"no source is called {name!r}{hint}")
    return SOURCES[name]


def parse(item: str) -> tuple[Source, Path]:
    """The source and the folder of ``NAME=DIR[,option=value...]``.

    Raises:
        DataError: not of that form, no such source, or an option that it does not take.
    """
    name, equals, rest = item.partition("=")
    folder, *pairs = rest.split(",")
    if not equals or not folder:
        raise DataError(f"{item!r}: write NAME=DIR, such as ham10000=data/ham10000; for the names see: tejido sources")
    source = find(name)
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise DataError(f"{item!r}: {pair!r} is no option; write key=value (a folder's name may have no comma)")
        options[key] = value
    return source.configured(options), Path(folder).expanduser()
