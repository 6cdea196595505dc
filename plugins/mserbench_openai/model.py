"""The model `openai`: clips as wav to a server, its answers as text or as scores."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import ClipError, ModelError
from mserbench.model import Described, Model
from mserbench.results.own_cards import unknown_card
from mserbench.results.public import registry
from mserbench_openai import served
from mserbench_openai.asking import body_of, canonical, wav_of, with_audio
from mserbench_openai.kept import SCHEMA, Kept
from mserbench_openai.options import Options, address_of
from mserbench_openai.pacing import Spent, Stopped
from mserbench_openai.prompts import prompt_of
from mserbench_openai.replies import NO_CHOICE, Reply, System, reply_of, scores_of
from mserbench_openai.served import Served

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMPTY_TRIES = 3  # times that an answer without any choice is asked for
_log = logging.getLogger(__name__)


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
        body_of(self.options, ["sad"])  # raises for an option that gives none
        self._server = served.server_of(self.options)
        # A server that is not there, or no name of a model, is told before any clip is decoded.
        served.listed(self._server, self.options)
        self._strange: set[System] = set()  # answers of which were told already
        self._lock = threading.Lock()

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
        """Return what the server lists of the model and what its answers bear, for which it is
        asked; with its address.

        Raises ModelError where it cannot be reached or refuses, UsageError where no model is named.
        """
        address, now = address_of(options.server), served.look(options)
        return {"server": canonical([address.url, now.to_json()])}

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
        now = served.last(self.options)
        body = body_of(self.options, labels)
        store = self._store(body, now)
        recordings = [wav_of(clip.waveform) for clip in clips]
        names = [hashlib.sha256(recording).hexdigest() for recording in recordings]

        replies = store.get(names)
        # Equal recordings once; the first of them stands for all in an error.
        places: dict[str, int] = {}
        for position, name in enumerate(names):
            places.setdefault(name, position)

        missing = {
            name: (position, recordings[position])
            for name, position in places.items()
            if name not in replies
        }
        replies |= self._ask_all(missing, body, store, now.system)
        answers = [replies[name] for name in names]
        if self.options.scores == "text":
            return [reply.answer for reply in answers]

        import numpy as np

        rows = [scores_of(reply, labels) for reply in answers]
        return np.array(rows, dtype=np.float64).reshape(len(clips), len(labels))

    def facts(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return the prompt with its hash, what the server told of itself before the run, and which
        systems answered, each with the number of its answers.

        They are read from the answers on disk, so that a run that was cut off tells of all.
        """
        now = served.last(self.options)
        store = self._store(body_of(self.options, labels), now)
        counts = Counter(reply.system for reply in store.of_run() if reply.finish != NO_CHOICE)
        return {
            "prompt": self._prompt.asking(labels),
            "prompt_sha256": self._prompt.sha256,
            "server_model": dict(now.listed),
            "system": now.system.record(),
            "systems": [
                {**system.record(), "answers": counts[system]} for system in sorted(counts, key=str)
            ],
            "mixed": any(system.differs(first) for system in counts for first in counts),
        }

    def _ask_all(
        self,
        recordings: Mapping[str, tuple[int, bytes]],
        body: dict[str, Any],
        store: Kept,
        before: System,
    ) -> dict[str, Reply]:
        """Ask for the answers to recordings, each with its place in the batch, several at once;
        each answer is kept as it comes.
        """
        ask = partial(self._ask, body=body, store=store, before=before)
        self._server.pacing.go_on()
        pool = ThreadPoolExecutor(self.options.concurrency, thread_name_prefix="openai")
        futures: dict[str, Future[Reply]] = {}
        try:
            futures = {name: pool.submit(ask, name, *part) for name, part in recordings.items()}
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

    def _ask(
        self,
        name: str,
        position: int,
        recording: bytes,
        body: dict[str, Any],
        store: Kept,
        before: System,
    ) -> Reply:
        """Ask for one answer and keep it; where that fails, no other thread asks any more.

        Raises ClipError for what is wrong with this answer.
        """
        try:
            reply = self._answer(with_audio(body, recording))
            self._tell_change(reply.system, before)
        except (Stopped, Spent):
            self._server.pacing.stop()
            raise
        except ModelError as error:
            self._server.pacing.stop()
            raise ClipError(str(error), position) from error
        except BaseException:
            self._server.pacing.stop()
            raise

        store.add(name, reply)
        return reply

    def _answer(self, body: dict[str, Any]) -> Reply:
        for _ in range(_EMPTY_TRIES):
            reply = reply_of(self._server.complete(body))
            if reply.finish != NO_CHOICE:
                break

        # Some servers drop the choice where their filter refuses: no other answer will come.
        self._check_who_answers(reply)
        if self.options.scores == "logprobs":
            scores_of(reply, ["sad"])  # before it is kept: raises where no tokens are listed

        return reply

    def _tell_change(self, system: System, before: System) -> None:
        """Warn once of each system that answers in place of the one that was there before."""
        if not system.differs(before):
            return

        with self._lock:
            is_new = system not in self._strange
            self._strange.add(system)

        if is_new:
            _log.warning(
                "server '%s' answers as %s, but answered as %s before the run: the run holds "
                "answers of both, and is marked as mixed; --fresh runs it for one system alone, or "
                "take --option fingerprint=record where a vendor's fingerprint changes all the "
                "time",
                self._address.url,
                system,
                before,
            )

    def _check_who_answers(self, reply: Reply) -> None:
        """Raise ModelError where another model answers than the one that was asked for."""
        expected = self.options.served_as or self._address.model
        dated = reply.model.startswith(f"{expected}-")
        if reply.model and reply.model != expected and not dated:
            raise ModelError(
                f"server {self._address.url!r} answers as model {reply.model[:100]!r}, but "
                f"{expected!r} was asked for: name that model, or take --option "
                f"served_as={reply.model[:100]!r} where it is the same"
            )

    def _store(self, body: Mapping[str, Any], now: Served) -> Kept:
        """Return the kept answers to a question: all that decides an answer, beside the audio and
        the system that gives it.
        """
        parts = [SCHEMA, self._address.url, now.listed, self.options.revision, body]
        question = hashlib.sha256(canonical(parts).encode()).hexdigest()
        return Kept(question, now.system, is_ignored=self.options.fingerprint == "record")
