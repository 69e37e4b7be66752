"""Maps of evidence side by side, how far they can be trusted, feature maps, and similar training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch import Tensor

from tejido.experiments.explain.inside import Convolution, Similar
from tejido.experiments.explain.methods import TITLES
from tejido.experiments.explain.trust import ALIKE, Trust
from tejido.experiments.pictures import pixels_of
from tejido.files import replacing
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.scores import mean
from tejido.report.against import signed
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE
from tejido.runtime.overlay import draw

_COLOURS = (BLUE, ORANGE, "#3f7d4e", "#7a4f9a", "#8a6d1d", GREY)
_CELL = 1.5


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file, whole or not at all."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")


def grid(squares: Tensor, columns: dict[str, tuple[Tensor, Tensor]], titles: Sequence[str]) -> Figure:
    """A row a picture: as the first network sees it, and every map on what its own network sees.

    Args:
        squares: ``uint8[B, 3, S, S]``.
        columns: by title, squares ``uint8[B, 3, T, T]`` and maps of them ``float32[B, T, T]`` in 0..1.
        titles: of the pictures.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_CELL * (1 + len(columns)) + 0.6, _CELL * len(squares) + 0.5), layout="constrained")
        axes = figure.subplots(len(squares), 1 + len(columns), squeeze=False)
        for row, square in enumerate(squares):
            own = [(_pixels(seen[row]), maps[row].numpy()) for seen, maps in columns.values()]
            shown = [_pixels(square), *(draw(pixels, values, "whole") for pixels, values in own)]
            for axis, one in zip(axes[row], shown, strict=True):
                _picture(axis, one)
            axes[row, 0].set_ylabel(titles[row], fontsize=7)
        for axis, title in zip(axes[0], ("picture", *columns), strict=True):
            axis.set_title(title, fontsize=8)
    return figure


def features(square: Tensor, found: Sequence[Convolution]) -> Figure:
    """A row a convolution: the maps that differ most over the picture, each from its least (dark) to its largest."""
    width = max(len(one.maps) for one in found)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.62 * (width + 1) + 1.8, 0.62 * len(found) + 0.9), layout="constrained")
        axes = figure.subplots(len(found) + 1, width, squeeze=False)
        for axis in axes.ravel():
            axis.set_axis_off()
        axes[0, 0].imshow(square.permute(1, 2, 0).numpy())
        axes[0, 0].set_title("picture", fontsize=7)
        for line, one in zip(axes[1:], found, strict=True):
            for axis, values in zip(line, one.maps, strict=False):
                axis.imshow(values.numpy(), cmap="viridis")
            height, across = one.maps.shape[1:]
            line[0].text(
                -0.15, 0.5, f"{one.name}\n{one.channels} of {across}×{height}", fontsize=6, ha="right", va="center",
                transform=line[0].transAxes,
            )  # fmt: skip
    return figure


def neighbours(squares: Sequence[NDArray[np.uint8]], titles: Sequence[str], found: list[list[Similar]]) -> Figure:
    """A row a picture, and beside it the training images that are like it, with their label and likeness."""
    width = 1 + max(len(line) for line in found)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_CELL * width + 0.6, (_CELL + 0.3) * len(squares) + 0.3), layout="constrained")
        axes = figure.subplots(len(squares), width, squeeze=False)
        for row, (square, line) in enumerate(zip(squares, found, strict=True)):
            _picture(axes[row, 0], square)
            axes[row, 0].set_ylabel(titles[row], fontsize=7)
            shown = list(pixels_of(pd.DataFrame([one.row for one in line])))
            for axis, one, pixels in zip(axes[row, 1:], line, shown, strict=False):
                _picture(axis, pixels)
                axis.set_title(f"{one.row['label']}\n{one.row['diagnosis']}, {one.likeness:.3f}", fontsize=7)
    return figure


