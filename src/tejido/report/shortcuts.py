"""Shortcuts as a section of a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.experiments.shortcuts import Shortcuts
from tejido.files import replacing
from tejido.metrics.bootstrap import Estimate
from tejido.report.against import signed

WORDS = (
    "A probe above .5 says that the network sees it, not that it answers by it. AUC that is left without the lesion is "
    "due to something else, or to what the lesion does around its outline."
)


@dataclass(frozen=True)
class Audit:
    """What else a model may answer by, as a section of a report.

    Attributes:
        found: of ``experiments.shortcuts``.
    """

    found: Shortcuts
    key: str = "shortcuts"

    def lines(self) -> list[tuple[str, str, str, str]]:
        """What was looked for, in how many images, AUC, and difference where there is one."""
        lines = [
            (
                f"{one.attribute}, among {one.among}: {', '.join(one.values)}".replace("_", " "),
                f"{one.images:,}",
                str(one.auc),
                "",
            )
            for one in self.found.probes
        ]
        for one in self.found.covered:
            lines.append((f"{one.name} covered", f"{one.images:,}", str(one.auc), signed(one.difference)))
        return lines

    def show(self) -> None:
        """Print the table."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Shortcuts", title_justify="left")
        for name, justify in (
            ("", "left"),
            ("images", "right"),
            ("AUC", "left"),
            ("against the whole picture", "left"),
        ):
            table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for line in self.lines():
            table.add_row(*line)
        console = Console()
        console.print(table)
        console.print(WORDS, soft_wrap=True, highlight=False)

    def write(self, folder: Path) -> None:
        """Write ``shortcuts.csv``."""
        columns = ["what", "images", "auc", "difference"]
        with replacing(folder / "shortcuts.csv") as temporary:
            pd.DataFrame(self.lines(), columns=columns).to_csv(temporary, index=False)

    def as_json(self) -> dict[str, Any]:
        """Probes and covers."""
        probes = [{**asdict(one), "auc": _known(one.auc)} for one in self.found.probes]
        covered = [
            {**asdict(one), "auc": _known(one.auc), "difference": _known(one.difference)} for one in self.found.covered
        ]
        return {"probes": probes, "covered": covered}


def _known(estimate: Estimate) -> dict[str, float | None]:
    return {key: None if value is None or np.isnan(value) else value for key, value in asdict(estimate).items()}
