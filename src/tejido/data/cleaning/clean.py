"""From what the sources say to one clean manifest: merged, without duplicates, with every removal explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tejido.data import manifest
from tejido.data.cleaning.claims import Claim, Verdict, claims_on, settle
from tejido.data.cleaning.findings import Contradiction, Findings, Member, Pair, Removal
from tejido.data.cleaning.keep import best, completed
from tejido.data.cleaning.published_splits import crossing_copies, crossing_lesions
from tejido.data.cleaning.select import of_task
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.duplicates.same import REASONS, Sameness, same_pictures
from tejido.data.duplicates.search import NearDuplicate, find
from tejido.data.releases import archive_id
from tejido.data.splitting.groups import group_ids
from tejido.errors import DataError
from tejido.sources.facts import FactTable
from tejido.sources.record import ImageRecord
from tejido.taxonomy import Task


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

    Of images of one picture (the same id, bytes or pixels, or a near-duplicate) one is kept. Where they, or tables,
    contradict each other, the weightiest claim decides (see ``cleaning.claims``); where there is none, all are removed.
    Similar and cropped pictures and known duplicates stay, in one group.

    Args:
        records: images after the tables were joined.
        original: the same images in the same order, as their sources have them.
        folder: where the manifest will lie.
        tables: by name, the tables that were joined; what they say of the diagnosis is weighed here.
        links: pairs of image ids that a publisher lists as duplicates.
        excluded: gives the rule by which an image is left out, or None.
        task: keep only images that have a label in it.
        keep_duplicates: remove only repeated ids; other images of one picture stay, in one group.
        cache: where fingerprints are remembered between builds.
        progress: called once an image, then ``search.steps()`` times (``data.duplicates``).

    Raises:
        DataError: nothing is left.
    """
    findings = Findings(files=len(records))
    chosen = []
    for number, record in enumerate(records):
        rule = excluded(record)
        if rule is None:
            chosen.append(number)
        else:
            findings.removed.append(_removal(record, "excluded", detail=rule))
    readable, prints, unreadable = manifest.measure([records[number] for number in chosen], cache, progress=progress)
    lost = {(item.image_id, item.path): item.reason for item in unreadable}
    for number in chosen:
        record = records[number]
        reason = None if record.path is None else lost.get((record.image_id, record.path))
        if reason is not None:
            findings.removed.append(_removal(record, "unreadable", detail=reason))
    if not readable:
        raise DataError("no image could be read")
    sources = {id(records[number]): original[number] for number in chosen}
    claims = [claims_on(sources[id(record)], tables or {}) for record in readable]

    near = _near_duplicates(prints, progress)
    same = same_pictures(readable, prints, near)
    superfluous = [pair for pair in same if not keep_duplicates or pair.reason == "same_id"]
    clusters = _components(len(readable), ((pair.first, pair.second) for pair in superfluous))
    _describe(findings, readable, prints, near, claims)
    kept = _keep_one(readable, prints, claims, clusters, same, findings)
    if task is not None:
        for number, record in list(kept.items()):
            if not of_task([record], task):
                findings.removed.append(_removal(record, "not_in_task", detail=task.name))
                del kept[number]
    if not kept:
        raise DataError("no image is left")
    numbers = sorted(kept, key=lambda number: kept[number].image_id)
    table = manifest.rows([kept[n] for n in numbers], [prints[n] for n in numbers], folder)
    groups = _groups(readable, prints, same, near, links, findings)
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


def _describe(
    findings: Findings,
    records: Sequence[ImageRecord],
    prints: Sequence[Fingerprint | None],
    near: Sequence[NearDuplicate],
    claims: Sequence[Sequence[Claim]],
) -> None:
    """Note what was found before anything was removed."""
    copies: dict[str, list[int]] = defaultdict(list)
    for number, seen in enumerate(prints):
        if seen is not None:
            copies[seen.sha256].append(number)
    groups = [group for group in copies.values() if len(group) > 1]
    findings.byte_identical = [[_member(records[n], claims[n]) for n in group] for group in groups]
    findings.byte_identical_contradicted = sum(
        settle([claim for n in group for claim in claims[n] if claim.by == records[n].source]).contradicted
        for group in groups
    )
    findings.pairs = [
        Pair(
            _member(records[pair.first], claims[pair.first]),
            _member(records[pair.second], claims[pair.second]),
            pair.kind,
            round(pair.difference, 2),
            round(pair.correlation, 4),
        )
        for pair in near
    ]
    findings.crossing_groups = crossing_copies(records, groups)
    findings.crossing_lesions = crossing_lesions(records)


