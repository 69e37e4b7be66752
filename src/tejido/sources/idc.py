"""IDC: 277,524 patches of 50×50 pixels from 279 breast slides, with or without invasive ductal carcinoma.

Layout: ``<patient>/<class>/<patient>_idx5_x<X>_y<Y>_class<C>.png``, in any folder below the root. Class 0 means that
this patch shows no carcinoma; the patient has one. Patches at an edge of the slide are smaller.
"""

from __future__ import annotations

import re
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import image_paths, listed, shortfall
from tejido.sources.record import ImageRecord, Reading, Source, SourceInfo

TERMS = {"0": "no_carcinoma_in_patch", "1": "carcinoma_in_patch"}
_NAME = re.compile(r"(\d+)_idx\d+_x(\d+)_y(\d+)_class(\d+)", re.IGNORECASE)


class Idc(Source):
    """Reader of the IDC patches."""

    info = SourceInfo(
        name="idc",
        title="IDC breast patches",
        summary="Small patches of stained breast tissue, with or without invasive ductal carcinoma.",
        modality="histology",
        images=277524,
        licence="CC0-1.0",
        citation=(
            "Janowczyk A, Madabhushi A. Deep learning for digital pathology image analysis. J Pathol Inform 7, 29 "
            "(2016). Cruz-Roa A, et al. SPIE Medical Imaging 9041 (2014)."
        ),
        homepage="http://www.andrewjanowczyk.com/use-case-6-invasive-ductal-carcinoma-idc-segmentation/",
        obtain="Download IDC_regular_ps50_idx5.zip from the home page (or its Kaggle copy) and unpack it.",
        size="about 1.6 GB",
        terms=TERMS,
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read the patches below ``root``.

        Raises:
            DataError: no such folder, no patches, or ``images`` is False: there are no tables.
        """
        if not images:
            raise DataError("idc has no tables; its facts stand in the names of its images")
        reading = Reading()
        seen: set[str] = set()
        strangers, moved, repeated = [], [], 0
        for path in image_paths(root):
            match = _NAME.fullmatch(path.stem)
            if not match:
                strangers.append(path.name)
                continue
            if path.stem in seen:  # the Kaggle archive holds a second copy of everything
                repeated += 1
                continue
            seen.add(path.stem)
            patient, _, _, term = match.groups()
            if path.parent.name in TERMS and path.parent.name != term:
                moved.append(path.name)
            elif term not in TERMS:
                reading.unmapped[term] += 1
            reading.records.append(
                ImageRecord(
                    image_id=path.stem,
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution="Cruz-Roa et al.; Janowczyk and Madabhushi",
                    diagnosis=None if moved and moved[-1] == path.name else TERMS.get(term),
                    confirmation="histology",
                    patient_id=patient,
                )
            )
        if not reading.records:
            raise DataError(f"{root}: no IDC patches")
        reading.records.sort(key=lambda record: record.image_id)
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        if moved:
            reading.problems.append(
                f"{len(moved):,} patches lie in the folder of the other class; their diagnosis is left unknown: "
                f"{listed(moved)}"
            )
        if repeated:
            reading.problems.append(f"{repeated:,} patches are there twice; one copy is read")
        if strangers:
            reading.problems.append(f"{len(strangers):,} images are not named as IDC patches: {listed(strangers)}")
        return reading
