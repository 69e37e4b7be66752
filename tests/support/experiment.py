"""A tiny but real experiment: a few hundred lesions, a narrow network, seconds on two cores."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tejido.cli.main import main
from tejido.data import manifest
from tejido.data.splitting import splits
from tejido.experiments.run import Run
from tejido.sources.ham10000 import Ham10000
from tejido.sources.record import ImageRecord


def trained(folder: Path, recipe: Path, *overrides: str) -> Run:
    """Train a recipe of ``prepare`` through the command line, in ``folder``; it leaves no plots and no report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("write_plots", "write_report"):
            patch.setattr(f"tejido.report.run.{name}", lambda run: None)
        assert main(["train", str(recipe), *overrides]) == 0
    (run,) = (folder / "runs" / "tiny").iterdir()
    return Run.open(run)


def prepare(folder: Path, shared: Path, lesions: int = 220, *, pretrained: bool = False) -> Path:
    """Write a manifest of all images of some lesions, a split and a recipe; return the recipe's path.

    The network has five convolutions and learns from nothing. A ``pretrained`` one is a narrow MobileNetV1, whose file
    takes five times as long to write, with a first stage for its head.
    """
    records = _read(shared / "data" / "ham10000")
    names = sorted({str(record.lesion_id) for record in records})
    chosen = set(names[:: len(names) // lesions])
    table, _ = manifest.build([record for record in records if record.lesion_id in chosen], folder)
    manifest.write(table, folder / "manifest.parquet")
    splits.write(splits.split_by_group(table), folder / "split.parquet")
    network, head_epochs = "{name: student_k1, dropout: 0.0}", 0
    if pretrained:
        weights = shared / "weights" / "mobilenetv1_025.safetensors"
        network, head_epochs = f"{{name: mobilenetv1_025, weights: {weights}}}", 1
    path = folder / "recipe.yaml"
    path.write_text(f"""
name: tiny
model: tiny
task: skin-suspicion
data: {{manifest: {folder}/manifest.parquet, split: {folder}/split.parquet}}
image: {{size: 48}}
network: {network}
training: {{head_epochs: {head_epochs}, epochs: 4, batch: 32}}
evaluation: {{bootstrap: 200}}
""")
    return path


@cache
def _read(folder: Path) -> list[ImageRecord]:
    """All of HAM10000, read once a process."""
    return Ham10000().read(folder).records
