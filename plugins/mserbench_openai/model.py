"""The model `openai`: clips as wav to a server, its answers as text or as scores."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.errors import ModelError, UsageError
from mserbench.model import Model
from mserbench_openai.kept import Kept
from mserbench_openai.options import Options, address_of
from mserbench_openai.pacing import Budget
from mserbench_openai.prompts import prompt_of
from mserbench_openai.replies import Reply, reply_of, scores_of
from mserbench_openai.secret import Secret
from mserbench_openai.server import Server

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VERSION = "1"
_SHORTEST = SAMPLE_RATE // 10  # samples: servers refuse what is too short, so silence is put behind
_TOP = 20  # likeliest tokens to list, the most that the protocol allows
_EMPTY_TRIES = 3  # times that an answer without any choice is asked for
# Of what a server lists of a model, these change from one asking to the next.
_FLEETING = ("created", "permission")


class OpenAI(Model):
    """A speech LLM behind a server: each clip is one request, and each answer is kept on disk.

    What the server lists of the model is part of the version, and so of a run's key.
    """

    Options: ClassVar[type[Any]] = Options
    address: ClassVar[str] = "server"

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, device)
        self._address = address_of(self.options.server)
        self._prompt = prompt_of(self.options.prompt)
        self._over_body = self.options.over_body
        self._server = Server(
            self._address.url,
            Secret(self.options.key_from),
            Budget(self.options.max_requests),
            self.options.timeout,
            self.options.tries,
        )

        listed = self._server.models()
        self._require_model([str(entry.get("id", "")) for entry in listed])
        entries = [entry for entry in listed if entry.get("id") == self._address.model]
        # Size, root and owner of the model, as far as the server tells.
        self._identity = {
            **self._server.headers,
            **{name: value for name, value in (entries or [{}])[0].items() if name not in _FLEETING},
            **({"revision": self.options.revision} if self.options.revision else {}),
        }
        # Of the instance, as each asks another server.
        vars(self).update(version=f"{_VERSION}+{_digest(self._identity)[:12]}")

    @property
    def card(self) -> ModelCard:
        """What can be said of a model that others serve: it may have heard anything."""
        title = f"{self._address.model} at {self._address.url}"
        return ModelCard(
            "openai", title, self.version, "unknown", "", exposure=(), exposure_complete=False
        )

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Return a text answer a clip; with scores=logprobs, log-probabilities (n_clips, n_labels).

        Raises ModelError, in one sentence, where the server fails for good; what it answered is
        kept.
        """
        body = self._body(labels)
        kept = Kept(self._question(body))
        recordings = [wav_of(clip.waveform) for clip in clips]
        names = [hashlib.sha256(recording).hexdigest() for recording in recordings]

        replies = kept.get(names)
        # Equal recordings once.
        missing = {
            name: recording
            for name, recording in zip(names, recordings, strict=True)
            if name not in replies
        }
        replies |= self._ask_all(missing, body, kept)
        answers = [replies[name] for name in names]
        if self.options.scores == "text":
            return [reply.answer for reply in answers]

        import numpy as np

        rows = [scores_of(reply, labels) for reply in answers]
        return np.array(rows, dtype=np.float64).reshape(len(clips), len(labels))

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return the prompt with its hash, and who answered: names and fingerprints of the server.

        They are read from the answers on disk, so that a run that was cut off tells of all.
        """
        replies = Kept(self._question(self._body(labels))).all()
        return {
            "prompt": self._prompt.asking(labels),
            "prompt_sha256": self._prompt.sha256,
            "server_model": self._identity,
            "answered_as": sorted({reply.model for reply in replies}),
            "system_fingerprints": sorted({reply.fingerprint for reply in replies} - {""}),
        }

    def _ask_all(self, recordings: Mapping[str, bytes], body: Any, kept: Kept) -> dict[str, Reply]:
        """Ask for the answers to recordings, several at once; each is kept as it comes."""
        ask = partial(self._ask, body=body, kept=kept)
        self._server.pacing.go_on()
        pool = ThreadPoolExecutor(self.options.concurrency, thread_name_prefix="openai")
        try:
            asked = {name: pool.submit(ask, name, data) for name, data in recordings.items()}
            done, _ = wait(asked.values(), return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()  # raises what went wrong
        except BaseException:
            self._server.pacing.stop()
            raise
        finally:
            # After an error those on their way still end, and what they bring is kept.
            pool.shutdown(wait=True, cancel_futures=True)

        return {name: future.result() for name, future in asked.items()}

    def _ask(self, name: str, recording: bytes, body: dict[str, Any], kept: Kept) -> Reply:
        reply = None
        for _ in range(_EMPTY_TRIES):
            reply = reply_of(self._server.complete(_with_audio(body, recording)))
            if reply is not None:
                break

        # Some servers drop the choice where their filter refuses: no other answer will come.
        reply = reply or Reply("", self._address.model, finish="no choice")
        self._check_who_answers(reply)
        if self.options.scores == "logprobs":
            scores_of(reply, ["sad"])  # before it is kept: raises where no tokens are listed

        kept.add(name, reply)
        return reply

    def _check_who_answers(self, reply: Reply) -> None:
        """Raise ModelError where another model answers than the one that was asked for."""
        asked = self.options.served_as or self._address.model
        dated = reply.model.startswith(f"{asked}-")
        if reply.model and reply.model != asked and not dated:
            raise ModelError(
                f"server {self._address.url!r} answers as model {reply.model[:100]!r}, but "
                f"{asked!r} was asked: name that model, or take --option "
                f"served_as={reply.model[:100]!r} where it is the same"
            )

    def _body(self, labels: Sequence[str]) -> dict[str, Any]:
        """Return the body of a request without the audio."""
        logprobs = {"logprobs": True, "top_logprobs": _TOP}
        body = {
            "model": self._address.model,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": self._prompt.asking(labels)}],
                }
            ],
            "temperature": 0,
            "seed": self.options.seed,
            "max_tokens": self.options.max_tokens,
            **(logprobs if self.options.scores == "logprobs" else {}),
            **self._over_body,
        }
        return {name: value for name, value in body.items() if value is not None}

    def _question(self, body: Mapping[str, Any]) -> str:
        """Return the digest of all that decides an answer beside the audio."""
        return _digest({"url": self._address.url, "listed": self._identity, "body": dict(body)})

    def _require_model(self, names: Sequence[str]) -> None:
        if not self._address.model:
            listing = f"; it lists {', '.join(names[:20])}" if names else ""
            raise UsageError(
                f"the address {self._address.url!r} names no model{listing}: put #MODEL behind it"
            )


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


def _with_audio(body: dict[str, Any], recording: bytes) -> dict[str, Any]:
    """Return the body with the audio before the text of its first message."""
    data = base64.b64encode(recording).decode("ascii")
    audio = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    first, *others = body["messages"]
    return {**body, "messages": [{**first, "content": [audio, *first["content"]]}, *others]}


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
