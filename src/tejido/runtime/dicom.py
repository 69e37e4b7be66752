"""DICOM pictures (secondary capture, dermoscopy, slides) through pydicom, an optional extra."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from tejido.errors import ImageError
from tejido.runtime.limits import check_pixels, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode_dicom(data: bytes) -> NDArray[np.uint8]:
    """Decode the first frame of a DICOM file to ``uint8[H, W, 3]`` RGB; deeper samples keep their high 8 bits.

    Raises:
        ImageError: pydicom is missing, the file is damaged, or it holds no picture of a supported kind.
    """
    try:
        import pydicom
        from pydicom.pixels import pixel_array
    except ImportError:
        raise ImageError("DICOM needs an extra: pip install 'tejido[dicom]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(data))
            if "PixelData" not in dataset:
                raise ImageError("a DICOM file without a picture")
            check_size(int(dataset.Columns), int(dataset.Rows))
            # pydicom converts YBR colour to RGB itself; palettes are rare in this field and refused below
            frame = np.asarray(pixel_array(dataset, index=0))
            interpretation = str(dataset.PhotometricInterpretation)
            bits = int(dataset.BitsStored)
            if int(dataset.PixelRepresentation) != 0:
                raise ImageError("a DICOM file with signed samples is not a photograph")
    except ImageError:
        raise
    # As with Pillow: damaged files fail in any way inside the parser.
    except Exception as error:
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise ImageError(f"damaged DICOM file ({reason})") from None
    if bits > 8:
        frame = frame >> (bits - 8)
    frame = frame.astype(np.uint8)
    if interpretation == "MONOCHROME1":  # the lowest value is white
        frame = 255 - frame
    if interpretation in ("MONOCHROME1", "MONOCHROME2") and frame.ndim == 2:
        frame = np.repeat(frame[:, :, None], 3, axis=2)
    elif not interpretation.startswith(("RGB", "YBR")):
        raise ImageError(f"DICOM colour model {interpretation} is not supported")
    return check_pixels(frame)
