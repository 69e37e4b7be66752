"""All sources by name."""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.asan import Asan
from tejido.sources.breakhis import BreakHis
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
        Severance(),
        DERMNET,
        BreakHis(),
        Idc(),
        Folders(),
    )
}


def parse(item: str) -> tuple[Source, Path]:
    """The source and the folder of ``NAME=DIR[,option=value...]``.

    Raises:
        DataError: not of that form, no such source, or an option that it does not take.
    """
    name, equals, rest = item.partition("=")
    if not equals or not rest or name not in SOURCES:
        raise DataError(f"{item!r}: write NAME=DIR with one of the sources {', '.join(SOURCES)}")
    folder, *pairs = rest.split(",")
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise DataError(f"{item!r}: {pair!r} is no option; write key=value")
        options[key] = value
    return SOURCES[name].configured(options), Path(folder)
