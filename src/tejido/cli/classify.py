"""``tejido classify``: answers for pictures, for a person or as JSON Lines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.pictures import answered, output_folder, print_json, print_refusal
from tejido.cli.verb import new_app

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tejido.runtime.classifier import Prediction
    from tejido.runtime.metadata import Metadata
    from tejido.runtime.possible import Possible

app = new_app()

_REMINDER = "For research, not a medical device: no answer excludes disease. New, changing or bleeding? See a doctor."
_BAR = 20


@app.command()
def classify(
    images: list[Path] = typer.Argument(..., metavar="IMAGE", help="Picture files, of any size."),
    model: str = typer.Option("skin-suspicion", metavar="NAME|FILE", help="Model to ask (see: tejido models)."),
    heatmap: Path | None = typer.Option(
        None, metavar="DIR", help="Write there, for each picture, a PNG that shows what influenced the score."
    ),
    age: float | None = typer.Option(None, help="In years; for a model that takes it, like the next two."),
    sex: str | None = typer.Option(None, help="female, male or unknown."),
    site: str | None = typer.Option(None, help="Where on the body, such as back; a wrong word lists the model's own."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object per picture and line."),
) -> None:
    """Classify pictures with a model file.

    Reads JPEG, PNG, WebP, BMP, TIFF, GIF and, with the extra tejido[dicom], DICOM. Each picture is answered on its
    own; where some cannot be read, the others still are, and the exit code is 1.

    Age, sex and site hold for all pictures of the call. A model that takes them answers also without.
    """
    from tejido.runtime.library import load

    classifier = load(model)
    classifier.encode(age=age, sex=sex, site=site)  # a wrong word is said before anything is read or written
    folder = output_folder(heatmap, images)
    if folder is not None and not classifier.has_heatmap:
        terminal.note(f"The model {classifier.metadata.name!r} has no heatmap; its network does not allow one.")
    if not as_json:
        terminal.note(_REMINDER)

    def ask(pixels: NDArray[np.uint8]) -> Prediction:
        return classifier.predict(pixels, age=age, sex=sex, site=site)

    for path, pixels, prediction in answered(images, ask, as_json=as_json):
        written = None
        # A picture that cannot be judged gets no picture of what influenced the judgement.
        if folder is not None and prediction.heatmap is not None and not prediction.refused:
            written = folder.save(path, pixels, prediction.heatmap, classifier.metadata.frame)
        if as_json:
            asked = {} if folder is None else {"heatmap": None if written is None else str(written)}
            print_json({"image": str(path), **_as_dict(prediction), **asked})
        else:
            _print_answer(path, prediction, classifier.metadata, written)


def _as_dict(prediction: Prediction) -> dict[str, object]:
    return {
        "label": prediction.label,
        "probabilities": prediction.probabilities,
        "refused": prediction.refused,
        "reason": prediction.reason,
        "quality": prediction.quality,
        "possible": None if prediction.possible is None else asdict(prediction.possible),
        "model": prediction.model,
    }


def _print_answer(path: Path, prediction: Prediction, metadata: Metadata, written: Path | None) -> None:
    typer.secho(terminal.one_line(path), bold=True)
    if prediction.refused:
        print_refusal(prediction.reason)
        return
    names = {label.name: terminal.one_line(label.en) for label in metadata.labels}
    print(f"  {names[prediction.label]}")
    width = max(map(len, names.values()))
    for name, probability in prediction.probabilities.items():
        full = round(probability * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        print(f"    {names[name]:<{width}}  {bar}  {percentage(probability):>5}")
    if prediction.possible is not None:
        print(f"  {_possible(prediction.possible, names)}")
    if written is not None:
        print(f"  heatmap: {terminal.one_line(written)}")
    print(end="", flush=True)


def _possible(found: Possible, names: dict[str, str]) -> str:
    """What cannot be excluded, in words."""
    labels = " or ".join(names[name] for name in found.labels) or "none of its labels"
    return f"with {percentage(found.coverage)} coverage: {labels}"


def percentage(probability: float) -> str:
    """``probability`` in whole per cent, never claiming certainty: ``<1 %``, ``43 %``, ``>99 %``."""
    if probability < 0.01:
        return "<1 %"
    if probability > 0.99:
        return ">99 %"
    return f"{probability:.0%}".replace("%", " %")
