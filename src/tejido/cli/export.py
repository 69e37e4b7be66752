"""``tejido export``: a finished run's model file again, in another form."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from tejido.cli.verb import new_app

app = new_app()


class Format(StrEnum):
    """File formats."""

    onnx = "onnx"
    litert = "litert"


class Weights(StrEnum):
    """Types that weights are kept in."""

    float32 = "float32"
    float16 = "float16"
    int8 = "int8"


@app.command()
def export(
    run: Path = typer.Argument(..., metavar="RUN", help="Folder of a finished run."),
    output: Path = typer.Option(..., "-o", "--output", metavar="FILE", help="The file to write."),
    form: Format = typer.Option(Format.onnx, "--format", help="litert needs: pip install 'tejido[litert]'."),
    weights: Weights = typer.Option(Weights.float16, help="How an ONNX file keeps its weights."),
) -> None:
    """Write a run's network as a file once more, if the file answers as the network does.

    ONNX files take pictures of any size. A LiteRT file takes the square that the network sees, so whoever uses it must
    crop and resize exactly as Pillow does; a .json beside it says how, with all that an ONNX file says of itself.
    """
    from tejido.experiments import export as experiment
    from tejido.experiments.run import Run
    from tejido.experiments.source import Source

    if form is Format.litert:
        if weights is not Weights.float16:
            raise typer.BadParameter("--weights is for ONNX; LiteRT files have float32 weights")
        import litert_torch  # noqa: F401  # said at once, not after minutes
    source = Source(Run.open(run))
    if form is Format.onnx:
        found = experiment.export_onnx(source, output, weights.value)
        print(
            f"{output}: {found['bytes'] / 1000:.1f} kB; {found['labels']:.2%} of the validation images keep their label"
        )
        return
    found = experiment.export_litert(source, output)
    test = found["agreement"]["test"]
    print(f"{output}: {found['bytes'] / 1000:.1f} kB; on {test['images']:,} test images no probability differs from")
    print(f"ONNX by more than {test['largest_difference']:.1e}. What it takes and gives: {output.with_suffix('.json')}")
