"""Draws the app's icons from the logo; needs Chromium.

Run it from the repository: python scripts/draw_icons.py
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "src" / "tejido" / "app" / "web" / "img"
PAPER = "#f5f6f4"
# A maskable icon may lose everything outside the inner 80 %.
ICONS = {"icon-192.png": (192, 0.76), "icon-512.png": (512, 0.76), "icon-maskable-512.png": (512, 0.58)}


def main() -> None:
    """Write every icon."""
    logo = (IMAGES / "logo.svg").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (size, share) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            style = f"margin:0;background:{PAPER};display:grid;place-items:center;height:100vh"
            svg = logo.replace("<svg ", f'<svg width="{share * size}" height="{share * size}" ')
            page.set_content(f'<body style="{style}">{svg}</body>')
            page.screenshot(path=IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main()
