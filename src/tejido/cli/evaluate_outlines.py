"""``tejido evaluate`` of what outlines lesions: how well it fits the masks of a manifest."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tejido.cli import terminal
from tejido.errors import ModelFileError


def outlines(what: str) -> bool:
    """Whether a model or a run outlines lesions and does nothing else."""
    from tejido.runtime.library import locate
    from tejido.runtime.model_file import ModelFile

    path = Path(what)
    if path.is_dir():
        return (path / "outlines.parquet").is_file()
    try:
        return ModelFile(locate(what)).metadata.kind == "segmentation"
    except ModelFileError:
        return False  # whoever opens it next says what is wrong with it


def evaluate_outlines(
    what: str, manifest: Path | None, split: Path | None, side: str, rounds: int, output: Path | None, *, as_json: bool
) -> None:
    """Print, and write, how well outlines fit; a run without a manifest has been asked about its own test images."""
    from tejido.data import manifest as manifests
    from tejido.data.tables import read_parquet
    from tejido.experiments.outlines import figures, judge_outlines, outlined_rows
    from tejido.report import segmentation as report
    from tejido.runtime.library import load_segmenter

    path, shown, unfit = Path(what), None, Counter[str]()
    if manifest is None:
        title, table = f"{path.name} on test", read_parquet(path / "outlines.parquet", {"confirmation": "string"})
    else:
        model = load_segmenter(path / "model.onnx" if path.is_dir() else what)
        rows, why = outlined_rows(manifest, split, side)
        unfit.update(why.values())
        with terminal.ticking() as tick:
            table, _ = judge_outlines(model, rows, tick)
        title = f"{model.metadata.name} on {manifest.name}"
        if output is not None:
            shown = report.examples(table, manifests.read(manifest).set_index("image_id", drop=False), model)
    found = figures(table, rounds=rounds)
    if output is not None:
        report.write_evaluation(output, table, found, shown)
    if as_json:
        print(json.dumps({"title": title, "left_out": dict(unfit), "figures": found}))
        return
    report.show(title, found, "; ".join(f"{count:,} whose mask: {reason}" for reason, count in unfit.items()))
    if output is not None:
        print(f"Written: {output}")
