"""What a model file refuses: pictures of other kinds, by family, and its own test images.

None of the strangers may have been learned from. Far families: photos, textures, documents and figures, noise of other
kinds than the made-up pictures, histology. Near families: phone photos of lesions, and skin without lesion cut from
test images. Intervals are by source picture, of which several parts are taken.

    PYTHONPATH=. python benchmarks/refusal.py MODEL --own MANIFEST@SPLIT --photos FOLDER [--photos FOLDER] \
        --other MANIFEST[@SPLIT] [--other MANIFEST[@SPLIT]] [--page] [-o DIR]

With --page, Chromium without a window judges the same strangers, and must refuse the same ones for the same reasons.

FOLDER holds freely licensed pictures, such as those of Debian's packages mate-backgrounds, ukui-wallpapers,
lomiri-wallpapers-16.04 and lomiri-wallpapers-20.04 (apt-get download, dpkg-deb -x) and of scikit-image (skimage/data).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TEXTURES = ("brick", "grass", "gravel", "coins", "chessboard", "Wood", "Stripes", "stripes")
DOCUMENTS = ("page", "text", "clock", "logo", "horse", "phantom", "microaneurysms")
MEDICAL = ("cell", "ihc", "retina")
LARGEST = 1400
"""Longer sides are reduced to this, as a photo on a page would be."""
MANY = 300
"""Pictures of a manifest, drawn by lot."""
TARGETS = {"far": 0.99, "near": 0.90, "own": 0.05}


@dataclass(frozen=True)
class Stranger:
    """A picture of a family.

    Attributes:
        family: of it.
        source: the file that it comes from, by the first letters of its SHA-256, or a number.
        box: left, top, right, bottom of the part, or None for the whole.
        pixels: of the part.
    """

    family: str
    source: str
    box: tuple[int, int, int, int] | None
    pixels: NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="name or file")
    parser.add_argument("--own", required=True, metavar="MANIFEST@SPLIT", help="its images; the test side is used")
    parser.add_argument("--photos", type=Path, action="append", default=[], help="folder of pictures; repeat it")
    parser.add_argument(
        "--other",
        action="append",
        default=[],
        metavar="MANIFEST[@SPLIT]",
        help="pictures of other modalities, or the test side of a split of them; repeat it",
    )
    parser.add_argument("--page", action="store_true", help="ask the page too")
    parser.add_argument("-o", "--output", type=Path, help="folder for refusal.json and strangers.csv")
    options = parser.parse_args()
    report = measure(options)
    print(table(report))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Ask the model about everything."""
    import pandas as pd

    import tejido
    from tejido.metrics.bootstrap import GroupBootstrap
    from tejido.metrics.scores import share

    model = tejido.load(options.model)
    everything = list(strangers(options))
    answers = [model.predict(one.pixels) for one in everything]
    listed = pd.DataFrame(
        [
            (one.family, one.source, one.box, answer.refused, answer.reason or "")
            for one, answer in zip(everything, answers, strict=True)
        ],
        columns=["family", "source", "box", "refused", "reason"],
    )
    families = {}
    for (distance, family), part in listed.groupby([listed["family"].map(kind), "family"], sort=True):
        hit = part["refused"].to_numpy(bool)
        estimate = GroupBootstrap(part["source"].reset_index(drop=True)).estimate(share(hit, np.ones(len(hit), bool)))
        families[family] = {
            "distance": distance,
            "pictures": len(part),
            "sources": int(part["source"].nunique()),
            **asdict(estimate),
            "reasons": part["reason"].value_counts().to_dict(),
        }
    own = own_images(model, *_pair(options.own))
    report = {"model": model.metadata.name, "strangers": len(listed), "families": families, "own": own}
    if options.page:
        report["page"] = on_the_page(options.model, everything, listed["reason"])
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "refusal.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        listed.to_csv(options.output / "strangers.csv", index=False)
    return report


def on_the_page(model: str, everything: list[Stranger], reasons: pd.Series) -> dict[str, int]:
    """How many of the strangers the page refuses, and how many otherwise than Python."""
    from PIL import Image

    from benchmarks.page_agreement import through_the_page
    from tejido.runtime.library import locate

    def files() -> Iterator[bytes]:
        for one in everything:
            buffer = io.BytesIO()
            Image.fromarray(one.pixels).save(buffer, "PNG", compress_level=1)
            yield buffer.getvalue()

    answers, _ = through_the_page(locate(model), files())
    page = [answer["reason"] or "" for answer in answers]
    other = sum(here != there for here, there in zip(page, reasons, strict=True))
    return {"refused": sum(map(bool, page)), "otherwise": other}


def kind(family: str) -> str:
    """``far`` or ``near``."""
    return "near" if family.startswith(("phone", "skin")) else "far"


def own_images(model: Any, manifest: Path, split: Path) -> dict[str, Any]:
    """What it refuses of its own test images, and of each diagnosis or label."""
    from tejido.experiments.predict import of_model
    from tejido.metrics.refusals import refusals

    found = of_model(model, manifest, split)
    assert found.asked is not None
    by = found.asked
    if model.metadata.modality == "dermoscopy":
        diagnosis = _rows(manifest, split).set_index("image_id")["diagnosis"]
        by = by.assign(truth=by["image_id"].map(diagnosis).astype(str))
    return {
        (one.of if one.reason is None else f"for {one.reason}"): {"pictures": one.images, **asdict(one.share)}
        for one in refusals(by)
    }


