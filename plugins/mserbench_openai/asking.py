"""A question to a server: the body of a request, and a clip as the wav file that goes into it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mserbench.contracts import SAMPLE_RATE
from mserbench_openai.options import Options, address_of
from mserbench_openai.prompts import prompt_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORTEST = SAMPLE_RATE // 10  # samples: servers refuse what is too short, so silence is put behind
_TOP = 20  # likeliest tokens to list, the most that the protocol allows


def body_of(options: Options, labels: Sequence[str]) -> dict[str, Any]:
    """Return the body of a request without the audio.

    Raises UsageError for an address, a prompt or an option extra that is none.
    """
    logprobs = {"logprobs": True, "top_logprobs": _TOP}
    text = {"type": "text", "text": prompt_of(options.prompt).asking(labels)}
    body = {
        "model": address_of(options.server).model,
        "messages": [{"role": "user", "content": [text]}],
        "temperature": 0,
        "seed": options.seed,
        "max_tokens": options.max_tokens,
        **(logprobs if options.scores == "logprobs" else {}),
        **options.over_body,
    }
    return {name: value for name, value in body.items() if value is not None}


def with_audio(body: dict[str, Any], recording: bytes) -> dict[str, Any]:
    """Return the body with the audio before the text of its first message."""
    data = base64.b64encode(recording).decode("ascii")
    audio = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    first, *later = body["messages"]
    return {**body, "messages": [{**first, "content": [audio, *first["content"]]}, *later]}


def wav_of(waveform: NDArray[np.float32]) -> bytes:
    """Return samples (float32, shape (n,), 16 kHz, in [-1, 1]) as a wav file of 16 bits.

    What is shorter than 0.1 s gets silence behind it.
    """
    import numpy as np
    import soundfile

    padded = np.pad(waveform, (0, max(0, _SHORTEST - len(waveform))))
    file = io.BytesIO()
    soundfile.write(file, padded, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def canonical(parts: Any) -> str:
    """Return JSON that is the same for the same parts."""
    return json.dumps(parts, sort_keys=True)
