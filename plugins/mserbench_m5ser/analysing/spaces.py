"""Three views of the same spectra: as they are, standardised by corpus, and by language too."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench_m5ser.analysing.points import Point

RAW = "as measured"
BY_CORPUS = "standardised by corpus"
BY_LANGUAGE = "standardised by corpus and language"
SPACES = {
    RAW: "dB, as they are",
    BY_CORPUS: "each band by mean and deviation of all clips of its source corpus, originals and "
    "generated ones together: the rooms of the corpora no longer count, languages still do",
    BY_LANGUAGE: "the same for each language of a corpus by itself: what a translator's voice "
    "adds to all clips alike no longer counts",
}


def views(spectra: NDArray[np.float64], points: Sequence[Point]) -> dict[str, NDArray[np.float64]]:
    """Return spectra, (n_points, n_bands), in each of `SPACES`."""
    by_corpus = [point.corpus for point in points]
    by_language = [(point.corpus, point.language) for point in points]
    return {
        RAW: spectra,
        BY_CORPUS: standardised(spectra, by_corpus),
        BY_LANGUAGE: standardised(spectra, by_language),
    }


def standardised(vectors: NDArray[np.float64], groups: Sequence[Hashable]) -> NDArray[np.float64]:
    """Return vectors, (n, dim), less the mean of their group, over its deviation; 0 where that
    is 0.
    """
    result = np.empty_like(vectors)
    rows: dict[Hashable, list[int]] = {}
    for number, group in enumerate(groups):
        rows.setdefault(group, []).append(number)

    for numbers in rows.values():
        part = vectors[numbers]
        apart, deviation = part - part.mean(axis=0), part.std(axis=0)
        # Below float32's own digits a deviation is rounding, as of one clip or equal ones.
        is_real = deviation > 1e-6 * np.maximum(1.0, np.abs(part).max(axis=0))
        result[numbers] = np.where(is_real, apart / np.where(is_real, deviation, 1.0), 0.0)

    return result


def on_a_plane(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places on the first two principal components, (n, 2), and their shares of variance.

    A component and its mirror image are equally right: the one is taken whose weights sum to a
    positive number, so that on equal vectors every machine draws the same picture.
    """
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    # Sums over several threads end in other bits each time.
    with threadpool_limits(1):
        fitted = PCA(2, svd_solver="covariance_eigh").fit(vectors)
        places = fitted.transform(vectors)

    signs = np.where(fitted.components_.sum(axis=1) < 0, -1.0, 1.0)
    return places * signs, np.asarray(fitted.explained_variance_ratio_, dtype=np.float64)
