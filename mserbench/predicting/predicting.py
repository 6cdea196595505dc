"""Any audio files in, what a model makes of them out: a row a window and a row a file, without a
task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from mserbench.errors import UsageError
from mserbench.labels import CANONICAL, read_answer
from mserbench.options import completed
from mserbench.predicting.listening import Failed, Heard, Piece, Remark
from mserbench.predicting.room import Watch
from mserbench.predicting.traits import Trait
from mserbench.results.journal import Answer
from mserbench.results.manifest import read_manifest
from mserbench.results.predictions import best_label
from mserbench.running import batches
from mserbench.running.answers import check_output, clip_named
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, as_model_error

CHUNK_SECONDS = 4 * batches.BATCH_SECONDS  # of audio held while the model hears it: 61 MB
_CHUNK_PIECES = 1_024
_NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Row:
    """What a model said of a window, or of a whole file; `start` and `end` in seconds.

    `prediction` is a label, or "" where the answer could not be read; `scores` follow the labels
    asked for, or are empty where the model answers in text; `answer` is that text. Of a file that
    was cut into `windows`, more than one, scores are the mean over the windows, weighted by their
    lengths; of text answers, `prediction` is the one of most seconds and `answer` empty. `channel`
    counts from 1, 0 for all mixed. Windows that were cut at pauses need not fill the file.
    """

    file: str
    start: float
    end: float
    part: Literal["window", "file"]
    prediction: str
    scores: tuple[float, ...] = ()
    answer: str = ""
    windows: int = 1
    channel: int = 0

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


Said = Row | Failed | Remark | Trait


def load(
    model: str, weights: str | Path | None, options: Mapping[str, str], device: str
) -> Subject:
    """Make a model ready to hear files, each by itself.

    Without `weights`, those first shipped with it that were trained with these options. Raises
    UsageError for a model that needs statistics of other clips, and all that `Spec.of` and its
    `subject` raise.
    """
    subject = Spec.of(model, None, weights, options, device).subject
    require_alone(subject)
    return subject


def require_alone(subject: Subject) -> None:
    """Raise UsageError for a model that scores a clip by others."""
    if subject.model.transductive:
        raise UsageError(
            f"model {subject.name!r} is transductive with these options: it scores a clip by "
            f"other clips of the same speaker, but 'predict' hears each file by itself; choose "
            f"options or weights without that"
        )


def labels_to_ask(subject: Subject, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the labels to ask for: `chosen`, else what the weights were trained on, else the seven
    canonical ones.

    Raises UsageError for a label that the weights do not know, as no score of it would mean
    anything, and for one label alone.
    """
    learnt = tuple(label for label in subject.model.labels if isinstance(label, str))
    if not chosen:
        # The canonical ones first, so that tables of different models have the same columns.
        uncommon = (label for label in learnt if label not in CANONICAL)
        return (*(label for label in CANONICAL if label in learnt), *uncommon) or CANONICAL

    strange = [label for label in chosen if learnt and label not in learnt]
    if strange:
        raise UsageError(
            f"label {strange[0]!r} is none of those that the weights of {subject.name!r} "
            f"know ({', '.join(learnt)}): give --labels of these"
        )
    if len(chosen) < 2:
        raise UsageError(
            f"--labels is {chosen[0]!r} alone, but two or more to choose from were expected"
        )

    return tuple(chosen)


def about(subject: Subject) -> str:
    """Return a sentence on what the scores are, and what languages they were learnt from."""
    name = f"{subject.name} ({subject.weights.name})" if subject.weights else subject.name
    labelled = [corpus for corpus in subject.card.exposure if corpus.kind == "emotion-labels"]
    languages = ", ".join(
        sorted({language for corpus in labelled for language in corpus.languages})
    )
    trained = (
        f"languages it was trained on: {languages}"
        if languages
        else "it was trained on no emotion labels"
    )

    if not subject.card.exposure_complete:
        trained += "; that list is not known to be complete"

    return f"{name}: scores are the model's own, not calibrated; {trained}"


def other_options(subject: Subject, typed: Mapping[str, str]) -> str:
    """Return a sentence on options that the user gave and shipped weights were not trained with, or
    nothing.
    """
    if not typed or not subject.weights or subject.model.weights is None:
        return ""

    manifest, settings = read_manifest(Path(subject.model.weights)), asdict(subject.model.options)
    trained = completed(manifest.options or {}, type(subject.model.options))
    differing = [
        f"{key}={trained[key]}, not {settings[key]}"
        for key in typed
        if key in trained and trained[key] != settings[key]
    ]
    if not differing:
        return ""

    return (
        f"weights {subject.weights.name!r} were trained with {'; '.join(differing)}: what they "
        f"remember holds"
    )


