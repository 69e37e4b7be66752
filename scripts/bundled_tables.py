"""Print what the documents say of the bundled model files, as Markdown, from the cards inside them.

.venv/bin/python scripts/bundled_tables.py [--language es]
"""

from __future__ import annotations

import argparse
from typing import Any

from tejido.metrics.evaluate import estimate_of
from tejido.runtime.library import Entry, entries

WORDS = {
    "en": {
        "models": "| model file | | what it says | AUC on test, all images | histology-confirmed only |",
        "pair": "| test, with 95 % intervals by lesion |",
        "histology": "histology-confirmed",
        "counts": "images (lesions)",
        "auc": "AUC",
        "sensitivity": "sensitivity",
        "specificity": "specificity",
        "accuracy": "accuracy",
        "sensitivity_melanoma": "sensitivity, melanoma",
        "sensitivity_basal_cell_carcinoma": "sensitivity, basal-cell carcinoma",
        "sensitivity_squamous_cell_carcinoma": "sensitivity, squamous-cell carcinoma",
        "sensitivity_actinic_keratosis": "sensitivity, actinic keratosis",
    },
    "es": {
        "models": "| archivo | | qué dice | AUC en prueba, todas las imágenes | solo confirmadas por histología |",
        "pair": "| prueba, con intervalos del 95 % por lesión |",
        "histology": "confirmadas por histología",
        "counts": "imágenes (lesiones)",
        "auc": "AUC",
        "sensitivity": "sensibilidad",
        "specificity": "especificidad",
        "accuracy": "exactitud",
        "sensitivity_melanoma": "sensibilidad, melanoma",
        "sensitivity_basal_cell_carcinoma": "sensibilidad, carcinoma basocelular",
        "sensitivity_squamous_cell_carcinoma": "sensibilidad, carcinoma espinocelular",
        "sensitivity_actinic_keratosis": "sensibilidad, queratosis actínica",
    },
}
FIGURES = [
    *("auc", "sensitivity", "specificity", "accuracy", "sensitivity_melanoma", "sensitivity_basal_cell_carcinoma"),
    *("sensitivity_squamous_cell_carcinoma", "sensitivity_actinic_keratosis"),
]
PARTS = ("all", "histology")


def main() -> None:
    """Print a line a classifier, and all figures of those that say whether a lesion is suspicious."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--language", choices=sorted(WORDS), default="en")
    language = parser.parse_args().language
    words = WORDS[language]
    bundled = [entry for entry in entries() if entry.bundled and entry.metadata is not None]
    found = [entry for entry in bundled if entry.metadata.kind == "classification"]  # type: ignore[union-attr]
    found.sort(key=lambda entry: (entry.name.startswith("breast"), "suspicion" not in entry.name, entry.name))
    print(words["models"], "| --- | ---: | --- | --- | --- |", sep="\n")
    for entry in found:
        size = f"{entry.size / 1000:,.0f} kB".replace(",", "," if language == "en" else ".")
        labels = ", ".join(getattr(label, language) for label in entry.metadata.labels)  # type: ignore[union-attr]
        cells = [f"`{entry.name}`", size, labels, figure(part(entry, "all"), "auc")]
        every = part(entry, "all")["images"] == part(entry, "histology")["images"]
        cells.append("" if every else figure(part(entry, "histology"), "auc"))
        print("|", " | ".join(cells), "|")
    pair = [entry for entry in found if "suspicion" in entry.name]
    columns = [part(entry, name) for entry in pair for name in PARTS]
    heads = [f"`{entry.name}`" if name == "all" else words["histology"] for entry in pair for name in PARTS]
    print("", f"{words['pair']} {' | '.join(heads)} |", "| --- " * (1 + len(heads)) + "|", sep="\n")
    counts = [f"{column['images']:,} ({column['groups']:,})" for column in columns]
    print(f"| {words['counts']} | {' | '.join(counts)} |")
    for name in FIGURES:
        print(f"| {words[name]} | {' | '.join(figure(column, name) for column in columns)} |")


def part(entry: Entry, name: str) -> dict[str, Any]:
    """The figures of a set of test images."""
    assert entry.metadata is not None
    figures: dict[str, Any] = entry.metadata.metrics[name]
    return figures


def figure(figures: dict[str, Any], name: str) -> str:
    """A figure with its interval."""
    return str(estimate_of(figures[name]))


if __name__ == "__main__":
    main()
