from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tejido.data.cache import build as build_module
from tejido.data.cache import fill
from tejido.data.cache import partial as partial_module
from tejido.data.cache import plan as plan_module
from tejido.data.cache.build import build_cache
from tejido.data.cache.partial import alone
from tejido.data.cache.read import open_cache
from tejido.data.geometry import Steps
from tejido.data.patches import PatchGrid
from tejido.errors import DataError, TejidoError
from tejido.runtime.decode import decode, open_image
from tests.data.cache.pictures import manifest_of, picture, pictures

STEPS = Steps("centre_square", 32)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "_CHUNK_IMAGES", 4)


def visible(folder: Path) -> set[str]:
    """Files in a cache's folder, without the random part of their names."""
    return {path.name.partition("-")[0] for path in folder.iterdir()} - {"building.lock"}


def content(folder: Path) -> tuple[bytes, pd.DataFrame]:
    header = json.loads((folder / "cache.json").read_text())
    return (folder / header["pixels"]).read_bytes(), pd.read_parquet(folder / header["index"])


@pytest.mark.parametrize("workers", [1, 2])
def test_every_image_is_where_the_index_says(tmp_path: Path, workers: int) -> None:
    table = pictures(tmp_path / "images", 10)
    told: list[int] = []
    report = build_cache(table, tmp_path / "cache", STEPS, workers=workers, progress=told.append)
    assert (report.images, report.rows, report.decoded, report.copied, report.resumed) == (10, 10, 10, 0, 0)
    assert sum(told) == 10
    cache = open_cache(tmp_path / "cache", STEPS)
    assert not cache.pixels.flags.writeable
    shuffled = table.sample(frac=1, random_state=1)
    rows = cache.locate(shuffled)
    assert rows["image_id"].tolist() == shuffled["image_id"].tolist()
    for row, path in zip(rows["row"], rows["path"], strict=True):
        assert np.array_equal(cache.pixels[row], STEPS(open_image(path))[0])
    assert visible(tmp_path / "cache") == {"cache.json", "pixels", "index"}


def test_patches_are_rows_and_carry_their_images_group(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 6)
    steps = Steps("stretch", 20, PatchGrid(20, 20, 3, 2))
    report = build_cache(table, tmp_path / "cache", steps, workers=1)
    assert (report.images, report.rows) == (6, 36)
    cache = open_cache(tmp_path / "cache", steps)
    rows = cache.locate(table.iloc[[4, 1]])
    assert rows["patch"].tolist() == list(range(6)) * 2
    groups = table.set_index("image_id")["group_id"]
    assert (rows["group_id"] == rows["image_id"].map(groups)).all()
    assert table["group_id"].nunique() == 1, "images share a lesion, so that a group is not simply an image"
    for row, path, patch in zip(rows["row"], rows["path"], rows["patch"], strict=True):
        left, top = [(0, 0), (20, 0), (40, 0), (0, 20), (20, 20), (40, 20)][patch]
        assert np.array_equal(cache.pixels[row], decode(path)[top : top + 20, left : left + 20])


def test_a_renewed_cache_decodes_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "images", 9)
    table = manifest_of(tmp_path / "images")
    build_cache(table, tmp_path / "cache", STEPS, workers=1)
    decoded: list[str] = []
    original = fill.square
    monkeypatch.setattr(fill, "square", lambda item, steps: decoded.append(item.image_id) or original(item, steps))

    assert build_cache(table, tmp_path / "cache", STEPS, workers=1).copied == 9
    assert decoded == []
    picture(tmp_path / "images" / "image_0003.png", 99)  # changed
    picture(tmp_path / "images" / "image_0000a.png", 100)  # new, moves all rows after it
    (tmp_path / "images" / "image_0005.png").unlink()  # gone
    (tmp_path / "images" / "image_0001.png").rename(tmp_path / "images" / "renamed.png")
    table = manifest_of(tmp_path / "images")
    report = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert sorted(decoded) == ["image_0000a", "image_0003"]
    assert (report.decoded, report.copied) == (2, 7)
    build_cache(table, tmp_path / "fresh", STEPS, workers=1)
    (pixels, index), (fresh_pixels, fresh_index) = content(tmp_path / "cache"), content(tmp_path / "fresh")
    assert pixels == fresh_pixels
    pd.testing.assert_frame_equal(index, fresh_index)
    assert visible(tmp_path / "cache") == {"cache.json", "pixels", "index"}
    assert len(list((tmp_path / "cache").iterdir())) == 4, "the older cache is removed"


