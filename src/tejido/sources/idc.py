"""IDC: 277,524 patches of 50×50 pixels of breast tissue in 279 patient folders, with or without invasive carcinoma.

Layout: ``<patient>/<class>/<patient>_idx5_x<X>_y<Y>_class<C>.png``, in any folder below the root. Class 0 means that
this patch shows no carcinoma; the patient has one. Patches at an edge of the slide are smaller.
"""

from __future__ import annotations

import re
from pathlib import Path

from tejido.sources.files import find_files, left_out, listed, shortfall
from tejido.sources.record import Reading, Source, SourceInfo

TERMS = {"0": "no_carcinoma_in_patch", "1": "carcinoma_in_patch"}
_NAME = re.compile(r"(\d+)_idx\d+_x(\d+)_y(\d+)_class(\d+)", re.IGNORECASE)


class Idc(Source):
    """Reader of the IDC patches."""

    facts_in = "the names of its images"
    info = SourceInfo(
        name="idc",
        title="IDC breast patches",
        summary="Small patches of stained breast tissue, with or without invasive ductal carcinoma.",
        modality="histology",
        images=277524,
        licence="CC0-1.0",
        attribution="Cruz-Roa et al.; Janowczyk and Madabhushi",
        citation=(
            "Janowczyk A, Madabhushi A. Deep learning for digital pathology image analysis. J Pathol Inform 7, 29 "
            "(2016). Cruz-Roa A, et al. SPIE Medical Imaging 9041 (2014)."
        ),
        homepage="http://www.andrewjanowczyk.com/use-case-6-invasive-ductal-carcinoma-idc-segmentation/",
        obtain="Download IDC_regular_ps50_idx5.zip from the home page (or its Kaggle copy) and unpack it.",
        size="about 1.6 GB",
        terms=TERMS,
        weak=(
            "No carcinoma means none in this patch: every patient has one.",
            "About 4 µm a pixel; a network that learned from it knows no other scale.",
        ),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        files = find_files(root, lambda stem: (stem, False))  # the Kaggle archive holds a second copy of everything
        reading = Reading()
        strangers, moved = [], []
        for name, path in files.images.items():
            match = _NAME.fullmatch(name)
            if not match:
                strangers.append(path.name)
                continue
            patient, _, _, term = match.groups()
            diagnosis = TERMS.get(term)
            if diagnosis is None:
                reading.unmapped[term] += 1
            elif path.parent.name in TERMS and path.parent.name != term:
                moved.append(path.name)
                diagnosis = None
            reading.records.append(
                self.info.record(name, path, diagnosis=diagnosis, confirmation="histology", patient_id=patient)
            )
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        if moved:
            reading.problems.append(
                f"{len(moved):,} patches lie in the folder of the other class; their diagnosis is left unknown: "
                f"{listed(moved)}"
            )
        reading.problems += files.problems + left_out("images are not named as IDC patches", strangers)
        return reading
