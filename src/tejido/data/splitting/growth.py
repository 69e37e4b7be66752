"""Growing a split: a manifest has more images than before, and what had a side keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tejido.data.splitting.splits import DEFAULT_FRACTIONS, SPLITS, UNUSED, check_fractions, table
from tejido.data.splitting.strata import strata


@dataclass(frozen=True)
class Growth:
    """A split of a manifest that has grown.

    Attributes:
        split: of all its images.
        joined: groups that came to stand in several splits; they are in train now.
        moved: how many images changed sides because of that, or because their group has a synthetic image now.
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

    New images of an old group go where it is. A group that new links joined out of several splits goes to train, and
    so does one with a synthetic image. New groups go to the split that is furthest below its share of their stratum,
    old images counted. Images that were left out stay out; a group of which all were stays out as a whole.

    Args:
        old: table ``image_id, split`` of the old manifest.
        manifest: the new one.
        fractions: share of each split.
        seed: order of the new groups.

    Raises:
        DataError: shares that are negative, do not sum to 1, or lack a split.
    """
    check_fractions(fractions)
    before = manifest["image_id"].map(old.set_index("image_id")["split"]).astype("string")
    old_sides = before.groupby(manifest["group_id"]).agg(lambda names: sorted(set(names.dropna())))
    sides = {str(group): [name for name in names if name != UNUSED] or names for group, names in old_sides.items()}
    joined = sorted(group for group, names in sides.items() if len(names) > 1)
    assigned = {group: names[0] for group, names in sides.items() if names} | dict.fromkeys(joined, "train")
    for _, members in strata(manifest, seed).groupby("stratum"):
        filled = dict.fromkeys(SPLITS, 0)
        total = members["size"].sum()
        for group, size, synthetic in zip(members.index, members["size"], members["synthetic"], strict=True):
            if synthetic and assigned.get(str(group)) != UNUSED:
                assigned[str(group)] = "train"
            if assigned.get(str(group)) in filled:
                filled[assigned[str(group)]] += size
        for group, size in zip(members.index, members["size"], strict=True):
            if str(group) not in assigned:
                short = max(SPLITS, key=lambda name: fractions[name] * total - filled[name])
                assigned[str(group)] = short
                filled[short] += size
    names = manifest["group_id"].map(assigned).mask((before == UNUSED).fillna(False), UNUSED)
    moved = int((before.notna() & (before != names)).sum())
    gone = int((~old["image_id"].isin(set(manifest["image_id"]))).sum())
    split = table(manifest, names, kind="grown", seed=seed, joined_groups=joined, moved_images=moved)
    return Growth(split, joined, moved, int(before.isna().sum()), gone)