def sanity_plot(found: pd.DataFrame) -> Figure:
    """How alike maps stay while more and more layers are random: mean over the pictures, and their middle half."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.6, 3.4), layout="constrained")
        axis = figure.subplots()
        for colour, (name, part) in zip(_COLOURS, found.groupby("method", sort=False), strict=False):
            by = part.groupby("share")["correlation"]
            axis.plot(100 * by.mean().index, by.mean(), "o-", color=colour, markersize=3, label=TITLES[str(name)])
            axis.fill_between(
                100 * by.mean().index, by.quantile(0.25), by.quantile(0.75), color=colour, alpha=0.12, linewidth=0
            )
        axis.axhline(ALIKE, color=GREY, linewidth=0.8, linestyle=":")
        axis.axhline(0, color=GREY, linewidth=0.8)
        axis.set(xlabel="layers with random weights, from the head on, in %", ylabel="rank correlation", ylim=(-1, 1))
        axis.legend(fontsize=8, loc="lower left", ncols=2)
    return figure


def sanity_lines(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Method, rank correlation with the map of a wholly random network, and the verdict."""
    lines = []
    for name, part in found[found["share"] == 1].groupby("method", sort=False):
        values = part["correlation"].to_numpy(float)
        groups = pd.Series(np.arange(len(values)))
        estimate = GroupBootstrap(groups).estimate(mean(np.abs(values)))
        sure = estimate.value if estimate.high is None else estimate.high
        lines.append((TITLES[str(name)], str(estimate), "changes" if sure < ALIKE else "STAYS: it shows the picture"))
    return lines


MEASURES = {
    "deletion": ("deletion ↓", "deletion_at_random"),
    "insertion": ("insertion ↑", "insertion_at_random"),
    "pointing": ("brightest ↑", "covered"),
    "inside": ("evidence ↑", "covered"),
}
"""Measure, its title (↑: higher is better; the last two mean: in the lesion), and what it is compared with: an order
drawn by lot, or evidence spread evenly."""


def trust_lines(found: dict[str, list[Trust]], groups: pd.Series) -> list[dict[str, str]]:
    """A row a map and measure, with what chance would give and the difference, and its interval by group."""
    lines = []
    for title, judged in found.items():
        values = pd.DataFrame([asdict(one) for one in judged]).astype(float)
        for measure, (words, beside) in MEASURES.items():
            known = values[measure].notna()
            if not known.any():
                continue
            pair = [mean(values.loc[known, name].to_numpy(float)) for name in (measure, beside)]
            difference = GroupBootstrap(groups[known].reset_index(drop=True)).difference(*pair)
            mine, chance = (f"{values.loc[known, name].mean():.3f}" for name in (measure, beside))
            line = {"map": title, "measure": words, "value": mine, "chance": chance}
            lines.append({**line, "difference": signed(difference), "images": f"{int(known.sum())}"})
    return lines


def masks_note(found: dict[str, list[Trust]]) -> str | None:
    """What a reader of ``trust_lines`` must know where lesion masks are missing; None where none is."""
    judged = next(iter(found.values()), [])
    known = sum(one.pointing is not None for one in judged)
    if known == 0:
        return "no lesion masks: pointing not measured"
    if known < len(judged):
        return f"lesion masks of {known:,} of {len(judged):,} pictures: pointing is measured on these alone"
    return None


def table(title: str, lines: Sequence[dict[str, str]]) -> None:
    """Print lines of the same keys; how many images each is of stands in the files."""
    lines = [{name: cell for name, cell in line.items() if name != "images"} for line in lines]
    made = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for place, name in enumerate(lines[0]):
        words = place < 2
        made.add_column(name, justify="left" if words else "right", no_wrap=words, overflow="fold")
    before = None
    for line in lines:
        head, *rest = line.values()
        made.add_row("" if head == before else head, *rest)
        before = head
    Console().print(made)


def write_lines(path: Path, lines: Sequence[dict[str, str]]) -> None:
    """The same as CSV."""
    with replacing(path) as temporary:
        pd.DataFrame(lines).to_csv(temporary, index=False)


def _pixels(square: Tensor) -> NDArray[np.uint8]:
    return np.ascontiguousarray(square.permute(1, 2, 0).numpy())


def _picture(axis: Axes, pixels: NDArray[np.uint8]) -> None:
    axis.imshow(pixels)
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
