"""The audit of a manifest: what is in it, what was removed and why, and what leaks. Numbers for JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from tejido.data.auditing.colours import outliers
from tejido.data.auditing.skin_tone import band, ita
from tejido.data.cleaning.findings import Findings
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.splitting import splits

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
NEARLY = 0.9
"""A class whose images come from one source to this share nearly equals it, if others have images too."""
SUSPECT = 20
"""Fewer images than this say nothing about a class."""
_AGES = (0, 20, 30, 40, 50, 60, 70, 80, 200)


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
    prints: list[Fingerprint | None] | None = None,
    facts: dict[str, Any] | None = None,
) -> Audit:
    """Audit a manifest.

    Args:
        manifest: as ``manifest.read`` gives it.
        findings: of the build that made it; without them only what stands in the manifest is known.
        split: side of every row, not checked yet.
        prints: fingerprints of the rows, for colours and skin tone.
        facts: what the split's file says of itself.
    """
    rows = manifest.copy()
    rows["split"] = pd.Series(pd.NA, index=rows.index, dtype="string") if split is None else split
    rows["age band"] = _age_band(rows["age"])
    rows["skin type"] = rows["skin_type"]
    rows["skin tone (estimated)"], rows["colours"] = _from_thumbnails(rows, prints)
    leaks = [] if split is None else find_leaks(split, manifest)
    counted = (*COUNTED, "split") if split is not None else COUNTED
    numbers: dict[str, Any] = {
        "images": len(rows),
        "groups": int(rows["group_id"].nunique()),
        "files": len(rows) if findings is None else findings.files,
        "removed": {} if findings is None else findings.removed_by_reason(),
    }
    numbers |= _of_findings(findings)
    numbers["leaks"] = [asdict(leak) for leak in leaks]
    numbers["split"] = _of_split(facts or {}) if split is not None else None
    numbers["counts"] = {column: _counts(rows[column]) for column in counted}
    numbers["missing"] = {column: int(rows[column].isna().sum()) for column in FACTS}
    numbers["sizes"] = _counts(_size(rows))
    numbers["subgroups"] = {column: _counts(rows[column]) for column in SUBGROUPS}
    numbers["class_by_source"] = _crossed(rows)
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


def nearly_equal(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Diagnoses that nearly equal a source: a network can then name the source instead of the disease.

    Of one modality with several sources: a diagnosis with ``SUSPECT`` images of which ``NEARLY`` all come from one
    source, although that source has less than that share of all images.
    """
    found = []
    for modality, part in rows.groupby("modality"):
        shares = part["source"].value_counts(normalize=True)
        for diagnosis, members in part.groupby("diagnosis"):
            own = members["source"].value_counts(normalize=True)
            if len(shares) > 1 and len(members) >= SUSPECT and own.iloc[0] >= NEARLY > shares[own.index[0]]:
                found.append(
                    {
                        "modality": str(modality),
                        "diagnosis": str(diagnosis),
                        "source": str(own.index[0]),
                        "images": len(members),
                        "share": round(float(own.iloc[0]), 3),
                    }
                )
    return found


def _of_findings(findings: Findings | None) -> dict[str, Any]:
    if findings is None:
        return {
            "byte_identical_groups": None,
            "contradicted_groups": None,
            "near_duplicate_pairs": None,
            "original_split_crossing_groups": None,
            "original_split_crossing_lesions": None,
            "unreadable": [],
            "unmapped_terms": {},
        }
    open_ = [item for item in findings.contradictions if item.kept_id is None]
    terms: Counter[str] = Counter()
    for counts in findings.unmapped.values():
        terms.update(counts)
    return {
        "byte_identical_groups": len(findings.byte_identical),
        "contradicted_groups": findings.byte_identical_contradicted,
        "contradicted_pictures": len(findings.contradictions),
        "contradictions_resolved": len(findings.contradictions) - len(open_),
        "contradictions_dropped": len(open_),
        "contradicted_groups_resolved": _resolved_copies(findings),
        "near_duplicate_pairs": len(findings.pairs),
        "near_duplicates_by_kind": dict(Counter(pair.kind for pair in findings.pairs)),
        "known_duplicate_pairs": findings.linked_pairs,
        "original_split_crossing_groups": len(findings.crossing_groups),
        "original_split_crossing_lesions": len(findings.crossing_lesions),
        "unreadable": [
            {"image_id": item.image_id, "path": item.path, "reason": item.detail}
            for item in findings.removed
            if item.reason == "unreadable"
        ],
        "unmapped_terms": dict(terms),
        "problems": findings.problems,
        "details": {
            "pairs": [asdict(pair) for pair in findings.pairs],
            "contradictions": [asdict(item) for item in findings.contradictions],
            "crossing_groups": findings.crossing_groups,
            "crossing_lesions": findings.crossing_lesions,
        },
    }


def _resolved_copies(findings: Findings) -> int:
    """How many groups of identical files under several diagnoses were settled."""
    settled = {m.image_id for item in findings.contradictions if item.kept_id is not None for m in item.members}
    return sum(
        len({m.diagnosis for m in group if m.diagnosis}) > 1 and all(m.image_id in settled for m in group)
        for group in findings.byte_identical
    )


def _of_split(facts: dict[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in facts.items()}


def _counts(values: pd.Series) -> dict[str, int]:
    counts = values.astype("string").fillna("(unknown)").value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _size(rows: pd.DataFrame) -> pd.Series:
    sizes = rows["width"].astype("string") + "×" + rows["height"].astype("string")
    return sizes.where(rows["width"].notna())


def _age_band(ages: pd.Series) -> pd.Series:
    names = [f"{low}–{high - 1}" for low, high in pairwise(_AGES[:-1])] + [f"{_AGES[-2]}+"]
    return pd.cut(ages.astype(float), list(_AGES), right=False, labels=names).astype("string")


def _crossed(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    table = pd.crosstab(rows["diagnosis"].fillna("(unknown)"), rows["source"])
    return {str(name): {str(k): int(v) for k, v in row.items() if v} for name, row in table.iterrows()}


def _from_thumbnails(rows: pd.DataFrame, prints: list[Fingerprint | None] | None) -> tuple[pd.Series, pd.Series]:
    """Estimated skin tone where no skin type is given, and colour outliers."""
    tones = pd.Series(pd.NA, index=rows.index, dtype="string")
    colours = pd.Series(pd.NA, index=rows.index, dtype="string")
    seen = [] if prints is None else [place for place, item in enumerate(prints) if item is not None]
    if prints is None or not seen:
        return tones, colours
    thumbnails = np.stack([item.thumbnail for item in prints if item is not None])
    part = rows.iloc[seen]
    colours.iloc[seen] = outliers(thumbnails, part["source"], part["modality"])
    typed = (part["skin_type"].notna() | (part["modality"] == "histology")).to_numpy(bool)
    tones.iloc[seen] = [None if known else band(angle) for known, angle in zip(typed, ita(thumbnails), strict=True)]
    return tones, colours
