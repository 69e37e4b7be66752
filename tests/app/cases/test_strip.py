"""No metadata is kept, and not one pixel changes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tejido.app.cases.strip import strip
from tejido.app.pages import WEB
from tejido.errors import ImageError
from tejido.runtime.decode import decode
from tests.support.bad_pictures import BAD_BYTES
from tests.support.pictures import encode, noise, png16, smooth, with_orientation

SECRET = b"Maria Lopez 41.3851N 2.1734E"
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


def camera(orientation: int = 1) -> Image.Exif:
    """What a phone writes: place, owner, a thumbnail."""
    exif = with_orientation(orientation)
    exif[0x010F] = exif[0x9286] = exif[0x013B] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 23.0, 7.0), 29: "2026:11:22"})
    return exif


def segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content


def stuffed(jpeg: bytes) -> bytes:
    """A JPEG with something in every segment that can hold anything, and behind its end."""
    stuff = segment(0xE1, XMP) + segment(0xFE, SECRET) + segment(0xED, b"Photoshop 3.0\0" + SECRET)
    stuff += segment(0xE2, b"ICC_PROFILE\0\1\1" + SECRET) + segment(0xEF, SECRET)
    stuff += segment(0xE0, b"JFXX\0\x10" + SECRET) + b"\xff\xff\xff" + segment(0xFE, SECRET)
    head = 4 + int.from_bytes(jpeg[4:6], "big") - 2 + 2
    return jpeg[:head] + stuff + jpeg[head:] + SECRET + jpeg


def with_jfif_thumbnail(jpeg: bytes) -> bytes:
    assert jpeg[2:4] == b"\xff\xe0"
    content = jpeg[6:18] + b"\x03\x03" + (SECRET * 2)[:27]
    return jpeg[:2] + segment(0xE0, content) + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]


COLOURS = Image.fromarray(smooth(70, 90))
JPEGS = {
    "4:2:0": encode(COLOURS, "JPEG", subsampling=2),
    "4:4:4": encode(COLOURS, "JPEG", subsampling=0, quality=95),
    "progressive": encode(COLOURS, "JPEG", progressive=True),
    "grey": encode(COLOURS.convert("L"), "JPEG"),
    "cmyk": encode(COLOURS.convert("CMYK"), "JPEG"),
    "restarts": encode(COLOURS, "JPEG", restart_marker_blocks=2),
    "icc": encode(COLOURS, "JPEG", icc_profile=SECRET * 9000),
    "comment": encode(COLOURS, "JPEG", comment=SECRET),
    "rgb": encode(COLOURS, "JPEG", keep_rgb=True),
    "thumbnail": with_jfif_thumbnail(encode(COLOURS, "JPEG")),
    "xmp orientation": encode(
        COLOURS,
        "JPEG",
        xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description tiff:Orientation="6" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/></rdf:RDF></x:xmpmeta>',
    ),
    **{f"held {n}": encode(COLOURS, "JPEG", exif=camera(n)) for n in range(1, 9)},
}


def bare(content: bytes) -> set[str]:
    """What Pillow finds in a file besides the picture."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        exif = image.getexif()
        assert set(exif) <= {0x0112}
        assert not exif.get_ifd(0x8825)
        return set(image.info)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("full", [False, True])
def test_jpegs_keep_their_pixels_and_nothing_else(kind: str, full: bool) -> None:
    given = stuffed(JPEGS[kind]) if full else JPEGS[kind]
    kept = strip(given)
    assert kept.media_type == "image/jpeg"
    np.testing.assert_array_equal(decode(kept.content), decode(given))
    assert (kept.height, kept.width) == decode(given).shape[:2]
    assert SECRET not in kept.content
    assert SECRET[:5] not in kept.content
    assert len(kept.content) <= len(JPEGS[kind]) + 40
    assert bare(kept.content) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "exif"} | (
        {"adobe", "adobe_transform"} if kind in ("cmyk", "rgb") else {"progressive", "progression"}
    )
    again = strip(kept.content)
    assert again == kept


@pytest.mark.parametrize("path", sorted((WEB / "examples").glob("*.jpg")), ids=lambda path: path.name)
def test_real_pictures(path: Path) -> None:
    given = path.read_bytes()
    np.testing.assert_array_equal(decode(strip(stuffed(given)).content), decode(given))


def pngs() -> dict[str, bytes]:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return {
        "png": encode(COLOURS, "PNG", pnginfo=info, exif=camera(6)),
        "png with alpha": encode(COLOURS.convert("RGBA"), "PNG", pnginfo=info),
        "palette": encode(COLOURS.quantize(16), "PNG", pnginfo=info),
        "16 bit": png16(np.arange(40 * 50, dtype=np.uint16).reshape(40, 50) * 30),
        "webp": encode(COLOURS, "WEBP", exif=camera(8), xmp=XMP),
        "tiff": encode(COLOURS, "TIFF", exif=camera(3), description=SECRET.decode()),
        "gif": encode(COLOURS.quantize(16), "GIF", comment=SECRET),
        "bmp": encode(noise(), "BMP") + SECRET,
    }


@pytest.mark.parametrize("kind", pngs())
def test_everything_else_becomes_png(kind: str) -> None:
    given = pngs()[kind]
    kept = strip(given)
    assert kept.media_type == "image/png"
    np.testing.assert_array_equal(decode(kept.content), decode(given))
    assert SECRET[:5] not in kept.content
    assert bare(kept.content) == set()


def test_a_jpeg_that_cannot_be_followed_becomes_png(monkeypatch: pytest.MonkeyPatch) -> None:
    given = encode(smooth(), "JPEG")
    odd = given[:2] + segment(0xE5, SECRET)[:-1] + given[2:]  # its length reaches into the next segment
    try:
        pixels = decode(odd)
    except ImageError:
        with pytest.raises(ImageError):
            strip(odd)
    else:
        np.testing.assert_array_equal(decode(strip(odd).content), pixels)
    # and one whose bare form would look otherwise: never kept
    monkeypatch.setattr("tejido.app.cases.strip._orientation", lambda _: 3)
    turned = strip(encode(smooth(), "JPEG", exif=with_orientation(6)))
    assert turned.media_type == "image/png"
    np.testing.assert_array_equal(decode(turned.content), decode(encode(smooth(), "JPEG", exif=with_orientation(6))))


@pytest.mark.parametrize("kind", [kind for kind, (data, _) in BAD_BYTES.items() if data])
def test_what_cannot_be_read(kind: str) -> None:
    with pytest.raises(ImageError):
        strip(BAD_BYTES[kind][0])


def test_too_large_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tejido.app.cases.strip.MAX_STORED_BYTES", 1000)
    with pytest.raises(ImageError, match="too large to keep"):
        strip(encode(noise(), "PNG"))


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_jpegs_keep_their_pixels_or_are_refused(data: st.DataObject) -> None:
    picture = bytearray(stuffed(encode(smooth(), "JPEG", exif=camera(6))))
    for place in data.draw(st.lists(st.integers(2, len(picture) - 1), min_size=1, max_size=5)):
        picture[place] = data.draw(st.integers(0, 255))
    given = bytes(picture[: data.draw(st.integers(20, len(picture)))])
    try:
        pixels = decode(given)
    except ImageError:
        with pytest.raises(ImageError):
            strip(given)
    else:
        np.testing.assert_array_equal(decode(strip(given).content), pixels)
