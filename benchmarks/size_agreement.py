"""The same lesions at two sizes: how far apart are the answers?

HAM10000's originals (600x450) against their 200x150 copies, which the bundled model was trained on. Wanted: a median
difference of probability of at most 0.05.

    python benchmarks/size_agreement.py [--model NAME|FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

import tejido


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="skin-suspicion")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    data = Path(os.environ.get("TEJIDO_SHARED", "../shared")) / "data"
    classifier = tejido.load(arguments.model)
    label = classifier.metadata.positive or classifier.metadata.label_names[0]
    rows = []
    for path in sorted((data / "ham10000_600x450").glob("*.jpg")):
        large = classifier.predict(path)
        small = classifier.predict(data / "ham10000" / "images" / path.name)
        rows.append((path.stem, large.probabilities[label], small.probabilities[label], large.label == small.label))
    print(f"p({label}), {len(rows)} lesions\n{'':14} 600x450  200x150  |difference|")
    for name, large_p, small_p, same in rows:
        print(
            f"{name:14} {large_p:7.3f}  {small_p:7.3f}  {abs(large_p - small_p):7.3f}{'' if same else '  other label'}"
        )
    differences = np.array([abs(row[1] - row[2]) for row in rows])
    flips = sum(not row[3] for row in rows)
    print(f"median {np.median(differences):.3f}, largest {differences.max():.3f}, other label {flips} of {len(rows)}")
    if arguments.json:
        result = {"median": float(np.median(differences)), "largest": float(differences.max()), "other_label": flips}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
