"""Strata: groups that a split shares out evenly, because they have one diagnosis and one confirmation."""

from __future__ import annotations

import hashlib

import pandas as pd

STRATA = ("diagnosis", "confirmation")
"""The columns whose values together make a stratum."""


def strata(manifest: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The groups of a manifest with what a stratified split needs to know of them.

    A group with several diagnoses counts to the rarest of them.

    Args:
        manifest: rows with ``group_id``, ``synthetic`` and the columns of ``STRATA``.
        seed: with the groups' ids it decides their order.

    Returns:
        Table by group: ``stratum, size, synthetic``, sorted by stratum and then in the order of the seed.
    """
    stratum = manifest[list(STRATA)].astype("string").fillna("").agg("/".join, axis=1)
    table = pd.DataFrame(
        {
            "group": manifest["group_id"],
            "stratum": stratum,
            "rarity": stratum.map(stratum.value_counts()),
            "synthetic": manifest["synthetic"].fillna(False),
        }
    )
    groups = (
        table.sort_values(["rarity", "stratum"], kind="stable")
        .groupby("group")
        .agg(stratum=("stratum", "first"), size=("stratum", "size"), synthetic=("synthetic", "any"))
    )
    groups["order"] = [hashlib.sha256(f"{seed}/{group}".encode()).hexdigest() for group in groups.index]
    return groups.sort_values(["stratum", "order"]).drop(columns="order")
