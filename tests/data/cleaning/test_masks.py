from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tejido.data.cleaning.masks import drop_misfits
from tests.data.tables import manifest
from tests.sources.trees import image


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG of any size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunks + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def test_masks_of_another_shape_are_left_out(tmp_path: Path) -> None:
    image(tmp_path / "same.png")
    image(tmp_path / "larger.png", (600, 400))
    image(tmp_path / "square.png", (20, 20))
    (tmp_path / "broken.png").write_bytes(b"no image")
    (tmp_path / "bomb.png").write_bytes(png_header(30_000, 20_000))
    names = ("same", "larger", "square", "broken", "gone", "bomb")
    rows = [{"image_id": name, "mask_path": f"{name}.png", "width": 30, "height": 20} for name in names]
    rows += [{"image_id": "none", "width": 30, "height": 20}, {"image_id": "table", "mask_path": "same.png"}]
    kept, misfits = drop_misfits(manifest(rows), tmp_path)
    assert misfits == {
        "square": "is 20×20, another shape than 30×20",
        "broken": "cannot be read",
        "gone": "cannot be read",
        "bomb": "cannot be read",
    }
    assert kept.set_index("image_id")["mask_path"].dropna().to_dict() == {
        "same": "same.png", "larger": "larger.png", "table": "same.png",
    }  # fmt: skip
