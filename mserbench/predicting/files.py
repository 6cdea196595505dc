"""`mserbench.predict`: files of audio and a model in, a table of what it says of them out."""

from __future__ import annotations

import math
import numbers
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.data.windows import Windowing
from mserbench.errors import DataError, UsageError
from mserbench.model import Model
from mserbench.predicting import listening, predicting, room
from mserbench.predicting.listening import Failed, Source
from mserbench.predicting.predicting import Row
from mserbench.predicting.traits import Trait, sentences
from mserbench.report.progress import tell
from mserbench.report.watched import watched
from mserbench.results import tables_html
from mserbench.results.predictions import SCORE
from mserbench.running import arguments
from mserbench.running.subject import Subject, of_instance

if TYPE_CHECKING:
    import pandas as pd

SHORTEST = 0.1  # seconds, of a window or a hop


@dataclass(frozen=True)
class Predicted:
    """What a model said: a row a window and a row a file, in order, and what could not be read.

    `labels` are those asked for, in the order of the scores; `notes` what a reader must know.
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    failed: tuple[Failed, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a table as `mserbench predict --csv` prints it: file, start and end in seconds,
        prediction, a column of scores a label or `answer`, and part (`window` or `file`).
        """
        import pandas as pd

        return pd.DataFrame([self._cells(row) for row in self.rows])

    @property
    def frame(self) -> pd.DataFrame:
        """The same as `to_frame()`."""
        return self.to_frame()

    def _cells(self, row: Row) -> dict[str, object]:
        place = {"file": row.file, "start": row.start, "end": row.end}
        return {**place, "prediction": row.prediction, **self._said(row), "part": row.part}

    def _said(self, row: Row) -> dict[str, object]:
        if not row.scores:
            return {"answer": row.answer}

        columns = [f"{SCORE}{label}" for label in self.labels]
        return dict(zip(columns, row.scores, strict=True))

    def __repr__(self) -> str:
        files = [row for row in self.rows if row.part == "file"]
        lines = [f"{row.file}: {row.prediction or 'unparsed'}" for row in files]
        return "\n".join([*lines, *(str(failed.error) for failed in self.failed)])

    def _repr_html_(self) -> str:
        rows = [
            {name: f"{cell:.3g}" if isinstance(cell, float) else cell for name, cell in row.items()}
            for row in map(self._cells, self.rows)
        ]
        sentences = (*self.notes, *(str(failed.error) for failed in self.failed))
        return tables_html.table(rows) + "".join(map(tables_html.sentence, sentences))


def predict(
    files: str | Path | Iterable[str | Path],
    model: str | Model,
    *,
    weights: str | Path | None = None,
    options: Mapping[str, object] | None = None,
    labels: Iterable[str] = (),
    window: float | None = None,
    hop: float | None = None,
    device: str = "auto",
) -> Predicted:
    """Say the emotion of audio files of any kind, rate and length, with the model's scores.

    Args:
        files: an audio file, a folder of them, or several of both.
        model: a name, as `egemaps` or `hf:FOLDER`, or a Model object.
        weights: a folder, or the name of weights that ship with the model.
        options: texts as they are typed, or plain values, by name.
        labels: to choose from; else all that the weights know.
        window: seconds of a window, `math.inf` for none; else 10, of files over 30.
        hop: seconds from one window to the next; else the window.

    Raises:
        UsageError: arguments of other types, unknown names and options, a transductive model.
        DataError: no file could be read; where some could, the others are in `failed`, and told.
        ModelError: the model fails or breaks its contract.
    """
    paths = [Path(name) for name in arguments.names("files", files)]
    chosen = list(arguments.names("labels", labels)) if labels else []
    windowing = _windowing(window, hop)
    with tempfile.TemporaryDirectory(prefix="mserbench-") as scratch:
        sources = list(listening.expand(paths, Path(scratch)))
        # If none is there, nobody should wait for a model to load.
        if not any(isinstance(source, Source) and source.path.is_file() for source in sources):
            raise _none_read(sources)

        subject = _subject(model, weights, options, device)
        asked_for = predicting.labels_to_ask(subject, chosen)
        return _heard(subject, asked_for, sources, windowing)


def _heard(
    subject: Subject,
    labels: tuple[str, ...],
    sources: list[Source | Failed],
    windowing: Windowing,
) -> Predicted:
    rows: list[Row] = []
    failed: list[Failed] = []
    traits: list[Trait] = []
    notes = [predicting.about(subject)]
    watch = room.Watch()
    answers = predicting.predict(subject, labels, listening.listen(sources, windowing), watch)
    with watched(f"{subject.name}, files") as report:
        for answer in answers:
            if isinstance(answer, Row):
                rows.append(answer)
            elif isinstance(answer, Failed):
                failed.append(answer)
            elif isinstance(answer, Trait):
                traits.append(answer)
            else:
                notes.append(answer.sentence)

            whole = sum(row.part == "file" for row in rows)
            report(whole + len(failed), len(sources))

    notes += sentences(traits)
    if not rows:
        raise _none_read(failed)

    # Told at once too, as a table alone does not show what is not in it.
    for failure in failed:
        tell(str(failure.error))

    doubts, _ = room.told(subject, watch, was_adapted=False)
    return Predicted(tuple(rows), labels, tuple(failed), (*notes, *doubts))


def _none_read(sources: Iterable[Source | Failed]) -> DataError:
    """Return the error where no file could be read, with the reason of the first."""
    reasons = [
        str(source.error) if isinstance(source, Failed) else f"{source.name!r} is not there"
        for source in sources
    ]
    first = reasons[0] if reasons else "no name was given: give files or folders"
    more = f" (and {len(reasons) - 1:,} more)" if len(reasons) > 1 else ""
    return DataError(f"no audio file could be read: {first}{more}")


def _subject(
    model: str | Model,
    weights: str | Path | None,
    options: Mapping[str, object] | None,
    device: str,
) -> Subject:
    texts = arguments.options(options)
    folder = None if weights is None else str(arguments.folder("weights", weights))
    named = arguments.model_or_name(model)
    if isinstance(named, str):
        return predicting.load(named, folder, texts, device)

    subject = of_instance(named)
    predicting.require_alone(subject)
    return subject


def _windowing(window: float | None, hop: float | None) -> Windowing:
    """Return how files are cut. Raises UsageError for lengths that cannot be."""
    usual = Windowing()
    length = usual.length if window is None else _seconds("window", window, math.inf)
    step = length if hop is None else _seconds("hop", hop, length)
    # Who asks for windows wants them of every longer file, not of those over 30 s alone.
    return Windowing(length, step, usual.over if window is None else length)


def _seconds(argument: str, seconds: object, most: float) -> float:
    is_number = isinstance(seconds, numbers.Real) and not isinstance(seconds, bool)
    if not is_number or not SHORTEST <= float(seconds) <= most:  # type: ignore[arg-type]
        raise UsageError(
            f"{argument} is {seconds!r}, but seconds from {SHORTEST} to {most:g} were expected"
        )

    return float(seconds)  # type: ignore[arg-type]
