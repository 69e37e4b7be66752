"""Pictures for the benchmarks: real ones of 600x450 where the shared data lie, otherwise made ones of the same size.

Run as a script, it writes one made picture: ``python pictures.py FILE``.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("TEJIDO_SHARED", ROOT.parent / "shared"))


def jpegs(folder: Path | None = None, count: int = 8) -> tuple[str, list[bytes]]:
    """Where ``count`` JPEG files came from, and their bytes."""
    found = sorted((folder or SHARED / "data" / "ham10000_600x450").glob("*.jpg"))[:count]
    if found:
        return str(found[0].parent.name), [path.read_bytes() for path in found]
    return "made pictures", [made(seed) for seed in range(count)]


def made(seed: int = 0) -> bytes:
    """A JPEG of 600x450 with a dark spot on a light ground and fine texture, as heavy to decode as a real one."""
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:450j, -1.33:1.33:600j]
    spot = 1 / (1 + np.exp(12 * (np.hypot(x, y) - 0.5)))
    ground = np.array([215, 165, 150]) - spot[:, :, None] * np.array([110, 105, 90])
    pixels = np.clip(ground + generator.normal(0, 6, (450, 600, 1)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(made())
