"""Log-mel frames as an encoder without weights, which has heard nothing before; gain is removed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio.transforms import MelSpectrogram

from mserbench.contracts import SAMPLE_RATE
from mserbench_training.encoders.base import check_layers

CODE = "1"  # raise it whenever frames change
WINDOW = SAMPLE_RATE * 25 // 1000  # samples
HOP = SAMPLE_RATE * 10 // 1000  # samples
_FFT = 512  # samples
_RANGE = 8.0  # decades below the loudest number of a clip; what is softer is cut, as whisper does
_TINY = 1e-12  # power; makes silence finite


class LogMelEncoder:
    """One layer of `bands` log-mel powers, a frame each 10 ms: decades below the clip's loudest.

    A gain changes nothing: values lie in [-8, 0], and those of silence are 0.
    """

    def __init__(self, bands: int = 80) -> None:
        self.name = f"logmel-{bands}"
        # torch's version in place of a hash of weights: the transform is torchaudio's.
        self.version = f"{CODE}+{torch.__version__.partition('+')[0]}"
        self.dim = bands
        self.layers = 1
        self.frame_seconds = HOP / SAMPLE_RATE
        self._mel = MelSpectrogram(
            SAMPLE_RATE, _FFT, WINDOW, HOP, n_mels=bands, norm="slaney", mel_scale="slaney"
        )

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32, (1, n_frames, bands), for each waveform.

        `waveforms`: float32, (n_samples,), 16 kHz. n_frames is n_samples / 160 + 1. Clips shorter
        than a window are padded with zeros at their end. UsageError for another layer than 0.
        """
        check_layers(self.name, layers, self.layers)
        return [
            np.repeat(self._frames(waveform)[None], len(layers), axis=0) for waveform in waveforms
        ]

    @torch.no_grad()
    def _frames(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        samples = torch.from_numpy(np.pad(waveform, (0, max(0, _FFT - len(waveform)))))
        power = self._mel(samples).T
        decades = power.clamp(min=_TINY).log10()
        below_loudest: NDArray[np.float32] = (decades - decades.max()).clamp(min=-_RANGE).numpy()

        return below_loudest
