"""What a report may have beside its figures: each part is shown, written and put into JSON in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from matplotlib.figure import Figure

from tejido.files import replacing


class Section(Protocol):
    """A part of an evaluation that was asked for."""

    @property
    def key(self) -> str:
        """Its name in JSON and in file names."""

    def show(self) -> None:
        """Print it."""

    def write(self, folder: Path) -> None:
        """Write its files."""

    def as_json(self) -> Any:
        """For JSON; what is not known is None."""


def write_section(folder: Path, key: str, rows: Sequence[dict[str, Any]], page: str, plot: Figure) -> None:
    """Write ``<key>.csv``, ``<key>.md`` and ``<key>.png``."""
    for name, text in (("csv", pd.DataFrame(rows).to_csv(index=False)), ("md", page)):
        with replacing(folder / f"{key}.{name}") as temporary:
            temporary.write_text(text, encoding="utf-8")
    with replacing(folder / f"{key}.png") as temporary:
        plot.savefig(temporary, format="png")
