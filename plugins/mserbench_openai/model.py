"""The model `openai`: clips as wav to a server, its answers as text or as scores."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.errors import ModelError, UsageError
from mserbench.model import Described, Model
from mserbench.results.own_cards import unknown_card
from mserbench.results.public import registry
from mserbench_openai.kept import Kept
from mserbench_openai.options import Address, Options, address_of
from mserbench_openai.pacing import Budget, Stopped
from mserbench_openai.prompts import prompt_of
from mserbench_openai.replies import Reply, reply_of, scores_of
from mserbench_openai.secret import Secret
from mserbench_openai.server import Server

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORTEST = SAMPLE_RATE // 10  # samples: servers refuse what is too short, so silence is put behind
_TOP = 20  # likeliest tokens to list, the most that the protocol allows
_EMPTY_TRIES = 3  # times that an answer without any choice is asked for
# Of what a server lists of a model, these change from one asking to the next.
_FLEETING = ("created", "permission")


class OpenAI(Model):
    """A speech LLM behind a server: each clip is one request, and each answer is kept on disk.

    What the server lists of the model is part of a run's key.
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
        self._server = _server_of(self.options)
        self._identity = _listed(self._server, self._address)

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return what can be said of a model that others serve: it may have heard anything, that
        of its name in the registry at least.
        """
        address = address_of(options.server)
        entries = registry()
        match = entries.find(name=address.model)
        public = entries.card(match, "openai") if match else unknown_card("openai")
        title = f"{address.model} at {address.url}"
        return Described(replace(public, title=title, version=cls.version), cls.version)

    @classmethod
    def contents(cls, options: Any) -> Mapping[str, str]:
        """Return what the server lists of the model, which it is asked for; with its address.

        Raises ModelError where it cannot be reached or refuses, UsageError where no model is named.
        """
        address = address_of(options.server)
        return {"server": _canonical([address.url, _listed(_server_of(options), address)])}

    @property
    def card(self) -> ModelCard:
        """The card that `describe` gives."""
        return self.describe(self.options, self.weights).card

    def predict(
        self, clips: Sequence[Clip], labels: Sequence[str]
    ) -> NDArray[np.float64] | list[str]:
        """Return a text answer a clip; with scores=logprobs, log-probabilities (n_clips, n_labels).

        Raises ModelError, in one sentence, where the server fails for good; what it answered is
        kept.
        """
        body = self._body(labels)
        store = Kept(self._question(body))
        recordings = [wav_of(clip.waveform) for clip in clips]
        names = [hashlib.sha256(recording).hexdigest() for recording in recordings]

        replies = store.get(names)
        # Equal recordings once.
        missing = {
            name: recording
            for name, recording in zip(names, recordings, strict=True)
            if name not in replies
        }
        replies |= self._ask_all(missing, body, store)
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

    def _ask_all(self, recordings: Mapping[str, bytes], body: Any, store: Kept) -> dict[str, Reply]:
        """Ask for the answers to recordings, several at once; each is kept as it comes."""
        ask = partial(self._ask, body=body, store=store)
        self._server.pacing.go_on()
        pool = ThreadPoolExecutor(self.options.concurrency, thread_name_prefix="openai")
        futures: dict[str, Future[Reply]] = {}
        try:
            futures = {name: pool.submit(ask, name, data) for name, data in recordings.items()}
            wait(futures.values(), return_when=FIRST_EXCEPTION)
        finally:
            # After an error, or Ctrl-C, no request is sent any more; those on their way still end,
            # and what they bring is kept.
            if not all(future.done() for future in futures.values()):
                self._server.pacing.stop()

            pool.shutdown(wait=True, cancel_futures=True)

        faults = [future.exception() for future in futures.values() if not future.cancelled()]
        for fault in faults:
            if fault is not None and not isinstance(fault, Stopped):
                raise fault

        return {name: future.result() for name, future in futures.items()}

    def _ask(self, name: str, recording: bytes, body: dict[str, Any], store: Kept) -> Reply:
        """Ask for one answer and keep it; where that fails, no other thread asks any more."""
        try:
            reply = self._answer(recording, body)
        except BaseException:
            self._server.pacing.stop()
            raise

        store.add(name, reply)
        return reply

    def _answer(self, recording: bytes, body: dict[str, Any]) -> Reply:
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

        return reply

    def _check_who_answers(self, reply: Reply) -> None:
        """Raise ModelError where another model answers than the one that was asked for."""
        expected = self.options.served_as or self._address.model
        dated = reply.model.startswith(f"{expected}-")
        if reply.model and reply.model != expected and not dated:
            raise ModelError(
                f"server {self._address.url!r} answers as model {reply.model[:100]!r}, but "
                f"{expected!r} was asked: name that model, or take --option "
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
        parts = [self._address.url, self._identity, self.options.revision, body]
        return hashlib.sha256(_canonical(parts).encode()).hexdigest()


def _server_of(options: Options) -> Server:
    return Server(
        address_of(options.server).url,
        Secret(options.key_from),
        Budget(options.max_requests),
        options.timeout,
        options.tries,
    )


def _listed(server: Server, address: Address) -> dict[str, Any]:
    """Ask a server what it says of itself and of a model: size, root, owner, as far as it tells.

    Raises UsageError where no model is named, ModelError where the server does not answer.
    """
    listed = server.models()
    if not address.model:
        names = ", ".join(str(entry.get("id")) for entry in listed[:20])
        raise UsageError(
            f"the address {address.url!r} names no model{f'; it lists {names}' if names else ''}: "
            "put #MODEL behind it"
        )

    entry = next((entry for entry in listed if entry.get("id") == address.model), {})
    lasting = {name: value for name, value in entry.items() if name not in _FLEETING}
    return {**server.headers, **lasting}


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
    first, *later = body["messages"]
    return {**body, "messages": [{**first, "content": [audio, *first["content"]]}, *later]}


def _canonical(parts: Any) -> str:
    return json.dumps(parts, sort_keys=True)
