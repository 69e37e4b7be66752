"""What a table says about images by their ids, and how the known tables are told apart by their columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from tejido.context import OLDEST
from tejido.errors import DataError
from tejido.sources.files import image_id, is_isic_id, left_out, listed
from tejido.sources.tables import Row, first_row, merge_rows, number, read_table


@dataclass(frozen=True)
class Facts:
    """What a table says of one image; the names are those of ``ImageRecord``. Unknown is None."""

    diagnosis: str | None = None
    confirmation: str | None = None
    patient_id: str | None = None
    lesion_id: str | None = None
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    skin_type: str | None = None
    licence: str | None = None
    attribution: str | None = None
    modality: str | None = None

    def known(self) -> dict[str, str | float]:
        """The facts that are known, by name."""
        return {name: value for name in FACTS if (value := getattr(self, name)) is not None}


FACTS = tuple(f.name for f in fields(Facts))
"""Names of all facts."""


@dataclass
class FactTable:
    """One table as read.

    Attributes:
        title: what kind of table it is.
        facts: by image id.
        unmapped: diagnosis terms that the taxonomy does not know, with their counts.
        problems: what is odd about it, a line each.
        duplicates: pairs of image ids that it lists as the same picture.
        odd: ids of the images of which the same odd thing must be said, by what is to be said (``have ...``).
    """

    title: str
    facts: dict[str, Facts] = field(default_factory=dict)
    unmapped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=dict)

    def code(self, terms: Mapping[str, str], term: str | None) -> str | None:
        """The diagnosis of a term, whatever its case; None where it is unknown, or not mapped, which is counted."""
        if term is None:
            return None
        code = terms.get(term) or next((c for word, c in terms.items() if word.lower() == term.lower()), None)
        if code is None:
            self.unmapped[term] += 1
        return code

    def one_hot(self, row: Row, name: str, terms: Mapping[str, str]) -> str | None:
        """The diagnosis of a row with one column a class, 0/1 or 0.0/1.0; UNK is no diagnosis."""
        chosen = [term for term in (*terms, "UNK") if number(row.get(term)) == 1]
        if len(chosen) != 1:
            self.is_odd("have no class or several; their diagnosis is left unknown", name)
            return None
        return terms.get(chosen[0])

    def age(self, value: str | None, name: str) -> float | None:
        """An age in years; None where it is unknown or none, and then it is a problem."""
        years = number(value)
        if value is not None and (years is None or not 0 <= years <= OLDEST):
            self.is_odd("have an age that is none; it is left unknown", f"{name} ({value})")
            return None
        return years

    def is_odd(self, what: str, name: str) -> None:
        """Note that image ``name`` is odd."""
        self.odd.setdefault(what, []).append(name)


@dataclass(frozen=True)
class TableFormat:
    """A known kind of table.

    Attributes:
        title: what it is called.
        needed: its columns that must be there; the first holds the image id.
        facts: what a row says; it may add to the table's unmapped terms, odd images and duplicates.
        isic: the ids must be the ISIC Archive's.
        headless: the file has no header, and these are the values that its second column may have.
    """

    title: str
    needed: tuple[str, ...]
    facts: Callable[[Row, FactTable], Facts]
    isic: bool = True
    headless: frozenset[str] = frozenset()

    def fits(self, first: Sequence[str]) -> bool:
        """Whether a table that begins with these cells is of this kind."""
        if self.headless:
            return len(first) >= 2 and is_isic_id(image_id(first[0])) and first[1].lower() in self.headless
        return set(self.needed) <= set(first)

    def read(self, path: Path) -> FactTable:
        """Read a table of this kind.

        Raises:
            DataError: it lacks columns or rows, or none of its ids is what it must be.
        """
        rows, problems = read_table(path, self.needed, header=self.needed if self.headless else None)
        merged, more = merge_rows(rows, self.needed[0], image_id)
        strange = [name for name in merged if self.isic and not is_isic_id(name)]
        if not merged:
            raise DataError(f"{path.name}: none of its rows has an image id")
        if len(strange) == len(merged):
            raise DataError(
                f"{path.name}: its {len(merged):,} ids are no ISIC ids ({listed(strange)}); "
                "the table was renumbered and cannot be joined to images; get the original"
            )
        table, lost = FactTable(self.title), set(strange)
        table.facts = {name: self.facts(row, table) for name, row in merged.items() if name not in lost}
        problems += more + left_out("ids are no ISIC ids", strange)
        problems += [f"{len(names):,} images {what}: {listed(names)}" for what, names in table.odd.items()]
        table.problems = [f"{path.name}: {problem}" for problem in problems]
        return table


def read_facts(path: Path, formats: Sequence[TableFormat]) -> FactTable:
    """Read a table of any of these kinds; the first that fits is taken.

    Raises:
        DataError: none fits, or the table is not what it must be.
    """
    first = first_row(path)
    for form in formats:
        if form.fits(first):
            return form.read(path)
    if not any(first):
        raise DataError(f"{path.name}: the file is empty")
    raise DataError(f"{path.name}: not a table that is known here; it begins with {', '.join(first[:8])}")


def merge_facts(first: Facts, second: Facts) -> Facts:
    """``first``, with what it does not know taken from ``second``."""
    return Facts(**(second.known() | first.known()))  # type: ignore[arg-type]
