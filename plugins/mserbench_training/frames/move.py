"""What moves the numbers of clips from where their corpus lies to where a network was trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Move:
    """Each number times `factor`, and `added` to it: float32, (n_layers, n_views, dim) each.

    One view fits frames of any number; several are of vectors that stand for a clip.
    """

    factor: NDArray[np.float32]
    added: NDArray[np.float32]

    def apply(self, numbers: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the moved numbers of a clip: float32, (n_layers, n_frames or n_views, dim)."""
        return numbers.astype(np.float32) * self.factor + self.added
