"""`egemaps`: the 88 functionals of eGeMAPSv02 from openSMILE, and the linear classifier."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import MissingExtra
from mserbench.features import FeatureSet
from mserbench_baselines.feature_model import LinearModel

if TYPE_CHECKING:
    import opensmile

SHORTEST = 960  # samples, 60 ms: the longest frame of the feature set; below it openSMILE gives NaN
# openSMILE takes 16 bit, and its Python package lets +1.0 wrap round to -1.0.
_LOUDEST = 32767 / 32768

_NAMES = Path(__file__).with_name("egemaps_names.txt")

DIM = 88


class EGeMAPS(LinearModel):
    """openSMILE functionals and the linear classifier; needs the extra `egemaps`."""

    name: ClassVar[str] = "egemaps"
    title: ClassVar[str] = "eGeMAPSv02 functionals, linear"
    licence: ClassVar[str] = "MIT; openSMILE: free for research, not for products"
    citation: ClassVar[str] = (
        "Eyben et al., The Geneva Minimalistic Acoustic Parameter Set, IEEE Trans. "
        "Affective Computing, 2016"
    )

    def features(self) -> FeatureSet:
        """Return eGeMAPSv02 of the installed openSMILE. Raises MissingExtra where there is none."""
        try:
            version = metadata.version("opensmile")
        except metadata.PackageNotFoundError as error:
            raise MissingExtra("model 'egemaps'", "opensmile", "egemaps") from error

        return FeatureSet("egemaps", f"1+opensmile-{version}", DIM, functionals)

    def feature_names(self) -> tuple[str, ...]:
        """Return openSMILE's names of the functionals."""
        # From a file: to import openSMILE for them takes half a second.
        return tuple(_NAMES.read_text(encoding="utf-8").split())


def functionals(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the 88 functionals of one clip, those of `opensmile.Smile.process_signal`.

    float32, (88,).
    `waveform`: float32, (n_samples,), 16 kHz, in [-1, 1]. A clip below 60 ms is padded with zeros
    at its end; a functional that openSMILE leaves undefined is 0, as its own unvoiced and silent
    values are.
    """
    padded = np.pad(np.minimum(waveform, _LOUDEST), (0, max(0, SHORTEST - len(waveform))))
    # The call that skips the data frame of process_signal, in a tenth of the time. It releases the
    # interpreter's lock, so that threads compute clips side by side.
    values: NDArray[np.float32] = _smile()(padded, SAMPLE_RATE)[0, :, 0]
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


@cache
def _smile() -> opensmile.Smile:
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
