"""Near-duplicates: recall by kind of change, merges of different lesions, and how the time grows.

    python benchmarks/near_duplicates.py SHARED

``SHARED`` holds ``data/ham10000`` and ``data/isic9``. Times are processor time of one thread and more, so that other
work on the machine does not count.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tejido.data.duplicates.fingerprint import fingerprint
from tejido.data.duplicates.hamming import HashIndex
from tejido.data.duplicates.phash import CROPS, ORIENTATIONS, SIDE, hashes, view_hashes
from tejido.data.duplicates.search import CROP_RADIUS, RADIUS, find
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic9 import ISIC9

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--only-scaling", action="store_true")
    arguments = parser.parse_args()
    ham = Ham10000().read(arguments.shared / "data" / "ham10000").records
    lesions = {record.image_id: str(record.lesion_id) for record in ham}
    paths = {record.image_id: record.path for record in ham if record.path is not None}
    thumbnails = np.stack([fingerprint(path).thumbnail for path in paths.values()])
    if arguments.only_scaling:
        scaling(thumbnails)
        return
    shared_pictures(arguments.shared, list(paths), thumbnails, lesions)
    recall_by_kind(paths, thumbnails, lesions, arguments.images)
    scaling(thumbnails)


def shared_pictures(shared: Path, ids: list[str], thumbnails: NDArray[np.uint8], lesions: dict[str, str]) -> None:
    """Find the pictures that isic9 has from HAM10000, without looking at ids."""
    copies = [record.path for record in ISIC9.read(shared / "data" / "isic9").records if record.path is not None]
    names = [match[0] if (match := re.search(r"ISIC_\d+", path.name)) else path.name for path in copies]
    both = np.concatenate([thumbnails, np.stack([fingerprint(path).thumbnail for path in copies])])
    every = [*ids, *names]
    place = {name: number for number, name in enumerate(ids)}
    truth = {(place[name], len(ids) + number) for number, name in enumerate(names) if name in place}
    found = find(both)
    copied = {(pair.first, pair.second) for pair in found if pair.kind in ("copy", "turned")}
    wrong = Counter(
        pair.kind
        for pair in found
        if {every[pair.first], every[pair.second]} <= set(lesions)
        and lesions[every[pair.first]] != lesions[every[pair.second]]
    )
    print(f"shared by isic9 and ham10000: {len(truth & copied):,} of {len(truth):,} pairs found")
    distinct = {every[first] for first, _ in truth}
    print(f"  distinct pictures found: {len({every[a] for a, _ in truth & copied}):,} of {len(distinct):,}")
    print(f"  pairs of different lesions: {sum(wrong.values())}; all pairs: {dict(Counter(p.kind for p in found))}")


def requalified(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(draw.integers(30, 90)))
    return Image.open(buffer).convert("RGB")


def resized(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    scale = draw.uniform(0.4, 2.5)
    size = max(32, round(image.width * scale)), max(32, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC)


def squashed(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    side = int(draw.integers(96, 256))
    return image.resize((side, side), Image.Resampling.BILINEAR)


def turned(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose(int(draw.choice([2, 3, 4]))))


def mirrored(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose(int(draw.choice([0, 1, 5, 6]))))


def tilted(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    return image.rotate(float(draw.uniform(5, 40)), Image.Resampling.BILINEAR)


def brightened(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    factor = float(draw.uniform(0.8, 1.0))
    return image.point(lambda value: value * factor)


def crop_of(least: float, most: float) -> Change:
    def cropped(image: Image.Image, draw: np.random.Generator) -> Image.Image:
        share = draw.uniform(least, most)
        left, top = draw.uniform(0, 1 - share, 2)
        box = left * image.width, top * image.height, (left + share) * image.width, (top + share) * image.height
        return image.crop(tuple(round(side) for side in box))

    return cropped


def squared(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    rest = (image.width - image.height) // 2
    return image.crop((rest, 0, rest + image.height, image.height))


KINDS: dict[str, Change] = {
    "JPEG quality 30-90": requalified,
    "resized x0.4-2.5": resized,
    "squashed to a square": squashed,
    "turned by 90, 180, 270": turned,
    "mirrored": mirrored,
    "darker by 0-20 %": brightened,
    "tilted by 5-40 degrees": tilted,
    "cropped to 90-97 %": crop_of(0.9, 0.97),
    "cropped to 80-90 %": crop_of(0.8, 0.9),
    "middle square": squared,
}


def recall_by_kind(paths: dict[str, Path], thumbnails: NDArray[np.uint8], lesions: dict[str, str], count: int) -> None:
    """Change pictures of distinct lesions and look for the originals among all of HAM10000."""
    draw = np.random.default_rng(0)
    first: dict[str, int] = {}
    for number, name in enumerate(paths):
        first.setdefault(lesions[name], number)
    chosen = draw.choice(sorted(first.values()), count, replace=False).tolist()
    ids = list(paths)
    for kind, change in KINDS.items():
        changed = []
        for number in chosen:
            image = change(Image.open(paths[ids[number]]).convert("RGB"), draw)
            changed.append(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)))
        found = find(np.concatenate([thumbnails, np.stack(changed)]))
        fresh = [pair for pair in found if pair.first < len(ids) <= pair.second]
        hits = {pair.second for pair in fresh if pair.first == chosen[pair.second - len(ids)]}
        lesion = [lesions[ids[number]] for number in chosen]
        wrong = sum(lesions[ids[pair.first]] != lesion[pair.second - len(ids)] for pair in fresh)
        print(f"{kind:<24} recall {len(hits) / count:.3f}, pairs with another lesion {wrong}")


def scaling(thumbnails: NDArray[np.uint8]) -> None:
    """Time for 6,000 and 60,000 pictures: blends of two turned real ones, about as much alike as real ones."""
    draw = np.random.default_rng(0)
    spent: dict[int, list[float]] = {}
    for count in (6_000, 60_000):
        pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
        for number in range(count):
            one, other = (
                ORIENTATIONS[draw.integers(8)].apply(thumbnails[draw.integers(len(thumbnails))]) for _ in range(2)
            )
            weight = draw.uniform(0.4, 0.6)
            pictures[number] = weight * one + (1 - weight) * other
        spent[count] = [
            min(search(pictures, every=False) for _ in range(3)),
            search(pictures, every=True),
            timed(find, pictures),
        ]
    for place, name in enumerate(("hashes as they lie", "hashes, all views", "with hashing and pixel check")):
        small, large = spent[6_000][place], spent[60_000][place]
        print(f"{name:<30} 6,000: {small:.2f} s, 60,000: {large:.2f} s, ratio {large / small:.1f}")


def search(pictures: NDArray[np.uint8], *, every: bool) -> float:
    """Seconds of the search alone, hashing left out."""
    index_of = hashes(pictures)
    views = (ORIENTATIONS + CROPS) if every else ORIENTATIONS[:1]
    queries = list(zip(views, view_hashes(pictures, views), strict=True))
    start = time.process_time()
    index = HashIndex(index_of)
    for view, hashed in queries:
        index.near(hashed, CROP_RADIUS if view.kind == "cropped" else RADIUS)
    return time.process_time() - start


def timed(run: Callable[..., object], *arguments: object) -> float:
    start = time.process_time()
    run(*arguments)
    return time.process_time() - start


if __name__ == "__main__":
    main()
