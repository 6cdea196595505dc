"""Speech by pocket-tts in the voice of a clip, one model a language."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
from huggingface_hub import constants
from numpy.typing import NDArray
from pocket_tts import TTSModel
from safetensors import SafetensorError

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import DataError, why

LANGUAGES = {"de": "german", "es": "spanish", "fr": "french", "it": "italian"}
_LARGE = "_24l"
_PROMPT = 30  # seconds of a voice prompt, as pocket-tts cuts files to
_OFFLINE = "MSERBENCH_OFFLINE"  # no network, what caches hold is used
# Speech that does not end is a fault; without this pocket-tts gives it out with a warning.
_MUST_END = "KPOCKET_TTS_ERROR_WITHOUT_EOS"


class PocketVoices:
    """Speaks texts in the voices of clips. `configs` is a folder of pocket-tts configs, which name
    local weights; empty for its own, which come from the model hub.
    """

    def __init__(self, configs: str, large: bool) -> None:
        os.environ.setdefault(_MUST_END, "1")
        # It tells each step of each clip, and its faults are told as errors.
        logging.getLogger("pocket_tts").setLevel(logging.CRITICAL)
        # It has no option for that, and the hub's library has read its own variable long ago.
        if os.environ.get(_OFFLINE, "0") not in ("", "0"):
            constants.HF_HUB_OFFLINE = True

        self._configs = configs
        self._suffix = _LARGE if large else ""
        self._models: dict[str, Any] = {}

    def speak(
        self, prompt: NDArray[np.float32], text: str, language: str, seed: int
    ) -> tuple[NDArray[np.float32], int]:
        """Return a text spoken in the voice of a clip at 16 kHz: float32 mono, and its rate in Hz.

        The same of the same input. Raises DataError where the model cannot be loaded, and
        RuntimeError or ValueError where it fails on the text or the clip.
        """
        model = self._model(language)
        rate = int(model.sample_rate)
        # It resamples files, but not tensors.
        voice = soxr.resample(prompt[: _PROMPT * SAMPLE_RATE], SAMPLE_RATE, rate)

        # Its threads draw noise from the generator of the process.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            state = model.get_state_for_audio_prompt(torch.from_numpy(voice)[None])
            speech = model.generate_audio(state, text)

        return np.ascontiguousarray(speech.detach().cpu().numpy(), dtype=np.float32), rate

    def _model(self, language: str) -> Any:
        if language not in self._models:
            self._models[language] = self._load(LANGUAGES[language] + self._suffix)

        return self._models[language]

    def _load(self, name: str) -> Any:
        """Load the model of a language. Raises DataError, also where it cannot clone voices."""
        try:
            if self._configs:
                model = TTSModel.load_model(config=str(Path(self._configs, f"{name}.yaml")))
            else:
                model = TTSModel.load_model(language=name)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise DataError(
                f"the model {name!r} of pocket-tts cannot be loaded ({why(error, 200)}): let it "
                "come from the hub where there is a network, or name a folder of its "
                "configs and weights by --option voices=FOLDER"
            ) from error

        # Given a tensor it would speak in no voice at all, without a word.
        if not model.has_voice_cloning:
            raise DataError(
                f"the model {name!r} of pocket-tts came without voice cloning: accept the terms "
                "at https://huggingface.co/kyutai/pocket-tts, log in with 'hf auth login', and "
                "run it again"
            )

        # Else it decodes as many frames at once as happen to wait, and samples differ by rounding.
        model.max_decoder_frames_per_call = 1
        return model