def _keep_one(
    records: Sequence[ImageRecord],
    prints: Sequence[Fingerprint | None],
    claims: Sequence[Sequence[Claim]],
    clusters: np.ndarray,
    same: Sequence[Sameness],
    findings: Findings,
) -> dict[int, ImageRecord]:
    """The record kept of every picture, by position; removals and contradictions are noted."""
    reasons: dict[tuple[int, int], str] = {}
    for pair in same:
        for key in ((pair.first, pair.second), (pair.second, pair.first)):
            if key not in reasons or REASONS.index(pair.reason) < REASONS.index(reasons[key]):
                reasons[key] = pair.reason
    surest: dict[int, str] = {}
    for (number, _), reason in reasons.items():
        if number not in surest or REASONS.index(reason) < REASONS.index(surest[number]):
            surest[number] = reason
    members: dict[int, list[int]] = defaultdict(list)
    for number, cluster in enumerate(clusters.tolist()):
        members[cluster].append(number)
    kept = {}
    for group in members.values():
        verdict = settle([claim for number in group for claim in claims[number]])
        winner = group[best([records[n] for n in group], [prints[n] for n in group])]
        if verdict.contradicted:
            findings.contradictions.append(_contradiction(records, claims, group, winner, verdict))
        if verdict.is_open:
            for number in group:
                detail = "; ".join(f"{claim.by}: {claim.diagnosis}" for n in group for claim in claims[n])
                findings.removed.append(_removal(records[number], "contradicted", detail=detail))
            continue
        full = completed(records[winner], [records[n] for n in group if n != winner])
        kept[winner] = replace(full, diagnosis=verdict.diagnosis)
        for number in group:
            if number != winner:
                reason = reasons.get((number, winner), surest.get(number, "near_duplicate"))
                findings.removed.append(_removal(records[number], reason, kept[winner]))
    return kept


def _groups(
    records: Sequence[ImageRecord],
    prints: Sequence[Fingerprint | None],
    same: Sequence[Sameness],
    near: Sequence[NearDuplicate],
    links: Iterable[tuple[str, str]],
    findings: Findings,
) -> np.ndarray:
    """A number for the leak group of every image, removed ones included: they too tie others together."""
    table = pd.DataFrame(
        {
            "image_id": [str(number) for number in range(len(records))],
            "source": [record.source for record in records],
            "sha256": [None if seen is None else seen.sha256 for seen in prints],
            "patient_id": [record.patient_id for record in records],
            "lesion_id": [record.lesion_id for record in records],
            "slide_id": [record.slide_id for record in records],
        },
        dtype="string",
    )
    places: dict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        for name in {record.image_id, archive_id(record.image_id) or record.image_id}:
            places[name].append(number)
    pairs = [(pair.first, pair.second) for pair in same] + [(pair.first, pair.second) for pair in near]
    # An ISIC id is the same lesion in every copy, whatever was done to the picture.
    pairs += [(first, other) for first, *others in places.values() for other in others]
    for one, two in links:
        if one in places and two in places:
            findings.linked_pairs += 1
            pairs.append((places[one][0], places[two][0]))
    groups = group_ids(table, [(str(a), str(b)) for a, b in pairs])
    return pd.factorize(groups)[0]


def _components(count: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    edges = np.array(list(pairs), int).reshape(-1, 2).T
    graph = coo_array((np.ones(edges.shape[1], bool), (edges[0], edges[1])), shape=(count, count))
    component: np.ndarray = connected_components(graph, directed=False)[1]
    return component


def _contradiction(
    records: Sequence[ImageRecord],
    claims: Sequence[Sequence[Claim]],
    group: Sequence[int],
    winner: int,
    verdict: Verdict,
) -> Contradiction:
    return Contradiction(
        [_member(records[n], claims[n]) for n in group],
        verdict.diagnosis,
        verdict.by,
        None if verdict.is_open else records[winner].image_id,
    )


def _member(record: ImageRecord, claims: Sequence[Claim]) -> Member:
    own = next((claim.diagnosis for claim in claims if claim.by == record.source), None)
    others = {claim.by: claim.diagnosis for claim in claims if claim.by != record.source}
    return Member(record.image_id, _text(record.path), record.source, own, others, record.official_split)


def _removal(record: ImageRecord, reason: str, kept: ImageRecord | None = None, detail: str | None = None) -> Removal:
    return Removal(
        record.image_id,
        _text(record.path),
        record.source,
        record.diagnosis,
        reason,
        None if kept is None else kept.image_id,
        None if kept is None else _text(kept.path),
        None if kept is None else kept.diagnosis,
        detail,
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
