from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.tables import manifest


def test_links_join_and_nulls_do_not() -> None:
    table = manifest(
        [
            {"image_id": "d", "lesion_id": "1", "patient_id": "p"},
            {"image_id": "c", "lesion_id": "1"},
            {"image_id": "b", "patient_id": "p"},
            {"image_id": "a", "source": "other", "lesion_id": "1"},
            {"image_id": "e"},
            {"image_id": "f", "sha256": "same"},
            {"image_id": "g", "sha256": "same", "source": "other"},
        ]
    )
    groups = dict(zip(table["image_id"], table["group_id"], strict=True))
    assert groups == {"d": "b", "c": "b", "b": "b", "a": "a", "e": "e", "f": "f", "g": "f"}


links = st.lists(
    st.tuples(st.integers(0, 6) | st.none(), st.integers(0, 6) | st.none(), st.integers(0, 9)), min_size=1, max_size=25
)


@settings(deadline=None)
@given(links, st.randoms(use_true_random=False))
def test_groups_equal_a_walk_over_the_graph_in_any_row_order(
    triples: list[tuple[int | None, int | None, int]], shuffler: random.Random
) -> None:
    rows = [
        {
            "image_id": f"i{n:02}",
            "lesion_id": None if lesion is None else f"l{lesion}",
            "patient_id": None if patient is None else f"p{patient}",
            "sha256": f"h{content}",
        }
        for n, (lesion, patient, content) in enumerate(triples)
    ]
    expected = walk(rows)
    shuffler.shuffle(rows)
    table = manifest(rows)
    assert dict(zip(table["image_id"], table["group_id"], strict=True)) == expected


def walk(rows: list[dict[str, str | None]]) -> dict[str, str]:
    """Smallest id reachable from each row, by repeated relaxation."""
    group = {str(row["image_id"]): str(row["image_id"]) for row in rows}
    changed = True
    while changed:
        changed = False
        for one in rows:
            for other in rows:
                linked = any(one[k] is not None and one[k] == other[k] for k in ("lesion_id", "patient_id", "sha256"))
                a, b = str(one["image_id"]), str(other["image_id"])
                if linked and group[b] < group[a]:
                    group[a] = group[b]
                    changed = True
    return group
