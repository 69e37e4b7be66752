"""All sources by name."""

from __future__ import annotations

from tejido.sources.folders import Folders
from tejido.sources.ham10000 import Ham10000
from tejido.sources.record import Source

SOURCES: dict[str, Source] = {source.info.name: source for source in (Ham10000(), Folders())}
