"""DICOM files for tests."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dicom(frames: NDArray[np.unsignedinteger[Any]] | bytes, interpretation: str, **changes: Any) -> bytes:
    """A DICOM file around one picture ``[H, W]`` or ``[H, W, 3]``, or around raw pixel data.

    ``changes`` replace or add elements; ``syntax`` is the transfer syntax, ``meta`` adds to the file meta group.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = changes.pop("syntax", ExplicitVRLittleEndian)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PhotometricInterpretation = interpretation
    dataset.SamplesPerPixel = 1 if interpretation.startswith(("MONO", "PALETTE")) else 3
    dataset.PixelRepresentation = 0
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = 0
    if isinstance(frames, bytes):
        data = frames
        dataset.BitsAllocated = 8
    else:
        data = frames.tobytes()
        dataset.Rows, dataset.Columns = frames.shape[:2]
        dataset.BitsAllocated = frames.dtype.itemsize * 8
    bits = changes.pop("BitsStored", dataset.BitsAllocated)
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    for name, value in changes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
