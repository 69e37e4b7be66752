"""DICOM pictures (secondary capture, dermoscopy, slides) through pydicom, an optional extra."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tejido.errors import ImageError
from tejido.runtime.limits import check_pixels, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEFLATED = b"1.2.840.10008.1.2.1.99"


def decode_dicom(data: bytes) -> NDArray[np.uint8]:
    """Decode the first frame of a DICOM file to ``uint8[H, W, 3]`` RGB.

    Samples keep their 8 high bits of those that the file says are stored; display windows and ICC profiles are
    ignored.

    Raises:
        ImageError: pydicom is missing, the file is damaged, or it holds no picture of a supported kind.
    """
    try:
        import pydicom
        from pydicom.pixels.utils import pixel_array
    except ImportError:
        raise ImageError("DICOM needs an extra: pip install 'tejido[dicom]'") from None
    if _DEFLATED in data:  # pydicom would inflate it whole, however large it becomes
        raise ImageError("a DICOM file compressed as a whole (deflated); save it with another transfer syntax")
    try:
        dataset = pydicom.dcmread(io.BytesIO(data))
        _check(dataset)
        # Converts YBR colour to RGB and planes to pixels.
        frame = np.asarray(pixel_array(dataset, index=0))
        interpretation, bits = str(dataset.PhotometricInterpretation), int(dataset.BitsStored)
    except ImageError:
        raise
    # As with Pillow: damaged files fail in any way inside the parser.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"damaged DICOM file ({reason})") from None
    grey_or_rgb = _eight_bits(frame, bits)
    if interpretation == "MONOCHROME1":  # the lowest value is white
        grey_or_rgb = 255 - grey_or_rgb
    if grey_or_rgb.ndim == 2:
        grey_or_rgb = np.repeat(grey_or_rgb[:, :, None], 3, axis=2)
    return check_pixels(grey_or_rgb)


def _check(dataset: Any) -> None:
    if "PixelData" not in dataset:
        raise ImageError("a DICOM file without a picture")
    check_size(int(dataset.Columns), int(dataset.Rows))
    if int(dataset.PixelRepresentation) != 0:
        raise ImageError("a DICOM file with signed samples is not a photograph")
    if not 1 <= int(dataset.BitsStored) <= 16:
        raise ImageError("a DICOM file with more than 16 bits a sample is not a photograph")
    interpretation = str(dataset.PhotometricInterpretation)
    if not interpretation.startswith(("RGB", "YBR", "MONOCHROME")):
        raise ImageError(f"DICOM colour model {interpretation} is not supported; save it as RGB")


def _eight_bits(frame: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    # Bits above those stored belong to old overlays, not to the picture.
    samples = frame & ((1 << bits) - 1)
    if bits >= 8:
        return (samples >> (bits - 8)).astype(np.uint8)
    return (samples * (255 // ((1 << bits) - 1))).astype(np.uint8)
