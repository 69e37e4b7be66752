from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.idc import Idc
from tejido.taxonomy import malignancy
from tests.sources.trees import image


def test_the_real_sample(shared: Path) -> None:
    reading = Idc().read(shared / "data" / "idc")
    counts = [record.diagnosis for record in reading.records]
    assert (counts.count("no_carcinoma_in_patch"), counts.count("carcinoma_in_patch")) == (4_203, 1_704)
    assert len({record.patient_id for record in reading.records}) == 150
    assert malignancy("no_carcinoma_in_patch") is None
    assert reading.problems == ["277,524 images expected, 5,907 found"]


def test_what_does_not_fit_is_reported(tmp_path: Path) -> None:
    image(tmp_path / "8863" / "0" / "8863_idx5_x1001_y1001_class0.png")
    image(tmp_path / "8863" / "0" / "8863_idx5_x1051_y1001_class1.png")
    image(tmp_path / "8863" / "0" / "8863_idx5_x1101_y1001_class0.PNG", (50, 12))
    image(tmp_path / "IDC_regular_ps50_idx5" / "8863" / "0" / "8863_idx5_x1001_y1001_class0.png")
    image(tmp_path / "8863" / "2" / "8863_idx5_x1151_y1001_class2.png")
    image(tmp_path / "8863" / "0" / "ink.png")
    reading = Idc().read(tmp_path)
    assert [record.diagnosis for record in reading.records] == [
        "no_carcinoma_in_patch", None, "no_carcinoma_in_patch", None,
    ]  # fmt: skip
    assert reading.unmapped == {"2": 1}
    assert reading.problems[1:] == [
        "1 patches lie in the folder of the other class; their diagnosis is left unknown: "
        "8863_idx5_x1051_y1001_class1.png",
        "1 files have the id of another file and were left out: "
        "IDC_regular_ps50_idx5/8863/0/8863_idx5_x1001_y1001_class0.png",
        "1 images are not named as IDC patches and were left out: ink.png",
    ]


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image for the source idc; there are no images in the folder"):
        Idc().read(tmp_path)
    with pytest.raises(DataError, match="has no tables"):
        Idc().read(tmp_path, images=False)
