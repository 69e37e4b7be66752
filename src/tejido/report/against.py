"""Two models side by side: on the terminal, as a table, and for the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.errors import DataError
from tejido.experiments.predict import Predictions
from tejido.files import replacing
from tejido.metrics.against import Compared, compare, compare_apart
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.named import key_of


@dataclass(frozen=True)
class Against:
    """A comparison, with the names of both.

    Attributes:
        titles: of the first and the second.
        found: what they do on the same images.
    """

    titles: tuple[str, str]
    found: Compared
    key: str = "against"

    @classmethod
    def of(cls, first: Predictions, second: Predictions, rounds: int = 2000, *, apart: bool = False) -> Against:
        """Compare two sets of answers.

        Args:
            first: the ones that are judged.
            second: the others.
            rounds: of the bootstrap.
            apart: they are about two sets of images, such as an external one and the model's own.

        Raises:
            DataError: they cannot be compared.
        """
        if first.positive != second.positive:
            raise DataError(f"{first.title} and {second.title} do not answer the same question")
        thresholds = first.threshold, second.threshold
        by = compare_apart if apart else compare
        found = by(first.table, second.table, positive=first.positive, thresholds=thresholds, rounds=rounds)
        titles = (f"{first.title}, here", f"{second.title}, its own") if apart else (first.title, second.title)
        return cls(titles, found)

    @property
    def words(self) -> str:
        """On what they were compared, and DeLong's test where it applies."""
        found = self.found
        if found.other_images is not None:
            return (
                f"{found.images:,} images of {found.groups:,} lesions or patients here, {found.other_images:,} there."
            )
        text = f"{found.images:,} images of {found.groups:,} lesions or patients that both answered"
        if found.left_out:
            text += f"; {found.left_out:,} that only one did are left out"
        if found.delong is not None:
            text += f". DeLong's test of the areas: p = {found.delong.p:.2g}"
        return f"{text}."

    def lines(self) -> list[tuple[str, str, str, str]]:
        """Figure, first, second, and their difference."""
        return [
            (key_of(one.name, one.label).replace("_", " "), str(one.first), str(one.second), signed(one.difference))
            for one in self.found.figures
            if not np.isnan(one.difference.value)
        ]

    def as_json(self) -> dict[str, Any]:
        """For JSON; what is not known is None."""
        rows = [
            {"name": one.name, "of": one.label}
            | {part: _known(estimate) for part, estimate in
               (("first", one.first), ("second", one.second), ("difference", one.difference))}
            for one in self.found.figures
        ]  # fmt: skip
        delong = None if self.found.delong is None else asdict(self.found.delong)
        counts = {"images": self.found.images, "groups": self.found.groups, "left_out": self.found.left_out}
        return {"titles": list(self.titles), **counts, "figures": rows, "delong": delong}

    def write(self, folder: Path) -> None:
        """Write ``against.csv``."""
        table = pd.DataFrame(self.lines(), columns=["figure", *self.titles, "difference"])
        with replacing(folder / "against.csv") as temporary:
            table.to_csv(temporary, index=False)

    def show(self) -> None:
        """Print the table."""
        table = Table(
            box=SIMPLE_HEAD,
            pad_edge=False,
            title="Against each other" if self.found.other_images is None else "Here and there",
            title_justify="left",
        )
        for name in ("", *self.titles, "difference"):
            table.add_column(name, overflow="fold")
        for line in self.lines():
            table.add_row(*line)
        console = Console()
        console.print(table)
        console.print(self.words, soft_wrap=True, highlight=False)


def signed(estimate: Estimate) -> str:
    """A difference with its sign: ``+0.012 (−0.003 to +0.027)``."""
    if np.isnan(estimate.value):
        return "–"
    text = f"{estimate.value:+.3f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" ({estimate.low:+.3f} to {estimate.high:+.3f})"
    return text.replace("-", "−")


def _known(estimate: Estimate) -> dict[str, float | None]:
    return {key: None if value is None or np.isnan(value) else value for key, value in asdict(estimate).items()}
