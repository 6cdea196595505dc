"""The prosody of a source clip, put on speech that was made without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def carried_over(
    source: NDArray[np.float32], spoken: NDArray[np.float32], rate: int
) -> NDArray[np.float32]:
    """Return speech with pitch, energy, rate and pauses of its source, both at `rate` Hz.

    Where one of the two has none, as a whisper, the speech comes back as it was.
    """
    # Here, as it loads Praat.
    from mserbench_m5ser.prosody import transfer

    return transfer(source, spoken, rate)
