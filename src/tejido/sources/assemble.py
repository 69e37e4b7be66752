"""From facts and files to records, checked against what was published."""

from __future__ import annotations

from collections.abc import Mapping

from tejido.sources.facts import Facts
from tejido.sources.files import Files, shortfall
from tejido.sources.record import ImageRecord, SourceInfo


def assemble(
    info: SourceInfo,
    facts: Mapping[str, Facts],
    files: Files | None,
    *,
    attribution: str,
    images: int | None,
    masks: int = 0,
    split: str | None = None,
) -> tuple[list[ImageRecord], list[str]]:
    """One record an image that is both in the table and on disk.

    Args:
        info: of the source.
        facts: of the images by id; a licence or attribution in them goes before the source's.
        files: found on disk, or None where only tables are read: then every image of the table has a record.
        attribution: for every image.
        images: published count.
        masks: published count of masks; they may all be absent, being a download of their own.
        split: official split.

    Returns:
        The records, sorted by id, and the problems.
    """
    paths = {} if files is None else files.images
    mask_paths = {} if files is None else files.masks
    found = sorted(name for name in facts if files is None or name in paths)
    common = {
        "source": info.name,
        "modality": info.modality,
        "licence": info.licence,
        "attribution": attribution,
        "official_split": split,
        "aspect": info.aspect,
    }
    records = [
        ImageRecord(image_id=name, path=paths.get(name), mask_path=mask_paths.get(name), **common | facts[name].known())  # type: ignore[arg-type]
        for name in found
    ]
    problems = shortfall("images", images, len(found), set(facts) - set(found))
    masked = set(found) & set(mask_paths)
    if masked and masks:
        problems += shortfall("masks", masks, len(masked), set(found) - masked)
    return records, problems
