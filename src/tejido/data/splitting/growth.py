"""Growing a split: a manifest has more images than before, and what had a side keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tejido.data.splitting.splits import DEFAULT_FRACTIONS, SPLITS, table
from tejido.data.splitting.strata import strata


@dataclass(frozen=True)
class Growth:
    """A split of a manifest that has grown.

    Attributes:
        split: of all its images.
        joined: groups that came to stand in several splits; they are in train now.
        moved: how many images changed sides because of that.
        new: how many images were not in the old split.
        gone: how many images of the old split are no longer in the manifest.
    """

    split: pd.DataFrame
    joined: list[str]
    moved: int
    new: int
    gone: int


def grow(
    old: pd.DataFrame, manifest: pd.DataFrame, fractions: Mapping[str, float] = DEFAULT_FRACTIONS, *, seed: int = 0
) -> Growth:
    """Carry a split over to a manifest with more images: what has a side keeps it.

    New images of an old group go where it is. A group that new links joined out of several splits goes to train. New
    groups go to the split that is furthest below its share of their stratum, old images counted.

    Args:
        old: table ``image_id, split`` of the old manifest.
        manifest: the new one.
        fractions: share of each split.
        seed: order of the new groups.
    """
    before = manifest["image_id"].map(old.set_index("image_id")["split"]).astype("string")
    sides = before.groupby(manifest["group_id"]).agg(lambda names: sorted(set(names.dropna())))
    assigned = {str(group): names[0] for group, names in sides.items() if len(names) == 1}
    joined = sorted(str(group) for group, names in sides.items() if len(names) > 1)
    assigned |= dict.fromkeys(joined, "train")
    for _, members in strata(manifest, seed).groupby("stratum"):
        filled = dict.fromkeys(SPLITS, 0)
        for group, size in zip(members.index, members["size"], strict=True):
            if assigned.get(str(group)) in filled:
                filled[assigned[str(group)]] += size
        total = members["size"].sum()
        for group, size, synthetic in zip(members.index, members["size"], members["synthetic"], strict=True):
            if str(group) in assigned and not synthetic:
                continue
            short = max(SPLITS, key=lambda name: fractions[name] * total - filled[name])
            assigned[str(group)] = "train" if synthetic else short
            filled[assigned[str(group)]] += size
    names = manifest["group_id"].map(assigned)
    moved = int((before.notna() & (before != names)).sum())
    gone = int((~old["image_id"].isin(set(manifest["image_id"]))).sum())
    split = table(manifest, names, kind="grown", seed=seed, joined_groups=joined, moved_images=moved)
    return Growth(split, joined, moved, int(before.isna().sum()), gone)
