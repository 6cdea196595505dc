"""`mserbench.predict`: files of audio and a model in, a table of what it says of them out."""

from __future__ import annotations

import math
import numbers
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mserbench.errors import DataError, UsageError
from mserbench.model import Model
from mserbench.predicting import hearing, listening, predicting, room, summaries
from mserbench.predicting.hearing import Hearing
from mserbench.predicting.listening import Failed, Source
from mserbench.predicting.predicting import Row
from mserbench.predicting.room import Room
from mserbench.predicting.summaries import Summaries
from mserbench.predicting.traits import Trait, sentences
from mserbench.report.progress import tell
from mserbench.report.watched import watched
from mserbench.results import tables_html
from mserbench.results.predictions import SCORE
from mserbench.running import arguments
from mserbench.running.asking import anew, require_adapts
from mserbench.running.lookup import adaptable, described_class
from mserbench.running.subject import Subject, of_instance

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Predicted:
    """What a model said: a row a window and a row a file, in order, and what could not be read.

    `labels` are those asked for, in the order of the scores; `notes` what a reader must know;
    `adaptation` what the model heard first, None where it heard nothing. `recordings` are the
    lines of `summary`, by column.
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    failed: tuple[Failed, ...]
    notes: tuple[str, ...]
    adaptation: Room | None = None
    recordings: tuple[dict[str, Any], ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a table as `mserbench predict --csv` prints it: file, start and end in seconds,
        prediction, a column of scores a label or `answer`, and part (`window` or `file`); channel,
        from 1, where each is heard by itself; of an adapted model adapted, the clips it heard.
        """
        import pandas as pd

        return pd.DataFrame([self._cells(row) for row in self.rows])

    @property
    def summary(self) -> pd.DataFrame:
        """A row a recording, or a channel of it, as `mserbench predict --summary` writes it: share
        of each emotion, longest stretch, mean scores, and the error of one that could not be read.
        """
        import pandas as pd

        return pd.DataFrame(list(self.recordings))

    @property
    def frame(self) -> pd.DataFrame:
        """The same as `to_frame()`."""
        return self.to_frame()

    def _cells(self, row: Row) -> dict[str, object]:
        place = {"file": row.file, "start": row.start, "end": row.end}
        return {
            **place,
            "prediction": row.prediction,
            **self._said(row),
            "part": row.part,
            **({"channel": row.channel} if row.channel else {}),
            **({"adapted": self.adaptation.clips} if self.adaptation else {}),
        }

    def _said(self, row: Row) -> dict[str, object]:
        if not row.scores:
            return {"answer": row.answer}

        columns = [f"{SCORE}{label}" for label in self.labels]
        return dict(zip(columns, row.scores, strict=True))

    def __repr__(self) -> str:
        files = [row for row in self.rows if row.part == "file"]
        lines = [f"{_called(row)}: {row.prediction or 'unparsed'}" for row in files]
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
    adapt: str | Path | Iterable[str | Path] = (),
    labels: Iterable[str] = (),
    window: float | None = None,
    hop: float | None = None,
    segments: Literal["pauses"] | None = None,
    channels: Literal["mix", "each"] = "mix",
    summary: str | Path | None = None,
    device: str = "auto",
) -> Predicted:
    """Say the emotion of audio files of any kind, rate and length, with the model's scores.

    Args:
        files: an audio file, a folder of them, or several of both.
        model: a name, as `egemaps` or `hf:FOLDER`, or a Model object, which stays as it is.
        weights: a folder, or the name of weights that ship with the model.
        options: texts as they are typed, or plain values, by name.
        adapt: recordings, or folders of them, that the model hears unlabelled first.
        labels: to choose from; else all that the weights know.
        window: seconds of a window, `math.inf` for none; else 10, of files over 30.
        hop: seconds from one window to the next; else the window.
        segments: "pauses" cuts files over 15 s at their pauses, in place of windows.
        channels: "each" hears each channel by itself; "mix" all as one.
        summary: a .csv or .json file to write `Predicted.summary` to.

    Raises:
        UsageError: arguments of other types, unknown names and options, a transductive model, a
            model that cannot adapt.
        DataError: no file could be read; where some could, the others are in `failed`, and told.
            No recording to adapt to can be read, or the summary cannot be written.
        ModelError: the model fails or breaks its contract.
    """
    paths = [Path(name) for name in arguments.names("files", files)]
    rooms = [Path(name) for name in arguments.names("adapt", adapt)]
    chosen = list(arguments.names("labels", labels)) if labels else []
    way = hearing.hearing_of(_seconds("window", window), _seconds("hop", hop), segments, channels)
    summary_file = arguments.folder_or_none("summary", summary)
    if summary_file is not None:
        summaries.require_suffix(summary_file)
    if rooms and isinstance(model, str):
        require_adapts(described_class(model), model, adaptable())

    with tempfile.TemporaryDirectory(prefix="mserbench-") as scratch:
        sources = list(listening.expand(paths, Path(scratch)))
        # If none is there, nobody should wait for a model to load.
        if not any(isinstance(source, Source) and source.path.is_file() for source in sources):
            raise _none_read(sources)

        subject = _subject(model, weights, options, device)
        asked_for = predicting.labels_to_ask(subject, chosen)
        subject, adapted = _adapted(subject, rooms, sources, way, Path(scratch))
        lines = Summaries(asked_for, way.channels)
        predicted = _heard(subject, sources, way, lines, adapted)

    if summary_file is not None:
        lines.write(summary_file)

    note = predicting.other_options(subject, arguments.options(options))
    return replace(predicted, notes=(*predicted.notes, *filter(None, [note])))


