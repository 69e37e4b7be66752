"""Any tree of class folders: ``<root>/<class>/*.jpg``, or ``<root>/{Train,Test}/<class>/*.jpg``.

The name of a class folder is its diagnosis, as a code or a display name of the taxonomy (case, spaces, hyphens and
underscores do not matter). A ``train``/``val``/``test`` level above the classes is kept as the official split.
"""

from __future__ import annotations

import re
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.record import ImageRecord, Reading, SourceInfo
from tejido.sources.tables import IMAGE_SUFFIXES
from tejido.taxonomy import diagnoses

_SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


class Folders:
    """Reader of class folders."""

    info = SourceInfo(
        name="folders",
        title="Class folders",
        modality="dermoscopy",
        images=None,
        licence="unknown",
        citation="none",
        homepage="none",
    )

    def read(self, root: Path) -> Reading:
        """Read every image file below the class folders of ``root``.

        Raises:
            DataError: there is no such folder, or no image in it.
        """
        if not root.is_dir():
            raise DataError(f"{root}: no such folder")
        terms = {_plain(text): d.code for d in diagnoses().values() for text in (d.code, d.en, d.es)}
        reading = Reading()
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() not in IMAGE_SUFFIXES or not path.is_file():
                continue
            parts = path.relative_to(root).parts
            split = _SPLITS.get(parts[0].lower()) if len(parts) > 2 else None
            if len(parts) < 2:
                reading.problems.append(f"{path.name}: not in a class folder, left out")
                continue
            term = parts[1] if split else parts[0]
            diagnosis = terms.get(_plain(term))
            if diagnosis is None:
                reading.unmapped[term] += 1
            reading.records.append(
                ImageRecord(
                    image_id=path.relative_to(root).with_suffix("").as_posix(),
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution="unknown",
                    diagnosis=diagnosis,
                    official_split=split,
                )
            )
        if not reading.records:
            raise DataError(f"{root}: no images in class folders")
        return reading


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.lower()).strip()
