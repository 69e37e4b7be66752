"""Do the probabilities of the bundled models mean what they say? Before calibration, after it, and after compression.

Of two labels it is the probability of the positive one, of several that of the label that is given. What the network
said before it was calibrated on validation follows from what it says now, for calibration is linear in the logits.
By chance: the calibration error that perfect probabilities would have, if images were independent.

    .venv/bin/python benchmarks/calibration.py [--json]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from tejido import load
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.calibrated import calibration_of
from tejido.metrics.predictions import PREFIX
from tejido.metrics.reliability import calibration_error

RESULTS = Path(__file__).parents[1] / "docs" / "results"
MODELS = ("skin-suspicion", "skin-suspicion-accurate", "skin-3", "skin-7", "breast-idc")
TARGETS = "wanted: an error of at most .03, a slope of .9 to 1.1, a skill of at least .25"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    found = {name: measure(name) for name in MODELS}
    if as_json:
        print(
            json.dumps({name: {when: list(map(asdict, row)) for when, row in of.items()} for name, of in found.items()})
        )
        return
    print("| test, with 95 % intervals by lesion or patient | calibration error | by chance | slope | Brier skill |")
    print("| --- | --- | ---: | --- | --- |")
    for name, rows in found.items():
        for when, row in rows.items():
            cells = [str(row[0]), f"{row[1].value:.3f}", *map(str, row[2:])]
            print(f"| {f'`{name}`, ' if when == 'before' else ''}{when} | {' | '.join(cells)} |")
    print(f"\n{TARGETS}")


def measure(name: str) -> dict[str, list[Estimate]]:
    """Calibration error, that of chance, slope and Brier skill on test: before, after, and of the bundled file."""
    metadata = load(name).metadata
    labels = [label.name for label in metadata.labels]
    own, bundled = (on_test(RESULTS / name / part / "predictions.parquet") for part in (".", "bundled"))
    scale, bias = (np.array(metadata.calibration[name]) for name in ("scale", "bias"))
    logits = (np.log(np.maximum(probabilities(own, labels), 1e-12)) - bias) / scale
    return {
        "before": figures(own, softmax(logits, axis=1), labels, metadata.positive),
        "calibrated": figures(own, probabilities(own, labels), labels, metadata.positive),
        "bundled file": figures(bundled, probabilities(bundled, labels), labels, metadata.positive),
    }


def on_test(path: Path) -> pd.DataFrame:
    """The answers for test images."""
    table = pd.read_parquet(path)
    return table[table["split"] == "test"].reset_index(drop=True)


def probabilities(table: pd.DataFrame, labels: list[str]) -> NDArray[np.float64]:
    """Of every label, ``float64[N, C]``."""
    return table[[PREFIX + label for label in labels]].to_numpy(float)


def figures(
    table: pd.DataFrame, values: NDArray[np.float64], labels: list[str], positive: str | None
) -> list[Estimate]:
    """The figures of these probabilities."""
    answers = table.assign(**{PREFIX + label: values[:, place] for place, label in enumerate(labels)})
    error, slope, skill = calibration_of(answers, positive).values()
    told = values.max(1) if positive is None else values[:, labels.index(positive)]
    return [error, Estimate(by_chance(told), None, None), slope, skill]


def by_chance(told: NDArray[np.float64]) -> float:
    """Mean calibration error where every event is drawn with just the probability that is told."""
    rng, ones = np.random.default_rng(0), np.ones(len(told))
    return float(np.mean([calibration_error(rng.random(len(told)) < told, told)(ones) for _ in range(500)]))


if __name__ == "__main__":
    main()