def test_another_aspect_is_another_picture(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png", 1, 40, 40)
    picture(tmp_path / "images" / "b.png", 2, 40, 40)
    table = manifest_of(tmp_path / "images")
    build_cache(table, tmp_path / "cache", STEPS, workers=1)
    table.loc[0, "aspect"] = 4 / 3
    with pytest.raises(DataError, match="1 images are missing or changed, such as a"):
        open_cache(tmp_path / "cache").locate(table)
    report = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert (report.decoded, report.copied) == (1, 1)
    assert len(open_cache(tmp_path / "cache").locate(table)) == 2


def test_unreadable_images_are_listed_not_fatal(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 8)
    (tmp_path / "images" / "image_0002.png").write_bytes(b"broken")
    (tmp_path / "images" / "image_0004.png").unlink()
    picture(tmp_path / "images" / "image_0006.png", 77)
    table.loc[7, "path"] = pd.NA
    report = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert report.images == 4
    reasons = {item.image_id: item.reason for item in report.unreadable}
    assert sorted(reasons) == ["image_0002", "image_0004", "image_0006", "image_0007"]
    assert "changed since the manifest was built" in reasons["image_0002"]
    assert "No such file" in reasons["image_0004"]
    assert "changed since the manifest was built" in reasons["image_0006"]
    cache = open_cache(tmp_path / "cache")
    assert len(cache.locate(table.iloc[[0, 1, 3, 5]])) == 4
    with pytest.raises(DataError, match=r"1 images are not in the cache, such as image_0004 .*No such file"):
        cache.locate(table.iloc[[3, 4]])
    picture(tmp_path / "images" / "image_0004.png", 4)  # found again: the next build has it
    again = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert (again.images, again.decoded, again.copied) == (5, 1, 4)


def test_patches_larger_than_an_image_name_it(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "small.png", 1, 30, 30)
    picture(tmp_path / "images" / "large.png", 2, 90, 90)
    table = manifest_of(tmp_path / "images")
    report = build_cache(table, tmp_path / "cache", Steps("stretch", 40, PatchGrid(40, 40, 2, 2)), workers=1)
    (lost,) = report.unreadable
    assert "small.png: 30x30 pixels are smaller than a patch of 40x40" in lost.reason


@pytest.mark.parametrize("tables_alone", [True, False])
def test_nothing_to_pack(tmp_path: Path, tables_alone: bool) -> None:
    table = pictures(tmp_path / "images", 3)
    if tables_alone:
        table["path"] = pd.Series([pd.NA] * 3, dtype="string")
    else:
        shutil.rmtree(tmp_path / "images")
    with pytest.raises(DataError, match="from tables alone" if tables_alone else "No such file"):
        build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert visible(tmp_path / "cache") == set()


def test_a_cache_of_other_geometry_is_not_replaced(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 3)
    build_cache(table, tmp_path / "cache", STEPS, workers=1)
    before = content(tmp_path / "cache")[0]
    with pytest.raises(DataError, match="holds a cache of centre_square 32; name another folder"):
        build_cache(table, tmp_path / "cache", Steps("stretch", 32), workers=1)
    assert content(tmp_path / "cache")[0] == before


def test_a_damaged_cache_is_made_anew_and_said(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 9)
    build_cache(table, tmp_path / "cache", STEPS, workers=1)
    good = content(tmp_path / "cache")[0]
    (pixels,) = (tmp_path / "cache").glob("pixels-*")
    pixels.write_bytes(good[:-5] + b"wrong")
    report = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert report.decoded == 9
    assert "another checksum" in str(report.discarded)
    assert content(tmp_path / "cache")[0] == good


def test_a_disk_without_room_is_noticed_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pictures(tmp_path / "images", 9)
    build_cache(table.iloc[:4], tmp_path / "cache", STEPS, workers=1)
    before = content(tmp_path / "cache")[0]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    with pytest.raises(DataError, match="are free; make room") as error:
        build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert "\n" not in str(error.value)
    assert content(tmp_path / "cache")[0] == before
    assert visible(tmp_path / "cache") == {"cache.json", "pixels", "index"}


@pytest.mark.parametrize("moment", ["allocate", "fill", "index", "header"])
def test_a_disk_that_fills_up_leaves_the_cache_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    table = pictures(tmp_path / "images", 9)
    build_cache(table.iloc[:4], tmp_path / "cache", STEPS, workers=1)
    before = content(tmp_path / "cache")[0]
    (tmp_path / "spare").mkdir()

    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = {
        "allocate": (os, "posix_fallocate"),
        "fill": (build_module, "fill"),
        "index": (pd.DataFrame, "to_parquet"),
        "header": (Path, "write_text"),
    }[moment]
    with monkeypatch.context() as patch:
        if moment == "header":
            original = Path.write_text
            patch.setattr(
                Path,
                "write_text",
                lambda path, *a, **k: no_room() if "cache.json" in path.name else original(path, *a, **k),
            )
        else:
            patch.setattr(*target, no_room)
        with pytest.raises(TejidoError, match="No space left") as error:
            build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert "\n" not in str(error.value)
    assert content(tmp_path / "cache")[0] == before
    assert len(open_cache(tmp_path / "cache").index) == 4
    half_written = visible(tmp_path / "cache") - {"cache.json", "pixels", "index"}
    # Where all pixels are made and only the last small files lack room, the next build need not make them again.
    assert half_written == (set() if moment in ("allocate", "fill") else {"building.npy", "building.jsonl"})
    report = build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert report.resumed == (0 if moment in ("allocate", "fill") else 9)
    assert report.images == 9


def test_two_builds_do_not_meet(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 3)
    (tmp_path / "cache").mkdir()
    with alone(tmp_path / "cache"), pytest.raises(DataError, match="another build is at work"):
        build_cache(table, tmp_path / "cache", STEPS, workers=1)
    build_cache(table, tmp_path / "cache", STEPS, workers=1)


def test_a_build_that_stopped_goes_on_and_redoes_what_is_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pictures(tmp_path / "images", 20)
    build_cache(table, tmp_path / "calm", STEPS, workers=1)
    original = build_module.fill

    def stop_at_three(job: fill.Job, chunk: plan_module.Chunk) -> fill.Filled:
        if chunk.number == 3:
            raise KeyboardInterrupt
        return original(job, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "fill", stop_at_three)
        with pytest.raises(KeyboardInterrupt):
            build_cache(table, tmp_path / "cache", STEPS, workers=1)
    assert visible(tmp_path / "cache") == {"building.npy", "building.jsonl"}
    with pytest.raises(DataError, match="no packed cache"):
        open_cache(tmp_path / "cache")
    folder = tmp_path / "cache"
    with (folder / partial_module.PIXELS).open("r+b") as file:  # as after a power cut: chunk 1 never reached the disk
        file.seek(128 + 5 * 32 * 32 * 3)
        file.write(b"\0" * 100)
    with (folder / partial_module.JOURNAL).open("a") as file:  # and half a line did
        file.write("[3, 12")
    report = build_cache(table, folder, STEPS, workers=1)
    assert (report.resumed, report.decoded) == (8, 12)
    assert content(folder)[0] == content(tmp_path / "calm")[0]


def test_an_interrupted_build_of_other_images_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pictures(tmp_path / "images", 20)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(partial_module.Partial, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            build_cache(table, tmp_path / "cache", STEPS, workers=1)
    picture(tmp_path / "images" / "image_0007.png", 99)
    report = build_cache(manifest_of(tmp_path / "images"), tmp_path / "cache", STEPS, workers=1)
    assert (report.resumed, report.decoded) == (0, 20)


def test_a_pixel_file_that_lost_its_header_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pictures(tmp_path / "images", 20)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(partial_module.Partial, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            build_cache(table, tmp_path / "cache", STEPS, workers=1)
    with (tmp_path / "cache" / partial_module.PIXELS).open("r+b") as file:  # as after a power cut
        file.write(b"\0" * 128)
    assert build_cache(table, tmp_path / "cache", STEPS, workers=1).resumed == 0
    open_cache(tmp_path / "cache")


KILLED = """
import sys
from pathlib import Path
from tejido.data import manifest
from tejido.data.cache import plan
from tejido.data.cache.build import build_cache
from tejido.data.geometry import Steps
if __name__ == "__main__":
    plan._CHUNK_IMAGES = 4
    table, folder = manifest.read(Path(sys.argv[1])), Path(sys.argv[2])
    print(build_cache(table, folder, Steps("centre_square", 32), workers=2).resumed)
"""


def test_killed_at_random_moments_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 400)
    build_cache(table, tmp_path / "calm", STEPS, workers=1)
    script = tmp_path / "build.py"
    script.write_text(KILLED)
    folder = tmp_path / "stormy"
    command = [sys.executable, str(script), str(tmp_path / "images" / "manifest.parquet"), str(folder)]
    chance = random.Random()
    kept = 0
    for target in sorted(chance.sample(range(1, 90), 3)):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and finished(folder) < target:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.01))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (folder / "cache.json").exists(), "the build was too fast to be killed"
        assert finished(folder) >= max(target, kept), "what was finished stays finished"
        kept = finished(folder)
    last = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert int(last.stdout) >= 4 * (kept - 1), "at most the line that was being written is lost"
    (pixels, index), (calm_pixels, calm_index) = content(folder), content(tmp_path / "calm")
    assert pixels == calm_pixels
    pd.testing.assert_frame_equal(index, calm_index)
    assert len(open_cache(folder, STEPS).locate(table)) == 400
    assert visible(folder) == {"cache.json", "pixels", "index"}


def finished(folder: Path) -> int:
    """Chunks in the journal."""
    try:
        return max(0, len((folder / partial_module.JOURNAL).read_text().splitlines()) - 1)
    except FileNotFoundError:
        return 0


def die(_: object) -> None:
    os._exit(9)


def test_a_killed_process_of_the_build_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pictures(tmp_path / "images", 9)
    monkeypatch.setattr(build_module, "fill_one", die)
    with pytest.raises(TejidoError, match="the same command goes on"):
        build_cache(table, tmp_path / "cache", STEPS, workers=2)
    monkeypatch.undo()
    assert build_cache(table, tmp_path / "cache", STEPS, workers=1).images == 9
