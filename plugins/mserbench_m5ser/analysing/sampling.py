"""Which clips of a large set are looked at: a fixed share of each language, emotion and corpus."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from mserbench_m5ser.analysing.points import Point, Stratum


def quotas(clips: Counter[Stratum], limit: int) -> dict[Stratum, int]:
    """Return how many clips of each stratum are looked at, about `limit` together.

    Each gives its share, rounded down, and at least one clip: of very many small strata a few more
    than `limit` may come together.
    """
    total = sum(clips.values())
    if total <= limit:
        return dict(clips)

    # A rare emotion must not vanish from a picture because it is rare.
    return {stratum: max(1, limit * count // total) for stratum, count in clips.items()}


def chosen(points: Iterable[Point], places: Mapping[Stratum, int]) -> list[Point]:
    """Return so many points of each stratum, in the order in which they came; keeps no others.

    They are those whose source has the lowest hash. So a source clip and its translations are
    mostly chosen together, and the same ones on every machine.
    """
    heaps: dict[Stratum, list[tuple[int, int, Point]]] = defaultdict(list)
    for number, point in enumerate(points):
        heap, places_here = heaps[point.stratum], places.get(point.stratum, 0)
        # The number is different for each, so that two points are never compared.
        entry = (-_rank(point.source), -number, point)
        if len(heap) < places_here:
            heapq.heappush(heap, entry)
        elif places_here:
            heapq.heappushpop(heap, entry)

    entries = sorted(
        (-number, point.id, point) for heap in heaps.values() for _, number, point in heap
    )
    return [point for _, _, point in entries]


def _rank(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
