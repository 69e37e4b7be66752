from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from tejido.data.skin_tone import lab
from tejido.experiments.measured import measured, tone


def test_the_lesion_and_the_shadow_are_not_skin() -> None:
    pixels = np.full((100, 140, 3), (224, 172, 140), np.uint8)
    alone = tone(pixels, None)
    lightness, _, yellow = lab(pixels[0, 0])
    assert alone == pytest.approx(np.degrees(np.arctan((lightness - 50) / yellow)))
    mask = np.zeros((100, 140), bool)
    mask[30:70, 40:100] = True
    pixels[mask] = (60, 30, 20)
    pixels[:10] = 5  # what the dermatoscope does not light
    assert tone(pixels, mask) == pytest.approx(alone)
    assert tone(pixels, None) == pytest.approx(alone)
    assert np.isnan(tone(np.zeros((50, 50, 3), np.uint8), None))


def test_darker_skin_has_a_smaller_angle() -> None:
    skins = [(240, 210, 190), (224, 172, 140), (160, 110, 75), (95, 60, 40)]
    angles = [tone(np.full((40, 40, 3), skin, np.uint8), None) for skin in skins]
    assert angles == sorted(angles, reverse=True)


def test_pictures_of_a_manifest(tmp_path: Path) -> None:
    plain = Image.new("RGB", (200, 150), (224, 172, 140))
    hairy = plain.copy()
    for start in range(10, 190, 20):
        ImageDraw.Draw(hairy).line([(start, 0), (start + 15, 149)], fill=(40, 25, 20), width=2)
    mask = Image.new("L", (200, 150))
    ImageDraw.Draw(mask).rectangle((50, 30, 149, 104), fill=255)
    for name, picture in {"plain": plain, "hairy": hairy, "mask": mask}.items():
        picture.save(tmp_path / f"{name}.png")
    rows = pd.DataFrame(
        {
            "path": [str(tmp_path / "plain.png"), str(tmp_path / "hairy.png"), str(tmp_path / "plain.png")],
            "mask_path": [str(tmp_path / "mask.png"), None, str(tmp_path / "lost.png")],
            "width": 200,
            "height": 150,
            "aspect": pd.Series([None] * 3, dtype="Float32"),
        }
    )
    found = measured(rows)
    assert found["covered"].tolist()[0] == pytest.approx(0.25, abs=0.01)
    assert found["covered"].isna().tolist() == [False, True, True]
    assert found["hair"][0] == 0
    assert found["hair"][1] > 0.05
    assert found["tone"][1] == pytest.approx(found["tone"][0], abs=2)