def strangers(options: argparse.Namespace) -> Iterator[Stranger]:
    """All of them, always the same."""
    rng = np.random.default_rng(0)
    for folder in options.photos:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png") and "microaneurysms" not in path.name:
                yield from parts(family_of(path), path, rng, 6)
    yield from noise(rng)
    for other in options.other:
        for modality, rows in _rows(*_pair(other)).groupby("modality", sort=True):
            for path in map(Path, rows.sample(min(MANY, len(rows)), random_state=0).sort_values("image_id")["path"]):
                if modality == "clinical":
                    yield from parts("phone photos of lesions", path, rng, 0)
                    yield from parts("phone photos, parts", path, rng, 6, whole=False)
                else:
                    yield from parts(str(modality), path, rng, 4)
    own = _rows(*_pair(options.own))
    if own["mask_path"].notna().any():
        yield from skin(own, rng)


def family_of(path: Path) -> str:
    """By the name of the file."""
    for family, names in (("textures", TEXTURES), ("documents and drawings", DOCUMENTS), ("other medicine", MEDICAL)):
        if path.stem.startswith(names):
            return family
    return "photos and wallpapers"


def parts(family: str, path: Path, rng: np.random.Generator, count: int, *, whole: bool = True) -> Iterator[Stranger]:
    """A picture, and square parts of it of 30 to 100 % of its shorter side."""
    from tejido.runtime.decode import open_image

    picture = open_image(str(path))
    picture.thumbnail((LARGEST, LARGEST))
    pixels = np.asarray(picture)
    name = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    if whole:
        yield Stranger(family, name, None, pixels)
    for _ in range(count):
        side = int(min(pixels.shape[:2]) * rng.uniform(0.3, 1))
        if side >= 16:
            top, left = (int(rng.integers(0, length - side + 1)) for length in pixels.shape[:2])
            box = left, top, left + side, top + side
            yield Stranger(family, name, box, pixels[top : top + side, left : left + side])


def noise(rng: np.random.Generator) -> Iterator[Stranger]:
    """Salt and pepper, blocks of colour, and blurred spots: none of them among the made-up pictures."""
    from PIL import Image, ImageFilter

    for number in range(20):
        grains = np.where(rng.random((180, 240, 1)) < 0.1, rng.choice([0, 255], (180, 240, 1)), rng.integers(60, 200))
        blocks = rng.integers(0, 256, (6, 8, 3)).repeat(30, 0).repeat(30, 1)
        spots = Image.fromarray(rng.integers(0, 256, (180, 240, 3), np.uint8)).filter(ImageFilter.GaussianBlur(8))
        spread = np.clip((np.asarray(spots).astype(float) - 127) * 12 + 127, 0, 255)
        for name, pixels in (("grains", grains.repeat(3, 2)), ("blocks", blocks), ("spots", spread)):
            yield Stranger("noise", f"{name} {number}", None, pixels.astype(np.uint8))


def skin(rows: pd.DataFrame, rng: np.random.Generator) -> Iterator[Stranger]:
    """Parts of test images that their masks say are free of lesion."""
    from tejido.experiments.gating.look import skin_of
    from tejido.experiments.pictures import pixels_of

    some = rows[rows["mask_path"].notna()].sample(MANY, random_state=0)
    for (_, row), pixels in zip(some.iterrows(), pixels_of(some), strict=True):
        part = skin_of(pixels, row, rng)
        if part is not None:
            yield Stranger("skin without lesion", str(row["image_id"]), None, part)


def _pair(text: str) -> tuple[Path, Path | None]:
    manifest, _, split = text.partition("@")
    return Path(manifest), Path(split) if split else None


def _rows(manifest: Path, split: Path | None) -> pd.DataFrame:
    from tejido.data import manifest as manifests
    from tejido.data.splitting import splits

    rows = manifests.read(manifest)
    return rows if split is None else rows[splits.load(split, rows) == "test"]


def table(report: dict[str, Any]) -> str:
    """Shares with intervals, and whether the targets are met."""
    lines = [f"{report['model']}: {report['strangers']:,} strangers", f"{'refused':<28}{'pictures':>9}{'sources':>9}"]
    worst = {"far": 1.0, "near": 1.0}
    for family, found in report["families"].items():
        worst[found["distance"]] = min(worst[found["distance"]], found["value"])
        lines.append(f"{family:<28}{found['pictures']:>9,}{found['sources']:>9,}   {_share(found)}")
    lines += ["", f"{'its own test images':<28}{'pictures':>9}"]
    lines += [f"{name:<28}{found['pictures']:>9,}{'':>9}   {_share(found)}" for name, found in report["own"].items()]
    own = max(report["own"][name]["value"] for name in ("all", "melanoma") if name in report["own"])
    lines += [
        "",
        f"worst far family {worst['far']:.1%}, wanted >= {TARGETS['far']:.0%}: {_met(worst['far'] >= TARGETS['far'])}",
        f"worst near family {worst['near']:.1%}, wanted >= {TARGETS['near']:.0%}: "
        f"{_met(worst['near'] >= TARGETS['near'])}",
        f"its own, all and melanomas, at most {own:.1%}, wanted <= {TARGETS['own']:.0%}: {_met(own <= TARGETS['own'])}",
    ]
    if "page" in report:
        lines.append("the page refuses {refused:,}; {otherwise} otherwise than Python".format(**report["page"]))
    return "\n".join(lines)


def _share(found: dict[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['value']:.1%}"
    return f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%})"


def _met(reached: bool) -> str:
    return "met" if reached else "NOT met"


if __name__ == "__main__":
    main()
