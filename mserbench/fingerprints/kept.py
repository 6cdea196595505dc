"""The fingerprints of training clips that lie beside weights: written once, read by the verdict.

Two arrays of NumPy's own format (.npy, version 1) follow one another: the number of words of each
clip (uint16), and the words of all (uint32), 4 bytes each. A clip takes 2 to 1,538 bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why
from mserbench.fingerprints.words import LENGTH
from mserbench.results.manifest import FINGERPRINTS, Manifest

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write(folder: Path, parts: Sequence[NDArray[np.uint32]]) -> None:
    """Write the fingerprints of clips, shape (n_clips, LENGTH) each, into a folder of weights.

    Their order is that of the clips of the manifest's `all_sources`.
    """
    words = np.concatenate([np.zeros((0, LENGTH), np.uint32), *parts])
    # Up to the last word: what follows is padding.
    lengths = np.max(np.where(words != 0, np.arange(1, LENGTH + 1), 0), axis=1, initial=0)
    flat = words[np.arange(LENGTH)[None, :] < lengths[:, None]]

    out = io.BytesIO()
    np.save(out, lengths.astype("<u2"), allow_pickle=False)
    np.save(out, flat.astype("<u4"), allow_pickle=False)
    write_atomic(folder / FINGERPRINTS, out.getvalue())


def read(folder: Path, manifest: Manifest) -> NDArray[np.uint32]:
    """Return the fingerprints of all clips of a manifest, in the order of `all_sources`: uint32,
    shape (n_clips, LENGTH), without a word where the weights have none.

    Raises DataError where the file does not fit the manifest.
    """
    n_clips = sum(len(source.clips) for source in manifest.all_sources)
    full = np.zeros((n_clips, LENGTH), dtype=np.uint32)
    if manifest.fingerprints is None:
        return full

    path = folder / FINGERPRINTS
    try:
        with open(path, "rb") as file:
            lengths = np.load(file, allow_pickle=False)
            words = np.load(file, allow_pickle=False)

        if lengths.shape != (n_clips,) or lengths.dtype != np.uint16 or words.dtype != np.uint32:
            raise ValueError(f"it is not that of {n_clips} clips")
        if lengths.max(initial=0) > LENGTH or words.shape != (int(lengths.sum()),):
            raise ValueError("its words are not as many as it says")
        if words.max(initial=0) > 2**24:
            raise ValueError("it holds words that are none")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"fingerprints {str(path)!r} are damaged ({why(error)}): train again, or restore them"
        ) from error

    full[np.arange(LENGTH)[None, :] < lengths[:, None]] = words
    return full