def predict(
    subject: Subject, labels: Sequence[str], heard: Iterable[Heard], watch: Watch | None = None
) -> Iterator[Said]:
    """Yield what a model says of each piece, in order, a row of each file after its windows, and
    what failed.

    A file that fails after some windows has no row of its own. Clips that the model was trained on
    are told at the end, in one remark. `watch` sees each clip with its answer. Raises ModelError
    where the model fails or breaks its contract; what was yielded before holds.
    """
    trained_on = frozenset[str]().union(*(corpus.clips for corpus in subject.card.exposure))
    windows: list[Row] = []
    trained_files: list[str] = []

    for chunk in _chunks(heard):
        pieces = [piece for piece in chunk if isinstance(piece, Piece)]
        answers = iter(_ask(subject, labels, pieces))
        del pieces
        for part in chunk:
            if not isinstance(part, Piece):
                # The mean of the windows before would pass for the whole file.
                if isinstance(part, Failed):
                    windows.clear()

                yield part
                continue

            row = _row(part, next(answers), labels)
            yield row
            if watch is not None:
                watch.add(part.clip, row.prediction)
            if part.trained_key in trained_on:
                trained_files.append(part.file)

            if not part.whole:
                windows.append(row)
                if part.last:
                    yield summary(windows, labels, part.seconds)
                    windows.clear()

        del chunk  # or its audio would be held while the next is gathered

    if trained_files:
        yield _remark_on_trained(trained_files)


def _remark_on_trained(files: Sequence[str]) -> Remark:
    """Return what must be known of files that are clips of the training: a note a file would hide
    every other.
    """
    first, n_more = files[0], len(files) - 1
    if not n_more:
        return Remark(
            first, f"{first!r} is a clip that the model was trained on: its scores prove nothing"
        )

    return Remark(
        first,
        f"{first!r} and {n_more:,} more are clips that the model was trained on: their "
        f"scores prove nothing",
    )


def summary(windows: Sequence[Row], labels: Sequence[str], seconds: float = 0.0) -> Row:
    """Return the row of a file from those of its windows, or of its segments, which do not tell how
    many `seconds` it lasts; see `Row`.
    """
    first, last = windows[0], windows[-1]
    start, end = (0.0, seconds) if seconds else (first.start, last.end)
    whole = replace(first, start=start, end=end, part="file", answer="", windows=len(windows))
    if not first.scores:
        return replace(whole, prediction=_most_seconds(windows))

    # By length, as the last window is often a short one.
    total = sum(row.seconds for row in windows)
    scores = tuple(
        sum(row.scores[i] * row.seconds for row in windows) / total for i in range(len(labels))
    )
    return replace(whole, scores=scores, prediction=best_label(scores, labels))


def are_shares(rows: Iterable[Row]) -> bool:
    """Whether all scores can be read as percent: none is negative, and those of a row sum to
    one.
    """
    return all(
        min(row.scores) >= 0 and abs(sum(row.scores) - 1) <= _NEARLY for row in rows if row.scores
    )


def _most_seconds(windows: Sequence[Row]) -> str:
    seconds: dict[str, float] = {}
    for row in windows:
        if row.prediction:
            seconds[row.prediction] = seconds.get(row.prediction, 0.0) + row.seconds

    return max(seconds, key=lambda label: seconds[label], default="")


def _chunks(heard: Iterable[Heard]) -> Iterator[list[Heard]]:
    """Gather about `CHUNK_SECONDS` of audio at a time, so that batches of like length can be
    made.
    """
    chunk: list[Heard] = []
    seconds = 0.0
    for part in heard:
        chunk.append(part)
        seconds += part.clip.seconds if isinstance(part, Piece) else 0.0
        if seconds >= CHUNK_SECONDS or len(chunk) >= _CHUNK_PIECES:
            yield chunk
            chunk, seconds = [], 0.0

    yield chunk


def _ask(subject: Subject, labels: Sequence[str], pieces: Sequence[Piece]) -> list[Answer]:
    """Return the model's answers, in order; each chunk is prepared as a run of its own."""
    answers: dict[int, Answer] = {}
    if not pieces:
        return []

    with as_model_error(subject.name, "preparing"):
        subject.model.prepare(lambda: (piece.clip for piece in pieces))

    for batch in batches.plan([piece.clip.seconds for piece in pieces]):
        clips = [pieces[i].clip for i in batch]
        step = f"predicting a batch with {pieces[batch[0]].file!r}"
        with as_model_error(subject.name, step), clip_named([pieces[i].called for i in batch]):
            output = subject.model.predict(clips, labels)
            checked = check_output(subject.name, output, len(clips), labels)

        answers.update(zip(batch, checked, strict=True))

    return [answers[i] for i in range(len(pieces))]


def _row(piece: Piece, answer: Answer, labels: Sequence[str]) -> Row:
    scores, text = answer
    label = best_label(scores, labels) if scores else read_answer(text, labels) or ""
    part: Literal["file", "window"] = "file" if piece.whole else "window"
    return Row(piece.file, piece.start, piece.end, part, label, scores, text, channel=piece.channel)
