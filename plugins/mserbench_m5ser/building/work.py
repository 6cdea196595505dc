"""What a worker does: translate batches of clips, and make rows of a set of what it hears.

The functions here are carried out by any engine, anywhere; a worker keeps the translator that it
made for the next batches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.engine.base import sentence
from mserbench.errors import MserbenchError
from mserbench.running.translators import translator_class, translator_options
from mserbench.translator import Refusal, SourceClip, Speech, Translator
from mserbench_m5ser.building import filters, flac
from mserbench_m5ser.building.agreement import Judge
from mserbench_m5ser.building.filters import Filters
from mserbench_m5ser.building.plan import Batch
from mserbench_m5ser.building.sources import Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIES = 3  # of a batch whose translation raises an error
State = Literal["kept", "dropped", "failed"]

_made: dict[str, Translator] = {}  # of this worker, by what it was made of


class CannotStart(MserbenchError):
    """The translator cannot be made, so that no clip can be translated."""


@dataclass(frozen=True, eq=False, slots=True)
class Done:
    """What a worker gives: a result for each clip, or one sentence on why none can be made."""

    results: list[Result]
    stopped: str = ""


@dataclass(frozen=True)
class Job:
    """What a worker needs to know beside the clips: nothing of it is a path of one machine."""

    translator: str
    version: str
    options: Mapping[str, str]
    language: str
    filters: Filters
    judge: Judge | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What became of a clip: a row of the set and its FLAC file, or why there is none.

    `samples` is the length at 16 kHz, 0 where there is no speech.
    """

    number: int
    state: State
    reason: str = ""
    samples: int = 0
    row: Mapping[str, Any] = field(default_factory=dict)
    audio: bytes = b""


def results(batches: Sequence[tuple[Job, Batch]], device: str) -> Done:
    """Return what became of each clip of some batches, in order."""
    became: list[Result] = []
    for job, batch in batches:
        try:
            translator = _translator(job, device)
        except CannotStart as error:  # a value, as engines hand on only the words of an error
            return Done([], str(error))

        became += _of_batch(job, translator, batch)

    return Done(became)


def _translator(job: Job, device: str) -> Translator:
    """Return the translator of this worker, made once."""
    key = json.dumps([job.translator, dict(job.options), device])
    if key not in _made:
        try:
            kind = translator_class(job.translator)
            translator = kind(translator_options(job.translator, job.options), device)
        except Exception as error:
            reason = sentence(error)
            raise CannotStart(f"translator {job.translator!r} cannot start: {reason}") from error

        # Worker processes end without what `atexit` has; this is called in both.
        Finalize(None, translator.close, exitpriority=10)
        _made[key] = translator

    return _made[key]


def _of_batch(job: Job, translator: Translator, batch: Batch) -> list[Result]:
    """Return what became of the clips of one batch, in order."""
    clips: dict[int, SourceClip] = {}
    became: dict[int, Result] = {}
    for piece in batch:
        try:
            clips[piece.number] = _source_clip(piece)
        except Exception as error:  # of this clip alone, as of a file that went away
            became[piece.number] = Result(piece.number, "failed", _words_on(piece, error))

    readable = [piece for piece in batch if piece.number in clips]
    spoken = _translated(translator, [clips[piece.number] for piece in readable], job.language)
    for piece, speech in zip(readable, spoken, strict=True):
        became[piece.number] = _result(job, piece, speech)

    return [became[piece.number] for piece in batch]


def _source_clip(piece: Piece) -> SourceClip:
    """Return a clip as translators get it, decoded: what cannot be read is told before."""
    item = piece.item
    clip = item.clip(piece.corpus)
    clip.waveform  # noqa: B018 - it is kept by the clip
    return SourceClip(
        id=piece.name,
        clip=clip,
        text=item.utterance.text,
        label=item.label,
        language=item.utterance.language,
        speaker=item.utterance.speaker,
    )


def _translated(
    translator: Translator, clips: Sequence[SourceClip], language: str
) -> Sequence[Speech | Refusal]:
    """Return the speech of some clips; what is raised three times is the refusal of all of them."""
    if not clips:
        return []

    reason = ""
    for _ in range(TRIES):
        try:
            spoken = list(translator.translate(clips, language))
        # A translator may raise anything; a set of days must not be lost by one batch.
        except Exception as error:
            reason = sentence(error)
            continue

        if len(spoken) == len(clips):
            return spoken
        reason = f"the translator gave {len(spoken)} answers to {len(clips)} clips"

    return [Refusal(" ".join(reason.split()))] * len(clips)


def _result(job: Job, piece: Piece, speech: Speech | Refusal) -> Result:
    """Return the row of a clip that was translated, or why it is left out."""
    if isinstance(speech, Refusal):
        return Result(piece.number, "failed", " ".join(speech.reason.split()))
    if fault := _fault(speech):
        return Result(piece.number, "failed", fault)

    samples = flac.to_pcm16(speech.waveform, speech.rate)
    seconds = piece.item.facts.seconds
    reason = filters.reason(job.filters, samples, piece.corpus, seconds)
    if not reason and job.judge is not None:
        reason = job.judge.objection(samples, piece.item.label)

    if reason:
        return Result(piece.number, "dropped", reason, len(samples))

    row = _row(job, piece, samples, speech.text)
    return Result(piece.number, "kept", "", len(samples), row, flac.encoded(samples))


def _fault(speech: Speech) -> str:
    """Return what is wrong with speech as such, "" for nothing."""
    waveform = np.asarray(speech.waveform)
    if waveform.ndim != 1 or not len(waveform) or speech.rate <= 0:
        return f"speech of shape {waveform.shape} at {speech.rate} Hz, but samples were expected"
    if not np.isfinite(waveform).all():
        return "speech holds NaN or infinite samples"
    # Less than one sample at 16 kHz would leave a clip without any.
    if len(waveform) * SAMPLE_RATE < speech.rate:
        return "speech is shorter than one sample at 16 kHz"

    return ""


def _row(job: Job, piece: Piece, samples: NDArray[np.int16], text: str | None) -> dict[str, Any]:
    """Return a row of the set by column, but for its audio."""
    utterance = piece.item.utterance
    origin, origin_key = piece.origin
    return {
        "id": f"{piece.corpus}/{utterance.id}/{job.language}",
        "emotion": piece.item.label,
        "language": job.language,
        "speaker": utterance.speaker,
        "split": utterance.split,
        "text": text,
        "source_text": utterance.text,
        "source_corpus": piece.corpus,
        "source_id": utterance.id,
        "derived_from": origin,
        "derived_audio": origin_key,
        "seconds": len(samples) / SAMPLE_RATE,
        "pcm16_bytes": flac.pcm16_bytes(len(samples)),
        "key": flac.key(samples),
        "translator": job.translator,
        "translator_version": job.version,
    }


def _words_on(piece: Piece, error: Exception) -> str:
    """Return why a source clip cannot be read, without a path of this machine."""
    reason = sentence(error)
    plain = reason.replace(str(piece.item.path), piece.item.utterance.audio)
    return " ".join(plain.replace(str(piece.item.root), piece.corpus).split())
