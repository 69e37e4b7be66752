"""From facts and files to records, checked against what was published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import Files, find_files, find_tables, shortfall, unused
from tejido.sources.record import ImageRecord, Reading, SourceInfo
from tejido.sources.tables import first_row
from tejido.sources.wrong_folder import not_this


def assemble(
    info: SourceInfo,
    facts: Mapping[str, Facts],
    files: Files | None,
    *,
    images: int | None,
    masks: int = 0,
    split: str | None = None,
) -> tuple[list[ImageRecord], list[str]]:
    """One record an image that is both in the table and on disk.

    Args:
        info: of the source.
        facts: of the images by id; a licence, attribution or modality in them goes before the source's.
        files: found on disk, or None where only tables are read: then every image of the table has a record.
        images: published count.
        masks: published count of masks; they may all be absent, being a download of their own.
        split: official split.

    Returns:
        The records, and the problems.
    """
    paths = {} if files is None else files.images
    mask_paths = {} if files is None else files.masks
    found = {name for name in facts if files is None or name in paths}
    records = [
        info.record(
            name, paths.get(name), **{"mask_path": mask_paths.get(name), "official_split": split} | facts[name].known()
        )
        for name in found
    ]
    problems = shortfall("images", images, len(found), set(facts) - found)
    masked = found & set(mask_paths)
    if masked and masks:
        problems += shortfall("masks", masks, len(masked), found - masked)
    return records, problems


def read_single(root: Path, info: SourceInfo, form: TableFormat, *names: str, images: bool) -> Reading:
    """Read a data set with one table.

    Args:
        root: where the table, images and masks lie, in any folders.
        info: of the source.
        form: of the table.
        names: that the table may have; the first file that fits is read.
        images: False reads the table alone.

    Raises:
        DataError: no such table, or it is not what it must be.
    """
    tables = [path for name in names for path in find_tables(root, name)]
    if not tables:
        raise not_this(root, info.title, f"{names[0]} is missing")
    fitting = [path for path in tables if form.fits(first_row(path))]
    return from_table(info, form.read((fitting or tables)[0]), find_files(root) if images else None)


def from_table(info: SourceInfo, table: FactTable, files: Files | None) -> Reading:
    """Everything that a table and the files say of a data set with one table."""
    records, problems = assemble(info, table.facts, files, images=info.images, masks=info.masks)
    if files is not None:
        problems = files.problems + problems + unused(files, table.facts)
    return Reading(records, table.unmapped, table.problems + problems, table.duplicates)
