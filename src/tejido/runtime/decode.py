"""The only image decoder: bytes of any common picture format to ``uint8[H, W, 3]`` RGB.

Conventions (the browser follows the same ones, which is why answers agree): EXIF orientation is applied, the first
frame is taken, alpha is dropped, 16-bit samples keep their high byte, ICC profiles are ignored.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from tejido.errors import ImageError
from tejido.runtime.limits import MAX_PIXELS, check_pixels, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


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
    data = image if isinstance(image, bytes) else _read(Path(image))
    if not data:
        raise ImageError("the file is empty")
    if data[128:132] == b"DICM":
        from tejido.runtime.dicom import decode_dicom

        return decode_dicom(data)
    return check_pixels(_decode_with_pillow(data))


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise ImageError("is a directory; name the image files in it")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError("no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a name no file can have, such as one with a NUL
        raise ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _decode_with_pillow(data: bytes) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd EXIF and large sizes warn; sizes are checked here
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                check_size(*image.size)
                return _to_rgb(_upright(image))
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(
            f"too many pixels; at most {MAX_PIXELS // 1_000_000} megapixels, make the picture smaller"
        ) from None
    except Image.UnidentifiedImageError:
        raise ImageError(_unknown_format(data)) from None
    # Hostile bytes make format parsers fail in any way they like; each of them means an unreadable picture.
    except Exception as error:
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise ImageError(f"damaged picture ({reason})") from None


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a malformed EXIF block says nothing about orientation; browsers show such files as they lie
        return image


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in ("F", "I"):
        raise ImageError("32-bit samples are not a photograph; save it as 8 or 16 bits a channel")
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def _unknown_format(data: bytes) -> str:
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1"):
        return "HEIC pictures are not supported; save or share it as JPEG"
    return "not a picture in a known format (JPEG, PNG, WebP, BMP, TIFF, GIF, DICOM)"
