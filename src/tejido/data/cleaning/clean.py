"""From what the sources say to one clean manifest: merged, without duplicates, with every removal explained."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tejido.data import manifest
from tejido.data.cleaning import describe
from tejido.data.cleaning.candidate import Candidate
from tejido.data.cleaning.claims import Verdict, claims_on, settle
from tejido.data.cleaning.findings import Findings, Refinement
from tejido.data.cleaning.keep import best, completed
from tejido.data.cleaning.leak_groups import leak_groups
from tejido.data.cleaning.select import in_task
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.duplicates.same import REASONS, Sameness, same_pictures
from tejido.data.duplicates.search import NearDuplicate, find
from tejido.data.splitting.groups import connected
from tejido.errors import DataError, ImageError
from tejido.sources.facts import FactTable
from tejido.sources.record import ImageRecord
from tejido.taxonomy import Task, is_finer


@dataclass(frozen=True)
class Cleaned:
    """A manifest, and how it came about."""

    manifest: pd.DataFrame
    findings: Findings


def clean(
    records: Sequence[ImageRecord],
    original: Sequence[ImageRecord],
    folder: Path,
    *,
    tables: Mapping[str, FactTable] | None = None,
    links: Iterable[tuple[str, str]] = (),
    excluded: Callable[[ImageRecord], str | None] = lambda record: None,
    task: Task | None = None,
    keep_duplicates: bool = False,
    cache: Path | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Cleaned:
    """Merge sources into one manifest.

    Of images of one picture (see ``duplicates.same``) one is kept. Where they, or tables, contradict each other, the
    weightiest claim decides (see ``cleaning.claims``); where there is none, all are removed. Similar and cropped
    pictures and known duplicates stay, in one group.

    Args:
        records: images after the tables were joined.
        original: the same images in the same order, as their sources have them.
        folder: where the manifest will lie.
        tables: by name, the tables that were joined; what they say of the diagnosis is weighed here.
        links: pairs of image ids that a publisher lists as duplicates.
        excluded: gives the rule by which an image is left out, or None.
        task: keep only images that have a label in it.
        keep_duplicates: remove only repeated ids; other images of one picture stay, in one group, each with the
            diagnosis that is claimed of itself.
        cache: where fingerprints are remembered between builds.
        progress: called once an image, then ``search.steps()`` times.

    Raises:
        DataError: nothing is left, or two different pictures have one id.
        TejidoError: the cache cannot be written.
    """
    findings = Findings(files=len(records))
    included = []
    for number, record in enumerate(records):
        rule = excluded(record)
        if rule is None:
            included.append(number)
        else:
            findings.removed.append(describe.removal(record, "excluded", detail=rule))
    candidates = []
    measured = manifest.measure([records[number] for number in included], cache, progress=progress)
    for number, seen in zip(included, measured, strict=True):
        if isinstance(seen, ImageError):
            findings.removed.append(describe.removal(records[number], "unreadable", detail=str(seen)))
        else:
            candidates.append(Candidate(records[number], seen, claims_on(original[number], tables or {})))
    if not candidates:
        raise DataError("no image could be read")

    near = _near_duplicates([candidate.seen for candidate in candidates], progress)
    same = same_pictures([item.record for item in candidates], [item.seen for item in candidates], near)
    superfluous = [pair for pair in same if not keep_duplicates or pair.reason == "same_id"]
    pictures = connected(len(candidates), [(pair.first, pair.second) for pair in superfluous])
    describe.describe(findings, candidates, near)
    kept = _keep_one(candidates, pictures, same, findings)
    if task is not None:
        for number, item in list(kept.items()):
            if not in_task(item.record, task):
                findings.removed.append(describe.removal(item.record, "not_in_task", detail=task.name))
                del kept[number]
    if not kept:
        raise DataError("no image is left")
    findings.refined = _refinements(candidates, kept)
    numbers = sorted(kept, key=lambda number: kept[number].record.image_id)
    table = manifest.rows([kept[n].record for n in numbers], [candidates[n].seen for n in numbers], folder)
    groups, findings.linked_pairs = leak_groups(candidates, same, near, links)
    table["group_id"] = table["image_id"].groupby(groups[numbers]).transform("min").astype("string")
    return Cleaned(table, findings)


def _near_duplicates(prints: Sequence[Fingerprint | None], progress: Callable[[], None]) -> list[NearDuplicate]:
    """Pairs by position, of pictures whose bytes are not the same anyway."""
    first: dict[str, int] = {}
    for number, seen in enumerate(prints):
        if seen is not None:
            first.setdefault(seen.sha256, number)
    places = list(first.values())
    if not places:
        return []
    thumbnails = np.stack([seen.thumbnail for n in places if (seen := prints[n]) is not None])
    found = find(thumbnails, progress=progress)
    return [replace(pair, first=places[pair.first], second=places[pair.second]) for pair in found]


@dataclass(frozen=True)
class _Kept:
    """An image of the manifest, with the diagnosis that was settled on."""

    record: ImageRecord
    verdict: Verdict


def _keep_one(
    candidates: Sequence[Candidate], pictures: np.ndarray, same: Sequence[Sameness], findings: Findings
) -> dict[int, _Kept]:
    """The image kept of every picture, by position; removals and contradictions are noted."""
    reasons = _reasons(same)
    members: dict[int, list[int]] = defaultdict(list)
    for number, picture in enumerate(pictures.tolist()):
        members[picture].append(number)
    kept = {}
    for numbers in members.values():
        group = [candidates[number] for number in numbers]
        claims = [claim for item in group for claim in item.claims]
        verdict = settle(claims)
        place = best(group)
        winner = numbers[place]
        if verdict.contradicted:
            findings.contradictions.append(describe.contradiction(group, group[place], verdict))
        if verdict.is_open:
            detail = "; ".join(dict.fromkeys(f"{claim.by}: {claim.diagnosis}" for claim in claims))
            findings.removed += [describe.removal(item.record, "contradicted", detail=detail) for item in group]
            continue
        record = completed(group[place].record, [item.record for item in group if item is not group[place]])
        kept[winner] = _Kept(replace(record, diagnosis=verdict.diagnosis), verdict)
        for number in numbers:
            if number != winner:
                reason = reasons.get((number, winner)) or reasons[number, None]
                findings.removed.append(describe.removal(candidates[number].record, reason, kept[winner].record))
    return kept


def _reasons(same: Sequence[Sameness]) -> dict[tuple[int, int | None], str]:
    """The surest reason why an image is the same picture as another one, and (with None) as any."""
    surest: dict[tuple[int, int | None], str] = {}
    for pair in sorted(same, key=lambda pair: REASONS.index(pair.reason)):
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            surest.setdefault((one, other), pair.reason)
            surest.setdefault((one, None), pair.reason)
    return surest


def _refinements(candidates: Sequence[Candidate], kept: Mapping[int, _Kept]) -> list[Refinement]:
    """How many kept images have a finer diagnosis than their own source gives them, and thanks to whom."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for number, item in kept.items():
        own, settled = candidates[number].own_diagnosis, item.verdict
        if own and settled.diagnosis and settled.by and is_finer(settled.diagnosis, than=own):
            counts[settled.by, own, settled.diagnosis] += 1
    return [Refinement(by, coarse, fine, images) for (by, coarse, fine), images in sorted(counts.items())]
