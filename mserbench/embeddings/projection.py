"""Vectors in two dimensions to look at (t-SNE), and how far groups lie apart in the original ones
(silhouette).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mserbench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Dimensions: more are first reduced to that many, as van der Maaten and Hinton (2008) did to 30.
PCA_ABOVE = 50
PERPLEXITY = 30.0  # neighbours that each point heeds, about; fewer where there are few points
FEWEST = 10  # clips below which there is nothing to see


@dataclass(frozen=True, eq=False)
class Projection:
    """`places`: float64, (n, 2), without unit; `reduced`: to how many dimensions PCA went first,
    None without PCA.

    `variance`: the share of it that is left after PCA.
    """

    places: NDArray[np.float64]
    perplexity: float
    reduced: int | None
    variance: float


@dataclass(frozen=True, slots=True)
class Separation:
    """How far groups lie apart: `silhouette` is in [-1, 1], None where there are not at least two
    groups.

    `clips` counts those whose group is known; the others are left out.
    """

    groups: int
    clips: int
    silhouette: float | None


def tsne(vectors: NDArray[np.float64], seed: int = 0) -> Projection:
    """Project vectors, (n, dim), by t-SNE (van der Maaten and Hinton, JMLR 9, 2008), seeded, on one
    thread.

    It starts from the first two principal components, which keeps more of the whole than a random
    start does (Kobak and Linderman, Nature Biotechnology 39, 2021), with a tenth of noise: what
    another seed changes is chance. On one machine equal vectors and seeds give equal places, to the
    last bit; on another they may look otherwise. Raises UsageError for fewer than `FEWEST` vectors,
    and where all are equal.
    """
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    n = len(vectors)
    if n < FEWEST:
        raise UsageError(
            f"t-SNE of {n} clip(s) shows nothing, {FEWEST} or more are needed: give more runs or "
            "tasks"
        )
    if not np.ptp(vectors, axis=0).any():
        raise UsageError(
            f"the vectors of all {n} clips are equal, so there is nothing to draw: look at the "
            "model"
        )

    perplexity, variance, reduced = min(PERPLEXITY, (n - 1) / 3), 1.0, None
    # Sums over several threads end in other bits each time, and t-SNE enlarges them.
    with threadpool_limits(1):
        if vectors.shape[1] > PCA_ABOVE:
            reduced = min(PCA_ABOVE, n)
            reduction = PCA(reduced, svd_solver="full").fit(vectors)
            vectors, variance = (
                reduction.transform(vectors),
                float(reduction.explained_variance_ratio_.sum()),
            )

        method = TSNE(
            perplexity=perplexity,
            init=_start(vectors, seed),
            learning_rate="auto",
            random_state=seed,
        )
        places = method.fit_transform(vectors)

    return Projection(places.astype(np.float64), perplexity, reduced, variance)


def _start(vectors: NDArray[np.float64], seed: int) -> NDArray[np.float32]:
    """Return the places to start from, (n, 2), as small as t-SNE wants them."""
    import numpy as np
    from sklearn.decomposition import PCA

    # Two components cannot be had of vectors of one dimension.
    wide = np.pad(vectors, ((0, 0), (0, max(0, 2 - vectors.shape[1]))))
    components = PCA(2, svd_solver="full").fit_transform(wide)
    noise = np.random.default_rng(seed).normal(0, 0.1, components.shape)

    return np.asarray(1e-4 * (components / components[:, 0].std() + noise), dtype=np.float32)


def separation(vectors: NDArray[np.float64], groups: Sequence[str | None]) -> Separation:
    """Return the mean silhouette of groups (Rousseeuw 1987) by cosine distance, in the space of
    `vectors`, (n, dim).

    Of a clip, with the mean distance a to its own group and b to the nearest other one, it is (b -
    a) / max(a, b): 1 where groups are far apart, 0 where they are mixed, below 0 where a clip is
    nearer to another group.
    """
    import numpy as np
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    labelled = [i for i, group in enumerate(groups) if group is not None]
    numbers = {
        group: number for number, group in enumerate(sorted({str(groups[i]) for i in labelled}))
    }
    if not 2 <= len(numbers) < len(labelled):
        return Separation(len(numbers), len(labelled), None)

    coded = np.array([numbers[str(groups[i])] for i in labelled])
    with threadpool_limits(1):
        value = silhouette_score(vectors[labelled], coded, metric="cosine")

    return Separation(len(numbers), len(labelled), float(value))


def separation_within(
    vectors: NDArray[np.float64], groups: Sequence[str | None], within: Sequence[str | None]
) -> Separation:
    """Return the silhouette of groups inside each part of the clips, its mean over parts weighted
    by their clips.

    Emotions within languages: what lies between the languages does not count. A part with one group
    is left out.
    """
    parts = []
    for part in sorted({group_within for group_within in within if group_within is not None}):
        rows = [i for i, group_within in enumerate(within) if group_within == part]
        parts.append(separation(vectors[rows], [groups[i] for i in rows]))

    defined = [part for part in parts if part.silhouette is not None]
    n = sum(part.clips for part in defined)
    total = sum(part.clips * part.silhouette for part in defined if part.silhouette is not None)

    return Separation(max((part.groups for part in parts), default=0), n, total / n if n else None)
