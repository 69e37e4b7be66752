"""The only image decoder: bytes of any common picture format to ``uint8[H, W, 3]`` RGB.

Conventions (the browser follows the same ones, which is why answers agree): EXIF orientation is applied, the first
frame is taken, alpha is dropped, 16-bit samples keep their high byte, ICC profiles are ignored. Transparent pixels of a
GIF are black, because no browser tells which colour they have in the file.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tejido.errors import ImageError
from tejido.runtime.limits import MAX_BYTES, MAX_PIXELS, check_pixels, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262


def decode(image: str | Path | bytes) -> NDArray[np.uint8]:
    """Decode a picture file.

    Args:
        image: path of a file, or the file's bytes. JPEG, PNG, WebP, BMP, TIFF, GIF, and DICOM where the extra
            ``tejido[dicom]`` is installed. The format is read from the bytes, never from the file's name.

    Returns:
        ``uint8[H, W, 3]``, RGB, C-contiguous, upright.

    Raises:
        ImageError: with one line that says why the picture cannot be read.
    """
    return check_pixels(np.asarray(open_image(image)))


def open_image(image: str | Path | bytes) -> Image.Image:
    """``decode`` for those who go on with Pillow: spares them two copies of a picture.

    Returns:
        A loaded image of mode RGB, upright, of an acceptable size.

    Raises:
        ImageError: as ``decode``.
    """
    data = image if isinstance(image, bytes) else _read(Path(image))
    if not data:
        raise ImageError("the file is empty")
    if data[128:132] == b"DICM":
        from tejido.runtime.dicom import decode_dicom

        return Image.fromarray(decode_dicom(data))
    picture = _open_with_pillow(data)
    check_size(*picture.size)
    return picture


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ImageError("is a directory; name the image files in it")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ImageError("no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a name no file can have, such as one with a NUL
        raise ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > MAX_BYTES:
        raise ImageError(f"the file is too large; at most {MAX_BYTES // 2**20} MB")
    return data


def _open_with_pillow(data: bytes) -> Image.Image:
    # Python's warning filters are shared by all threads, so Pillow's remarks are left to whoever runs the process.
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_size(*image.size)
            image.load()
            _upright(image)
            return _to_rgb(image)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            f"too many pixels; at most {MAX_PIXELS // 1_000_000} megapixels, make the picture smaller"
        ) from None
    except UnidentifiedImageError:
        raise ImageError(_unknown_format(data)) from None
    # Hostile bytes make format parsers fail in any way they like; each of them means an unreadable picture.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"damaged picture ({reason})") from None


def _upright(image: Image.Image) -> None:
    # A malformed EXIF block says nothing about orientation; browsers show such files as they lie.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("F", "I"):
        raise ImageError("32-bit samples are not a photograph; save it as 8 or 16 bits a channel")
    if image.mode.startswith("I;16"):
        return Image.fromarray(_high_byte(image)).convert("RGB")
    if image.format == "GIF" and "transparency" in image.info:
        black = Image.new("RGB", image.size)
        black.paste(image, mask=image.convert("RGBA").getchannel("A"))
        return black
    image.info.pop("transparency", None)  # alpha is dropped, so which colour was transparent does not matter
    return image if image.mode == "RGB" else image.convert("RGB")


def _high_byte(image: Image.Image) -> NDArray[np.uint8]:
    """The upper 8 bits of a 16-bit grey picture; a TIFF may hold 12-bit samples, and white as 0."""
    bits, white_is_zero = 16, False
    if image.format == "TIFF":
        tags = image.getexif()
        bits = tags.get(_TIFF_BITS_PER_SAMPLE, 16)
        white_is_zero = tags.get(_TIFF_PHOTOMETRIC) == 0
    grey = (np.asarray(image) >> (bits - 8)).astype(np.uint8)
    return 255 - grey if white_is_zero else grey


def _unknown_format(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "HEIC pictures are not supported; save or share it as JPEG"
    return "not a picture in a known format (JPEG, PNG, WebP, BMP, TIFF, GIF, DICOM)"
