"""Keep a finished run in the repository: what documents and later trainings need of it, not what resuming needs.

The copy is a run's folder too: it can teach, be compressed, explained and evaluated. Not kept are the optimiser, the
newest checkpoint, plots, the report and the model file, which the others make again (`tejido export`). Of a segmenter,
which has no export of its own, the model file stays too; of a classifier if it is asked for. Of a generator its grids,
its evaluation and the averaged weights stay, which make its samples again.

    .venv/bin/python scripts/keep_run.py RUN docs/results/NAME [--half | --no-weights] [--model]
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from tejido.files import replacing

FILES = ("recipe.yaml", "environment.json", "split.parquet", "metrics.csv", "metrics.json")
ANSWERS = (("predictions.parquet",), ("outlines.parquet", "model.onnx"), ("resemblance.json",))
"""Of a classifier, of a segmenter, or of a generator."""


def main() -> None:
    """Copy the files, and the weights of the best epoch, or of a generator's average."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--no-weights", action="store_true", help="where the model file is all that anybody needs")
    weights.add_argument("--half", action="store_true", help="weights in float16: half the size, answers off by 0.005")
    parser.add_argument("--model", action="store_true", help="the model file too")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    answers = next((names for names in ANSWERS if (options.run / names[0]).is_file()), None)
    if answers is None:
        parser.error(f"{options.run} is no finished run")
    for name in {*FILES, *answers, *(["model.onnx"] if options.model else [])}:
        shutil.copyfile(options.run / name, options.folder / name)
    made_up = "resemblance.json" in answers
    for part in ("grids", "plots") if made_up else ():
        shutil.copytree(options.run / part, options.folder / part, dirs_exist_ok=True)
    if options.no_weights:
        return
    name, prefix = ("last.ckpt", "average.") if made_up else ("best.ckpt", "network.")
    checkpoint = options.folder / "checkpoints" / name
    checkpoint.parent.mkdir(exist_ok=True)
    state = torch.load(options.run / "checkpoints" / name, map_location="cpu", weights_only=True)["state_dict"]
    kept = {name: one for name, one in state.items() if name.startswith(prefix)}
    if options.half:
        kept = {name: one.half() if one.dtype == torch.float32 else one for name, one in kept.items()}
    with replacing(checkpoint) as temporary:
        torch.save({"state_dict": kept}, temporary)


if __name__ == "__main__":
    main()
