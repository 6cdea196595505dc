"""Damages of times in tables: other units, other columns, beyond the end of the file."""

from __future__ import annotations

import soundfile

from damaged.damages import allowed, damage
from damaged.own_corpus import RATE, OwnCorpus, sound

BEYOND = r"beyond|behind|after the end|ends at|file (ends|lasts|holds)|longer than"
UNITS = r"millisecond|sample|unit|seconds\?"
ITEM = "ada_happy_2"
TIMES = {"start": "start", "end": "end"}


def _timed(corpus: OwnCorpus, factor: float, end: float = 0.5) -> None:
    """Give every row a start of 0.1 s and an end, times a factor."""
    for row in corpus.rows:
        row |= {"start": f"{0.1 * factor:g}", "end": f"{end * factor:g}"}

    corpus.columns |= TIMES


@allowed("start and end within the file")
def _within(corpus: OwnCorpus) -> None:
    _timed(corpus, 1)


@allowed("ends rounded up by less than 10 ms")
def _rounded(corpus: OwnCorpus) -> None:
    _timed(corpus, 1, 0.605)


@damage("one end beyond the file", "audio", ITEM, BEYOND)
def _one_beyond(corpus: OwnCorpus) -> None:
    _timed(corpus, 1)
    corpus.rows[3]["end"] = "0.9"


@damage("one start beyond the file", "audio", ITEM, BEYOND)
def _start_beyond(corpus: OwnCorpus) -> None:
    _timed(corpus, 1)
    corpus.rows[3] |= {"start": "0.9", "end": "1.2"}


@damage("ends in milliseconds", "audio", words=f"{BEYOND}|{UNITS}")
def _milliseconds(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        row["end"] = "500"

    corpus.columns["end"] = "end"


@damage("all times in milliseconds", "audio", words=UNITS)
def _all_milliseconds(corpus: OwnCorpus) -> None:
    _timed(corpus, 1_000)


@damage("ends in samples", "audio", words=f"{BEYOND}|{UNITS}")
def _samples(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        row["end"] = "8000"

    corpus.columns["end"] = "end"


@damage("all times in samples", "audio", words=UNITS)
def _all_samples(corpus: OwnCorpus) -> None:
    _timed(corpus, RATE)


@damage("all times in hundredths", "audio", words=f"{BEYOND}|{UNITS}|factor")
def _hundredths(corpus: OwnCorpus) -> None:
    _timed(corpus, 100)


@damage("times of another recording", "audio", words=r"same|equal|overlap|copy")
def _overlapping(corpus: OwnCorpus) -> None:
    """Two rows with two labels are nearly the same part of one file."""
    _timed(corpus, 1)
    corpus.rows[4] |= {"file": corpus.rows[3]["file"], "start": "0.101", "end": "0.5"}
    corpus.path(17).with_name("ada_sad_1.wav").unlink()


def _talks(corpus: OwnCorpus) -> list[dict[str, str]]:
    """Put all clips of a speaker into one long file; returns the rows, two seconds a clip."""
    rows = []
    for who in ("ada", "bob", "eve"):
        soundfile.write(corpus.wav / f"{who}.wav", sound(len(who), 13.0), RATE)
        mine = [row for row in corpus.rows if row["speaker"] == who]
        for number, row in enumerate(mine):
            (corpus.folder / "c" / row["file"]).unlink()
            rows.append({**row, "file": f"wav/{who}.wav", "at": str(1 + 2 * number)})

    return rows


def _proposed_times(name: str, start: str, length: str, factor: int, is_end: bool) -> None:
    """Register columns of times that `init-task` must take as they are meant, or speak of."""
    words = rf'(duration|length|end\w*) = "{length}"|left out|not taken|not read|unit'

    @damage(name, "audio", length, words, proposed=True)
    def _times(corpus: OwnCorpus) -> None:
        corpus.rows = [
            {
                "file": row["file"],
                "emotion": row["emotion"],
                "speaker": row["speaker"],
                start: str(int(row["at"]) * factor),
                length: str((int(row["at"]) + 2) * factor if is_end else 2 * factor),
            }
            for row in _talks(corpus)
        ]


_proposed_times("offset and duration", "offset", "duration", 1, is_end=False)
_proposed_times("start and duration", "start", "duration", 1, is_end=False)
_proposed_times("start_ms and end_ms", "start_ms", "end_ms", 1_000, is_end=True)
_proposed_times("begin_sample and end_sample", "begin_sample", "end_sample", RATE, is_end=True)
_proposed_times("t0 and t1", "t0", "t1", 1, is_end=True)


@damage("times with a decimal comma", "audio", r"0,1", r"start is")
def _comma(corpus: OwnCorpus) -> None:
    _timed(corpus, 1)
    text = corpus.table_text().replace(",", ";").replace(".", ",").replace(",wav", ".wav")
    corpus.text = text


@damage("times as clocks", "audio", r"00:00", r"start is")
def _clocks(corpus: OwnCorpus) -> None:
    _timed(corpus, 1)
    for row in corpus.rows:
        row |= {"start": "00:00:00.1", "end": "00:00:00.5"}
