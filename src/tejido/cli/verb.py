"""What every verb's file starts from."""

from __future__ import annotations

import typer


def new_app() -> typer.Typer:
    """An empty verb. Its help is Markdown, so that paragraphs fill the terminal whatever its width."""
    return typer.Typer(add_completion=False, rich_markup_mode="markdown")
