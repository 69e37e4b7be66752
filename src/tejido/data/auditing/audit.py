"""The audit of a manifest: what is in it, what was removed and why, and what leaks. Numbers for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from tejido.data.auditing.colours import outliers
from tejido.data.auditing.counts import age_bands, by_source, counts, nearly_equal, sizes
from tejido.data.auditing.of_build import of_build
from tejido.data.cleaning.findings import Findings
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.skin_tone import band, ita
from tejido.data.splitting import splits
from tejido.errors import ImageError

COUNTED = ("source", "modality", "diagnosis", "malignancy", "confirmation", "official_split", "licence")
SUBGROUPS = ("sex", "age band", "site", "skin type", "skin tone (estimated)")
FACTS = (
    "diagnosis",
    "confirmation",
    "patient_id",
    "lesion_id",
    "slide_id",
    "age",
    "sex",
    "site",
    "skin_type",
    "mask_path",
)
"""Columns of which the audit says how many images lack them."""


@dataclass(frozen=True)
class Leak:
    """A group that stands on several sides of a split, and its images by side."""

    group_id: str
    images: dict[str, list[str]]


@dataclass
class Audit:
    """The numbers, and the manifest rows with what was measured for them."""

    numbers: dict[str, Any]
    rows: pd.DataFrame
    findings: Findings | None
    leaks: list[Leak]


def audit(
    manifest: pd.DataFrame,
    findings: Findings | None = None,
    split: pd.Series | None = None,
    prints: Sequence[Fingerprint | ImageError | None] | None = None,
    facts: dict[str, Any] | None = None,
) -> Audit:
    """Audit a manifest.

    Args:
        manifest: as ``manifest.read`` gives it.
        findings: of the build that made it; without them only what stands in the manifest is known.
        split: side of every row, not checked yet.
        prints: fingerprints of the rows as the files are now, for colours, skin tone, and what became of the files;
            None where the manifest knows no file.
        facts: what the split's file says of itself.
    """
    rows = manifest.copy()
    rows["split"] = pd.Series(pd.NA, index=rows.index, dtype="string") if split is None else split
    rows["age band"] = age_bands(rows["age"])
    rows["skin type"] = rows["skin_type"]
    now = [None] * len(rows) if prints is None else prints
    seen = [None if isinstance(item, ImageError) else item for item in now]
    rows["skin tone (estimated)"], rows["colours"] = _from_thumbnails(rows, seen)
    leaks = [] if split is None else find_leaks(split, manifest)
    counted = (*COUNTED, "split") if split is not None else COUNTED
    numbers: dict[str, Any] = {"images": len(rows), "groups": int(rows["group_id"].nunique())}
    numbers |= of_build(findings)
    numbers["files_gone"] = [
        name for name, item in zip(rows["image_id"], now, strict=True) if isinstance(item, ImageError)
    ]
    numbers["files_changed"] = [
        name
        for name, sha256, item in zip(rows["image_id"], rows["sha256"], seen, strict=True)
        if item is not None and item.sha256 != sha256
    ]
    numbers["leaks"] = [asdict(leak) for leak in leaks]
    numbers["split"] = None if split is None else facts or {}
    numbers["counts"] = {column: counts(rows[column]) for column in counted}
    numbers["missing"] = {column: int(rows[column].isna().sum()) for column in FACTS}
    numbers["sizes"] = counts(sizes(rows))
    numbers["subgroups"] = {column: counts(rows[column]) for column in SUBGROUPS}
    numbers["class_by_source"] = by_source(rows)
    numbers["class_nearly_equals_source"] = nearly_equal(rows)
    strange = rows[rows["colours"].notna()]
    numbers["colour_outliers"] = dict(zip(strange["image_id"], strange["colours"], strict=True))
    return Audit(numbers, rows, findings, leaks)


def find_leaks(split: pd.Series, manifest: pd.DataFrame) -> list[Leak]:
    """The groups that cross a split."""
    crossing = set(splits.crossing(split, manifest))
    rows = manifest[manifest["group_id"].isin(crossing)]
    leaks = []
    for group, members in rows.groupby("group_id"):
        sides = split[members.index]
        images = {
            name: sorted(members["image_id"][sides == name]) for name in sorted(set(sides)) if name != splits.UNUSED
        }
        leaks.append(Leak(str(group), images))
    return leaks


def _from_thumbnails(rows: pd.DataFrame, prints: Sequence[Fingerprint | None]) -> tuple[pd.Series, pd.Series]:
    """Estimated skin tone where no skin type is given, and colour outliers."""
    tones = pd.Series(pd.NA, index=rows.index, dtype="string")
    colours = pd.Series(pd.NA, index=rows.index, dtype="string")
    seen = [place for place, item in enumerate(prints) if item is not None]
    if not seen:
        return tones, colours
    thumbnails = np.stack([item.thumbnail for item in prints if item is not None])
    part = rows.iloc[seen]
    colours.iloc[seen] = outliers(thumbnails, part["source"], part["modality"])
    typed = (part["skin_type"].notna() | (part["modality"] == "histology")).to_numpy(bool)
    tones.iloc[seen] = [None if known else band(angle) for known, angle in zip(typed, ita(thumbnails), strict=True)]
    return tones, colours
