"""`mserbench predict`: the emotion of any audio file, and the model's scores."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _streams
from mserbench.errors import MserbenchError, UsageError

if TYPE_CHECKING:
    from mserbench.cli._emotions import Report
    from mserbench.predicting.hearing import Hearing
    from mserbench.predicting.listening import Failed, Heard, Source
    from mserbench.predicting.predicting import Said
    from mserbench.predicting.room import Room, Watch
    from mserbench.running.subject import Subject


@click.command(name="predict", short_help="say the emotion of any audio file")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--model", required=True, help="Name of a model, or NAME:ADDRESS.")
@click.option(
    "--weights", help="Folder of weights, or the name of weights that ship with the model."
)
@_common.option_option
@click.option(
    "--adapt",
    "rooms",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Recordings, or a folder of them, that the model hears unlabelled first; repeatable.",
)
@click.option(
    "--labels",
    "label_names",
    help="Labels to choose from, comma separated; else all that the weights know.",
)
@click.option(
    "--window",
    help="Cut files into windows of so many seconds, or 'none'; else 10, of files over 30.",
)
@click.option("--hop", help="Seconds from one window to the next; else the window: no overlap.")
@click.option(
    "--segments",
    type=click.Choice(["pauses"]),
    help="Cut files over 15 s at their pauses into segments of 3 to 15 s, in place of windows.",
)
@click.option(
    "--channels",
    type=click.Choice(["mix", "each"]),
    default="mix",
    show_default=True,
    help="Hear all channels as one, or each by itself, as the two sides of a call.",
)
@click.option(
    "--summary",
    "summary_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a line a recording: share of each emotion, longest stretch, mean scores; a .csv or "
    ".json file.",
)
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print csv, row by row, and nothing else on stdout."
)
@_common.json_option
@_common.device_option
def command(
    files: Sequence[Path],
    model: str,
    weights: str | None,
    options: Sequence[str],
    rooms: Sequence[Path],
    label_names: str | None,
    window: str | None,
    hop: str | None,
    segments: str | None,
    channels: str,
    summary_file: Path | None,
    as_csv: bool,
    as_json: bool,
    device: str,
) -> None:
    """Say the emotion of audio files of any kind, rate and length, with the model's scores.

    FILE is an audio file, a folder of them, or - for one on standard input. A long file has a row
    for each window and one for the whole: the mean over its windows. Exit code 3 if a file could
    not be read; the others are predicted all the same. With --adapt a model that can hears other
    recordings of the same room first, or the same ones.
    """
    from mserbench.cli._emotions import Report
    from mserbench.predicting import listening, predicting
    from mserbench.predicting.room import Watch
    from mserbench.predicting.summaries import Summaries, require_suffix
    from mserbench.running.asking import require_adapts
    from mserbench.running.lookup import adaptable, described_class, model_entry

    if as_csv and as_json:
        raise UsageError(
            "--csv and --json were both given, but only one of them can be printed: choose one"
        )

    hearing = _hearing(window, hop, segments, channels)
    if summary_file is not None:
        require_suffix(summary_file, "--")
    requested = _common.names(label_names, "labels") if label_names is not None else []
    typed_options = _common.pairs(options)
    # An unknown model is told before any file is opened.
    model_entry(model)
    if rooms:
        require_adapts(described_class(model), model, adaptable())

    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="mserbench-") as scratch:
        sources = list(listening.expand(files, Path(scratch)))
        subject = (
            predicting.load(model, weights, typed_options, device) if _any_there(sources) else None
        )
        labels = predicting.labels_to_ask(subject, requested) if subject else ()
        room = _room(subject, rooms, sources, hearing, Path(scratch)) if subject else None
        summaries = Summaries(labels, hearing.channels) if summary_file else None
        report = Report(_streams.results(), labels, as_csv, room, hearing.channels, summaries)

        if subject:
            _say("note", predicting.about(subject))
            _say("note", predicting.other_options(subject, typed_options))

        heard = listening.listen(sources, hearing)
        try:
            answers = predicting.predict(subject, labels, heard, watch) if subject else heard
            _take(report, answers, sources)
            _doubt(report, subject, watch)
        # An error of the model must not hide what it said before.
        except MserbenchError:
            report.finish(model, subject, as_json)
            raise

    report.finish(model, subject, as_json)
    if summaries and summary_file:
        summaries.write(summary_file)
    if report.failed:
        raise click.exceptions.Exit(3)


def _room(
    subject: Subject,
    rooms: Sequence[Path],
    sources: Sequence[Source | Failed],
    hearing: Hearing,
    scratch: Path,
) -> Room | None:
    """Let the model hear the recordings of --adapt; None where there are none."""
    from mserbench.predicting import listening, room

    if not rooms:
        return None

    heard = list(listening.expand(rooms, scratch))
    adapted = room.adapt(subject, heard, sources, hearing)
    _say("note", adapted.sentence)
    return adapted


def _doubt(report: Report, subject: Subject | None, watch: Watch) -> None:
    """Tell what makes all that was predicted doubtful."""
    from mserbench.predicting import room

    if subject:
        sentences, report.doubts = room.told(subject, watch, report.room is not None)
        for sentence in sentences:
            _say("warning", sentence)


def _take(
    report: Report, answers: Iterator[Said] | Iterator[Heard], sources: Sequence[Source | Failed]
) -> None:
    """Hand what is found to the report, as it comes; sentences go to stderr."""
    from mserbench.predicting.listening import Failed, Remark
    from mserbench.predicting.predicting import Row
    from mserbench.predicting.traits import Trait, sentences

    traits: list[Trait] = []
    # What a model prints must not get among the rows.
    with _progress(sources, bar=not report.on_terminal) as advance, redirect_stdout(sys.stderr):
        for answer in answers:
            if isinstance(answer, Remark):
                _say("note", answer.sentence)
            elif isinstance(answer, Trait):
                traits.append(answer)
            elif isinstance(answer, Failed):
                report.fail(answer)
                _say("error", str(answer.error))
            elif isinstance(answer, Row):
                report.add(answer)

            advance(answer)

    # Once for all files: of a folder of calls each would say the same.
    for sentence in sentences(traits):
        _say("note", sentence)


def _hearing(window: str | None, hop: str | None, segments: str | None, channels: str) -> Hearing:
    """Read how files are to be heard. Raises UsageError."""
    from mserbench.predicting.hearing import hearing_of

    is_whole = window is not None and window.casefold() == "none"
    # One window without end: the whole file.
    length = math.inf if is_whole else _seconds("--window", window, " or 'none'")
    return hearing_of(length, _seconds("--hop", hop), segments, channels, "--")


def _seconds(option: str, text: str | None, otherwise: str = "") -> float | None:
    """Read the seconds of an option; None where it is not given. Raises UsageError."""
    from mserbench.predicting.hearing import SHORTEST

    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan

    if not SHORTEST <= value < math.inf:
        raise UsageError(
            f"{option} is {text!r}, but seconds, {SHORTEST} or more{otherwise}, were expected"
        )

    return value


def _any_there(sources: Sequence[Source | Failed]) -> bool:
    """Whether any file exists: if none does, nobody should wait for a model to load."""
    from mserbench.predicting.listening import Source

    return any(isinstance(source, Source) and source.path.is_file() for source in sources)


def _say(kind: str, sentence: str) -> None:
    if sentence:
        _common.say(f"{kind}: {sentence}", err=True)


@contextmanager
def _progress(sources: Sequence[Source | Failed], bar: bool) -> Iterator[Callable[[object], None]]:
    """Show how much of all audio was heard, in seconds, by what the files say of their lengths; a
    bar if `shown`.
    """
    from mserbench.data.audio import told_seconds
    from mserbench.predicting.listening import Failed
    from mserbench.predicting.predicting import Row

    ends = [0.0]
    for source in sources:
        ends.append(ends[-1] + (0.0 if isinstance(source, Failed) else told_seconds(source.path)))

    finished = 0
    with _common.progress("predicting, seconds of audio", bar=bar) as show:
        # Windows move the bar within a file; the row or the failure of a file moves it to its end.
        def advance(answer: object) -> None:
            nonlocal finished
            # Of several channels the first one moves it, as the lengths are those of files.
            if isinstance(answer, Row) and answer.channel > 1:
                return
            if isinstance(answer, Row) and answer.part != "file":
                show(min(round(ends[finished] + answer.end), round(ends[-1])), round(ends[-1]))
            elif isinstance(answer, Row | Failed):
                finished = min(finished + 1, len(ends) - 1)
                show(round(ends[finished]), round(ends[-1]))

        yield advance
