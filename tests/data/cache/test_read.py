from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tejido.data.cache.build import build_cache
from tejido.data.cache.read import open_cache
from tejido.data.geometry import Steps
from tejido.errors import DataError
from tests.data.cache.pictures import manifest_of, picture, pictures

STEPS = Steps("centre_square", 32)


def spoil(pattern: str, change: Callable[[bytes], bytes | None]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (path,) = folder.glob(pattern)
        content = change(path.read_bytes())
        path.unlink() if content is None else path.write_bytes(content)

    return do


def edit(**values: object) -> Callable[[bytes], bytes]:
    return lambda text: json.dumps(json.loads(text) | values).encode()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (spoil("cache.json", lambda _: None), "no packed cache; make one with"),
        (spoil("cache.json", lambda text: text[:50]), "cache.json cannot be read"),
        (spoil("cache.json", lambda _: b"\xff\xfe"), "cache.json cannot be read"),
        (spoil("cache.json", lambda _: b"[]"), "cache.json is not what it must be"),
        (spoil("cache.json", lambda _: b"{}"), "cache.json is not what it must be"),
        (spoil("cache.json", edit(more=1)), "cache.json is not what it must be"),
        (spoil("cache.json", edit(rows="five")), "cache.json is not what it must be"),
        (spoil("cache.json", edit(chunk_rows=None)), "cache.json is not what it must be"),
        (spoil("cache.json", edit(chunk_rows=0)), "lacks checksums"),
        (spoil("cache.json", edit(pixels=3)), "3 is missing"),
        (spoil("cache.json", edit(version=2)), "another version of Tejido"),
        (spoil("cache.json", edit(key="older")), "another version of Tejido"),
        (spoil("cache.json", edit(rows=4)), r"holds uint8\[5, 32, 32, 3\], not uint8\[4, 32, 32, 3\]"),
        (spoil("cache.json", edit(crcs=[])), "lacks checksums"),
        (spoil("pixels-*", lambda _: None), r"pixels-\w+.npy is missing"),
        (spoil("pixels-*", lambda content: content[:-1]), "cannot be mapped"),
        (spoil("pixels-*", lambda content: content[:60]), "cannot be mapped"),
        (
            spoil("pixels-*", lambda content: content[:9000] + b"!" + content[9001:]),
            "rows 0 to 4 have another checksum",
        ),
        (spoil("index-*", lambda _: None), r"index-\w+.parquet is missing"),
        (spoil("index-*", lambda content: content + b"!"), "the index has another checksum"),
    ],
)
def test_damage_is_noticed_in_one_line(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    build_cache(pictures(tmp_path / "images", 5), tmp_path / "cache", STEPS, workers=1)
    open_cache(tmp_path / "cache", STEPS)
    damage(tmp_path / "cache")
    with pytest.raises(DataError, match=message) as error:
        open_cache(tmp_path / "cache", STEPS)
    assert "\n" not in str(error.value)


def test_another_geometry(tmp_path: Path) -> None:
    build_cache(pictures(tmp_path / "images", 2), tmp_path / "cache", STEPS, workers=1)
    with pytest.raises(DataError, match="holds centre_square 32, not stretch 32"):
        open_cache(tmp_path / "cache", Steps("stretch", 32))


def test_a_cache_older_than_its_manifest(tmp_path: Path) -> None:
    table = pictures(tmp_path / "images", 5)
    build_cache(table, tmp_path / "cache", STEPS, workers=1)
    cache = open_cache(tmp_path / "cache", STEPS)
    assert len(cache.locate(table.iloc[:3])) == 3, "a part of its images is no reason to doubt it"
    picture(tmp_path / "images" / "image_0003.png", 99)
    picture(tmp_path / "images" / "new.png", 100)
    with pytest.raises(DataError, match="2 images are missing or changed, such as image_0003; run tejido data cache"):
        cache.locate(manifest_of(tmp_path / "images"))


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(DataError, match="no packed cache"):
        open_cache(tmp_path / "cache")
