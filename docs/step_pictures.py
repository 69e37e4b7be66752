"""Makes the pictures of ``docs/image-steps.md``: real lesions and tissue before and after every step.

Run from the repository's root: ``python -m docs.step_pictures``. All pictures are CC-0: seven of ISIC 2017
and the IDC patches below ``TEJIDO_SHARED``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import one_hot

from tejido.imaging.augment import Augment
from tejido.imaging.corruption import NAMES, SEVERITIES, corrupt
from tejido.imaging.geometry import CentreSquare, Geometry, ShortSide, Stretch
from tejido.imaging.steps.registry import build
from tejido.runtime.decode import decode

IMAGES = Path(__file__).parent / "images"
SIDE = 128
Column = tuple[str, Tensor]
"""A heading and ``float32[B, 3, S, S]`` in 0..255, one picture a row."""


def main() -> None:
    """Write all pictures."""
    data = Path(os.environ.get("TEJIDO_SHARED", "../shared")) / "data"
    paths = sorted((data / "isic2017_pairs").glob("*.jpg"))
    lesions = load(paths, CentreSquare(SIDE))
    masks = load(sorted((data / "isic2017_pairs").glob("*_segmentation.png")), CentreSquare(SIDE))[:, :1]
    tissue = load(sorted((data / "idc").glob("*/1/*.png"))[40::420][:4], CentreSquare(SIDE))
    geometry(paths[2:3] + paths[5:6])
    border(load([paths[i] for i in (0, 2, 5, 6)], Stretch(SIDE)))
    colours(lesions)
    lesion(lesions, (masks >= 128) * 255.0)
    stains(tissue)
    augmentation(lesions)
    corruptions(paths[2])


def geometry(paths: Sequence[Path]) -> None:
    """The same pictures through the three geometries."""
    kinds: dict[str, Geometry] = {
        "centre_square": CentreSquare(SIDE),
        "short_side 160": ShortSide(SIDE, 160),
        "stretch": Stretch(SIDE),
    }
    figure, axes = plt.subplots(len(paths), 4, figsize=(8, 2 * len(paths)), width_ratios=[4 / 3, 1, 1, 1])
    for row, path in zip(axes, paths, strict=True):
        row[0].imshow(decode(path))
        for axis, kind in zip(row[1:], kinds.values(), strict=True):
            show(axis, load([path], kind)[0])
    finish(figure, axes, ["picture", *kinds], "steps-geometry.png")


def corruptions(path: Path) -> None:
    """One lesion corrupted in every way, severity after severity; two ways a row."""
    pixels = np.asarray(Image.fromarray(decode(path)).resize((300, 225)))
    rows = (len(NAMES) + 1) // 2
    figure, axes = plt.subplots(rows, 11, figsize=(13, rows), width_ratios=[1] * 5 + [0.15] + [1] * 5)
    for index, name in enumerate(NAMES):
        row = axes[index % rows, 6 * (index // rows) :]
        for axis, severity in zip(row, SEVERITIES, strict=False):
            axis.imshow(corrupt(pixels, name, severity))
        row[0].set_ylabel(name.replace("_", " "), fontsize=9)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[], frame_on=False)
    figure.tight_layout(pad=0.2)
    figure.savefig(IMAGES / "corruptions.png", dpi=80)
    plt.close(figure)


def border(lesions: Tensor) -> None:
    """The dark corners of whole pictures, as columns."""
    pairs = zip(lesions, build(["crop_border"])(lesions), strict=True)
    columns = [("", torch.stack(pair)) for pair in pairs]
    table(columns, "steps-border.png")


def colours(lesions: Tensor) -> None:
    """Steps that need the picture alone."""
    steps = {
        "remove_hair": ["remove_hair"],
        "max_rgb": ["max_rgb"],
        "shades_of_gray": ["shades_of_gray"],
        "grey_world": ["grey_world"],
        "ben_graham\nvariance": ["ben_graham"],
        "ben_graham\nsigma": [{"ben_graham": {"reading": "sigma"}}],
    }
    chosen = lesions[[0, 1, 3, 4, 5]]
    table([("picture", chosen), *((name, build(step)(chosen)) for name, step in steps.items())], "steps-picture.png")


READERS = ("grey_outside", "solid_outside", "hide_lesion", "crop_to_lesion")


def lesion(lesions: Tensor, masks: Tensor) -> None:
    """Steps that read the mask."""
    both = torch.cat([lesions, masks], dim=1)[[1, 2, 6]]
    columns = [(name, build([name])(both)) for name in READERS]
    table([("picture", both[:, :3]), ("mask", both[:, 3:].expand(-1, 3, -1, -1)), *columns], "steps-lesion.png")


def stains(tissue: Tensor) -> None:
    """Normalising and varying the stain."""
    still = still_life(stain=0.05), still_life(stain=0.15)
    columns = [
        (f"stain: {augment.stain:g}", augment(tissue.byte(), torch.Generator().manual_seed(seed)).float())
        for augment in still
        for seed in (1, 2)
    ]
    table([("picture", tissue), ("macenko", build(["macenko"])(tissue)), *columns], "steps-tissue.png")


def augmentation(lesions: Tensor) -> None:
    """What training shows the network."""
    images = lesions.byte()[:4]
    labels = one_hot(torch.tensor([0, 1, 0, 1]), 2).float()
    columns: list[Column] = [("picture", lesions[:4])]
    for seed in (1, 2, 3):
        columns.append(("as the recipe\nhas it", Augment()(images, torch.Generator().manual_seed(seed)).float()))
    for policy in ("trivial", "rand"):
        changed = still_life(policy=policy)(images, torch.Generator().manual_seed(4))
        columns.append((f"policy: {policy}", changed.float()))
    for name in ("mixup", "cutmix"):
        mixed, _ = Augment(**{name: 1.0}).mix(images, labels, torch.Generator().manual_seed(3))  # type: ignore[arg-type]
        columns.append((f"{name}: 1", mixed.float()))
    table(columns, "steps-augmentation.png")


def still_life(*, stain: float = 0.0, policy: str = "none") -> Augment:
    """One change, without the others."""
    return Augment(
        rotation=0, zoom=1, shift=0, flip=False, brightness=0, contrast=0, saturation=0, temperature=0,
        blur=0, sharpen=0, jpeg=0, stain=stain, policy=policy,
    )  # fmt: skip


def load(paths: Sequence[Path], kind: Geometry) -> Tensor:
    """``float32[B, 3, S, S]``."""
    return torch.stack([kind(torch.from_numpy(decode(path).copy()).permute(2, 0, 1)) for path in paths]).float()


def table(columns: Sequence[Column], name: str) -> None:
    """One figure of columns."""
    count = len(columns[0][1])
    figure, axes = plt.subplots(count, len(columns), figsize=(1.3 * len(columns), 1.3 * count + 0.4))
    for across, (_, images) in enumerate(columns):
        for down, image in enumerate(images):
            show(axes[down, across], image)
    finish(figure, axes, [heading for heading, _ in columns], name)


def show(axis: plt.Axes, image: Tensor) -> None:
    """``float32[3, S, S]`` in 0..255."""
    axis.imshow(image.round().clamp(0, 255).byte().permute(1, 2, 0).numpy(), interpolation="nearest")


def finish(figure: plt.Figure, axes: np.ndarray, headings: Sequence[str], name: str) -> None:
    """Headings, no frames, and the file."""
    for axis, heading in zip(axes[0], headings, strict=True):
        axis.set_title(heading, fontsize=8)
    for axis in axes.flat:
        axis.set_axis_off()
    figure.tight_layout(pad=0.3)
    figure.savefig(IMAGES / name, dpi=85, pil_kwargs={"optimize": True})
    plt.close(figure)


if __name__ == "__main__":
    main()
