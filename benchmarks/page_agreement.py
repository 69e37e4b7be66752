"""All test images of a run through the page and through Python: figures and labels must be identical.

uis2022 measured its students in Python and again in its phone app: the F1 of two classes fell by .062, that of three by
.222. This repeats the measurement with a model file of ours. The browser is Chromium without a window; the pictures are
given to the page's own engine, one after the other. Run it from the repository:

    PYTHONPATH=. python benchmarks/page_agreement.py RUN [--model FILE] [--limit N]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright
from sklearn.metrics import f1_score

from tejido.app.server import create_app
from tejido.experiments.build import build
from tejido.experiments.datasets import load_parts
from tejido.experiments.run import Run
from tejido.runtime.classifier import Classifier
from tests.app.live import BROWSER_ARGS, find_chromium, serving
from tests.app.test_parity import CLASSIFY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="finished; says which images the test has")
    parser.add_argument("--model", type=Path, help="model file; by default the run's")
    parser.add_argument("--limit", type=int, help="first so many images only")
    given = parser.parse_args()
    run = Run.open(given.run)
    file = given.model or run.folder / "model.onnx"
    classifier = Classifier(file)
    part = load_parts(run.recipe, build(run.recipe).geometry)["test"]
    rows = part.split()[0] if run.recipe.network.other else part
    table = rows.rows.assign(truth=rows.truth).head(given.limit or len(rows.rows))
    own, seconds = [], time.perf_counter()
    for path in table["path"]:
        own.append(classifier.predict(path))
    seconds = time.perf_counter() - seconds
    page, ms = through_the_page(file, (Path(path).read_bytes() for path in table["path"]))
    report(table, classifier, own, page, 1000 * seconds / len(own), ms)


def through_the_page(file: Path, pictures: Iterable[bytes]) -> tuple[list[dict[str, Any]], float]:
    """Every answer of the page to a picture file, and the median time of one in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "asked.onnx"
        alone.write_bytes(file.read_bytes())
        with serving(create_app(alone)) as origin, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(BROWSER_ARGS))
            page = browser.new_page()
            page.goto(origin)
            found = []
            for picture in pictures:
                found.append(page.evaluate(CLASSIFY, ["asked", b64encode(picture).decode(), {}, None]))
            browser.close()
    return [one["answer"] for one in found], float(np.median([one["ms"] for one in found]))


def report(table: pd.DataFrame, classifier: Classifier, own: list[Any], page: list[dict[str, Any]], *ms: float) -> None:
    names = list(classifier.metadata.label_names)
    labels = {"Python": [one.label for one in own], "page": [one["label"] for one in page]}
    difference = max(
        abs(mine.probabilities[name] - theirs["probabilities"][name])
        for mine, theirs in zip(own, page, strict=True)
        for name in names
    )
    print(f"{classifier.metadata.name}: {len(own):,} test images, largest difference of a probability {difference:.1e}")
    refused = [sum(mine.refused for mine in own), sum(theirs["refused"] for theirs in page)]
    print(f"refused: {refused[0]:,} in Python, {refused[1]:,} in the page")
    print("| | " + " | ".join([*names, "weighted"]) + " | ms a picture |")
    print("| --- |" + " ---: |" * (len(names) + 2))
    scores = []
    for (place, given), time_each in zip(labels.items(), ms, strict=True):
        each = f1_score(table["truth"], given, labels=names, average=None)
        scores.append([*each, f1_score(table["truth"], given, labels=names, average="weighted")])
        print(f"| F1, {place} | " + " | ".join(f"{value:.4f}" for value in scores[-1]) + f" | {time_each:.1f} |")
    same = scores[0] == scores[1] and labels["Python"] == labels["page"]
    print("identical" if same else "DIFFERENT")
    print(json.dumps({"images": len(own), "largest_difference": difference, "identical": same}))


if __name__ == "__main__":
    main()