def _adapted(
    subject: Subject,
    rooms: list[Path],
    sources: list[Source | Failed],
    way: Hearing,
    scratch: Path,
) -> tuple[Subject, Room | None]:
    """Return a model that heard the recordings of `adapt`, and what they were; the model itself and
    None where there are none.
    """
    if not rooms:
        return subject, None

    require_adapts(subject, subject.name, adaptable())
    # The caller's own object stays as it is: one that has heard a room may not hear another.
    adapted = anew(subject)
    return adapted, room.adapt(adapted, list(listening.expand(rooms, scratch)), sources, way)


def _heard(
    subject: Subject,
    sources: list[Source | Failed],
    way: Hearing,
    lines: Summaries,
    adapted: Room | None,
) -> Predicted:
    """Ask the model of all files; each row, and each failure, gets into the lines of a summary."""
    rows: list[Row] = []
    failed: list[Failed] = []
    traits: list[Trait] = []
    notes = [predicting.about(subject), *([adapted.sentence] if adapted else [])]
    watch = room.Watch()
    answers = predicting.predict(subject, lines.labels, listening.listen(sources, way), watch)
    with watched(f"{subject.name}, files") as report:
        for answer in answers:
            if isinstance(answer, Row):
                rows.append(answer)
                lines.add(answer)
            elif isinstance(answer, Failed):
                failed.append(answer)
                lines.add_failed(answer)
            elif isinstance(answer, Trait):
                traits.append(answer)
            else:
                notes.append(answer.sentence)

            # Of several channels the first alone: files are counted.
            whole = sum(row.part == "file" and row.channel <= 1 for row in rows)
            report(whole + len(failed), len(sources))

    notes += sentences(traits)
    if not rows:
        raise _none_read(failed)

    # Told at once too, as a table alone does not show what is not in it.
    for failure in failed:
        tell(str(failure.error))

    doubts, _ = room.told(subject, watch, was_adapted=adapted is not None)
    return Predicted(
        tuple(rows), lines.labels, tuple(failed), (*notes, *doubts), adapted, lines.lines
    )


def _called(row: Row) -> str:
    """Return how a recording is called, with its channel where each is heard by itself."""
    return f"{row.file} [{row.channel}]" if row.channel else row.file


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


def _seconds(argument: str, seconds: object) -> float | None:
    """Return seconds as a number, and None for None. Raises UsageError for lengths that cannot
    be.
    """
    if seconds is None:
        return None

    is_number = isinstance(seconds, numbers.Real) and not isinstance(seconds, bool)
    if not is_number or not hearing.SHORTEST <= float(seconds) <= math.inf:  # type: ignore[arg-type]
        raise UsageError(
            f"{argument} is {seconds!r}, but seconds, {hearing.SHORTEST} or more, were expected"
        )

    return float(seconds)  # type: ignore[arg-type]
