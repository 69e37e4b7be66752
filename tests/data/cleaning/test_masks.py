from __future__ import annotations

from pathlib import Path

from tejido.data.cleaning.masks import drop_misfits
from tests.data.tables import manifest
from tests.sources.trees import image


def test_masks_of_another_shape_are_left_out(tmp_path: Path) -> None:
    image(tmp_path / "same.png")
    image(tmp_path / "larger.png", (600, 400))
    image(tmp_path / "square.png", (20, 20))
    (tmp_path / "broken.png").write_bytes(b"no image")
    names = ("same", "larger", "square", "broken", "gone")
    rows = [{"image_id": name, "mask_path": f"{name}.png", "width": 30, "height": 20} for name in names]
    rows += [{"image_id": "none", "width": 30, "height": 20}, {"image_id": "table", "mask_path": "same.png"}]
    kept, misfits = drop_misfits(manifest(rows), tmp_path)
    assert misfits == {
        "square": "is 20×20, another shape than 30×20",
        "broken": "cannot be read",
        "gone": "cannot be read",
    }
    assert kept.set_index("image_id")["mask_path"].dropna().to_dict() == {
        "same": "same.png", "larger": "larger.png", "table": "same.png",
    }  # fmt: skip
