"""Write the cards of the bundled classifiers again, from the files and from their answers kept in docs/results.

.venv/bin/python scripts/bundled_cards.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tejido.export.card import card
from tejido.files import replacing
from tejido.runtime.library import load

RESULTS = Path(__file__).parents[1] / "docs" / "results"


def main() -> None:
    """One card for each folder ``bundled``."""
    for folder in sorted(RESULTS.glob("*/bundled")):
        table = pd.read_parquet(folder / "predictions.parquet")
        text = card(load(folder.parent.name).metadata, table[table["split"] == "test"])
        with replacing(folder / "card.md") as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
