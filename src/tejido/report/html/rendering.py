"""What all HTML reports share: the template engine, one style, and pictures inside the file."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from tejido import __version__
from tejido.metrics.bootstrap import Estimate


def render(template: str, **values: Any) -> str:
    """A page of this folder's template; values may go through ``estimate, interval, percent`` and ``words``."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {"estimate": estimate, "words": words, "percent": percent, "interval": interval}
    here = files("tejido.report.html")
    style = here.joinpath("style.css").read_text("utf-8")
    source = here.joinpath(template).read_text("utf-8")
    return environment.from_string(source).render(version=__version__, style=style, **values)


def svg(plot: Figure) -> str:
    """A plot as the address of an image."""
    buffer = io.BytesIO()
    plot.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return address("image/svg+xml", buffer.getvalue())


def address(kind: str, data: bytes) -> str:
    """Any file as an address that holds it whole."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def estimate(value: Estimate) -> str:
    """A figure with its interval; a dash where there is none."""
    return "–" if np.isnan(value.value) else str(value)


def interval(value: Estimate) -> str:
    """The interval alone."""
    return "" if value.low is None else f"{value.low:.3f}–{value.high:.3f}"


def percent(value: float) -> str:
    """A share, as people read it."""
    return "–" if np.isnan(value) else f"{100 * value:.0f} %" if 0.01 <= value <= 0.99 else f"{100 * value:.1f} %"


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")
