"""``tejido compress``: a finished run's network, made smaller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tejido.cli.verb import new_app
from tejido.errors import RecipeError

if TYPE_CHECKING:
    from tejido.experiments.compress import Made
    from tejido.recipe.compression import Compression

app = new_app()


@app.command()
def compress(
    run: Path = typer.Argument(..., metavar="RUN|RECIPE", help="Folder of a finished run, or a compression.yaml."),
    method: list[str] = typer.Option(
        None,
        "--method",
        "-m",
        metavar="STEP",
        help="In order, once for each step: prune=SHARE, low_rank=SHARE, finetune=EPOCHS, qat=EPOCHS, and last "
        "float32, float16, int8, int8_dynamic or int8_static.",
    ),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder for the model file and its card."),
    labels: float = typer.Option(0.98, help="Gate: smallest share of validation images with an unchanged label."),
    auc: float = typer.Option(0.005, help="Gate: largest change of the AUC on validation."),
    calibration: Path | None = typer.Option(
        None, metavar="MANIFEST", help="For int8_static: pictures to calibrate on; by default the training images."
    ),
    seed: int = typer.Option(0, min=0, help="Of trainings and of what is drawn."),
) -> None:
    """Make a trained network smaller and write it as a model file, if it still answers as before.

    Steps follow each other, such as: -m prune=0.5 -m finetune=5 -m int8. The file is written only if enough validation
    images keep their label and the AUC changes little; both stand on its card. compression.yaml, which lies beside it,
    makes the same file again.
    """
    from tejido import recipe as recipes
    from tejido.experiments.compress import compress as carry_out
    from tejido.recipe.compression import Compression

    if run.suffix in (".yaml", ".yml"):
        if method:
            raise typer.BadParameter("a recipe has its steps; name a run to give others with --method")
        asked = recipes.validate(Compression, recipes.read(run), str(run))
    elif not method:
        raise typer.BadParameter("name at least one --method, such as --method int8")
    else:
        raw: dict[str, Any] = {"run": str(run), "steps": method, "labels": labels, "auc": auc, "seed": seed}
        raw["calibration"] = None if calibration is None else str(calibration)
        asked = recipes.validate(Compression, raw, str(run))
    if (output / "model.onnx").exists() and not _same(output, asked):
        raise RecipeError(f"{output}: holds another compression; choose another folder")
    _print(carry_out(asked, output), output)


def _same(folder: Path, asked: Compression) -> bool:
    path = folder / "compression.yaml"
    return path.is_file() and path.read_text(encoding="utf-8") == asked.to_yaml()


def _print(made: Made, folder: Path) -> None:
    figures, kept = made.figures, made.kept
    print(
        f"Model file: {folder / 'model.onnx'}, {figures['bytes'] / 1000:.1f} kB, {figures['parameters']:,} parameters"
    )
    print(f"On {kept.images:,} validation images {kept.labels:.2%} keep their label; AUC {kept.auc_before:.4f} before,")
    print(f"{kept.auc:.4f} after. Try it: tejido classify IMAGE --model {folder / 'model.onnx'}")
