"""Damages of tables: times, raters, labels and speakers that say something else than was meant."""

from __future__ import annotations

import unicodedata

import numpy as np
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


@damage("several raters", "labels", r"rater_?[23]|several|raters", r"column", proposed=True)
def _raters(corpus: OwnCorpus) -> None:
    turned = {"angry": "sad", "happy": "happy", "sad": "angry"}
    corpus.rows = [
        {
            "file": row["file"],
            "rater_1": row["emotion"],
            "rater_2": turned[row["emotion"]],
            "rater_3": row["emotion"],
            "speaker": row["speaker"],
        }
        for row in corpus.rows
    ]


@damage("two columns of labels", "labels", r"final|perceived|intended", r"column", proposed=True)
def _two_labels(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        row["perceived_emotion"] = ("angry", "happy", "sad")[number % 3]


def _missing_label(word: str) -> None:
    @damage(f"label {word!r}", "labels", rf'"{word}" = "DROP"', ANY_LOOK, proposed=True)
    def _nothing(corpus: OwnCorpus) -> None:
        for number in (3, 7, 11):
            corpus.rows[number]["emotion"] = word


ANY_LOOK = r"look"
for _word in ("nan", "NaN", "None", "null", "NA", "#N/A", "-", "NULL", "n/a", "unknown"):
    _missing_label(_word)


@damage("label NaN in JSON", "labels", r'"nan" = "DROP"', ANY_LOOK, proposed=True)
def _json_nan(corpus: OwnCorpus) -> None:
    corpus.table = "labels.jsonl"
    rows = [dict[str, object](row) for row in corpus.rows]
    rows[3]["emotion"] = float("nan")
    corpus.rows = rows  # type: ignore[assignment]


@damage("labels are numbers", "labels", r"emotion|label", r"number", proposed=True)
def _numbers(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        row["emotion"] = str(("angry", "happy", "sad").index(row["emotion"]))


@damage("a header again in the middle", "labels", r"emotion", r"header|DROP", proposed=True)
def _header_again(corpus: OwnCorpus) -> None:
    lines = corpus.table_text().splitlines(keepends=True)
    corpus.text = "".join([*lines[:9], lines[0], *lines[9:]])


@damage("an invisible sign in a label", "labels", r"angry", r"look|invisible|two", proposed=True)
def _invisible(corpus: OwnCorpus) -> None:
    corpus.rows[0]["emotion"] = "angry\u200b"


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


@damage("one path spelled in two ways", "labels", r"ada_happy_2", r"already|twice")
def _spelled(corpus: OwnCorpus) -> None:
    corpus.rows.append({**corpus.rows[3], "file": "./wav//ada_happy_2.wav", "emotion": "sad"})


@damage("one file, two labels", "labels", "ada_happy_2", r"twice|already|two labels|also")
def _twice(corpus: OwnCorpus) -> None:
    corpus.rows.append({**corpus.rows[3], "emotion": "sad"})


@damage("one file, two labels, two ids", "labels", "ada_happy_2", r"twice|already|same|equal|two")
def _twice_named(corpus: OwnCorpus) -> None:
    corpus.rows.append({**corpus.rows[3], "emotion": "sad"})
    for number, row in enumerate(corpus.rows):
        row["id"] = f"u{number}"

    corpus.columns["id"] = "id"


@damage("a table cut in its last row", "labels", "eve_sad_2", r"field|no utterance|not declared")
def _cut_table(corpus: OwnCorpus) -> None:
    corpus.text = corpus.table_text()[:-7]


@damage("a table cut in its last word", "speakers", r"labels\.csv|eve_sad_2", r"cut|last line|ends")
def _cut_word(corpus: OwnCorpus) -> None:
    corpus.text = corpus.table_text()[:-2]


@damage("a table cut between rows", "labels", "eve_", r"no utterance|left out")
def _cut_rows(corpus: OwnCorpus) -> None:
    corpus.rows = corpus.rows[:15]


@damage("a table without its last column", "labels", r"emotion", r"no column|fields")
def _lost_column(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        del row["emotion"]


@damage("a table in German Excel's code page", "labels", r"w.+tend", r"not declared|as Windows")
def _mojibake(corpus: OwnCorpus) -> None:
    corpus.labels = {"wütend": "angry", "happy": "happy", "sad": "sad"}
    for row in corpus.rows:
        row["emotion"] = row["emotion"].replace("angry", "wÃ¼tend")


def _two_names(what: str, other: str) -> None:
    @damage(
        f"a speaker under two names: {what}", "speakers", r"bob|speaker", r"two names|same|spel"
    )
    def _renamed(corpus: OwnCorpus) -> None:
        for row in corpus.rows[6:9]:
            row["speaker"] = other


for _what, _other in (
    ("case", "Bob"),
    ("a prefix", "spk_bob"),
    ("a point", "bob."),
    ("full width", "ｂｏｂ"),
    ("an invisible sign", "bo\u200bb"),
    ("a no-break space inside", "bob\u00a0 x".replace(" x", "\u200e")),
):
    _two_names(_what, _other)


@damage("a speaker as 1 and as 01", "speakers", r"speaker", r"two names|same|spel")
def _padded(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        name = {"ada": "1", "bob": "2", "eve": "3"}[row["speaker"]]
        row["speaker"] = f"0{name}" if number % 2 else name


@damage("a speaker composed and decomposed", "speakers", r"speaker", r"two names|same|spel|NF")
def _decomposed(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        form = "NFD" if number % 2 else "NFC"
        row["speaker"] = unicodedata.normalize(form, row["speaker"].replace("eve", "évé"))


@damage("a speaker for every file", "speakers", r"speaker", r"as many|each|every|doubt|file number")
def _as_many(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        row["speaker"] = str(number)


@damage("one speaker for all", "speakers", r"speaker", r"one speaker|only|single|few|1 speaker")
def _alone(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        row["speaker"] = "all"


@damage("some rows without a speaker", "speakers", r"speaker", r"without|blank|no speaker|lack")
def _unnamed(corpus: OwnCorpus) -> None:
    for row in corpus.rows[5:8]:
        row["speaker"] = ""


@damage("speaker 'unknown' for several people", "speakers", r"unknown", r"speaker")
def _unknown(corpus: OwnCorpus) -> None:
    for row in corpus.rows[::4]:
        row["speaker"] = "unknown"


@damage("speakers against the names of files", "speakers", r"bob|ada", r"name|contradict|speaker")
def _against_names(corpus: OwnCorpus) -> None:
    for row, other in zip(corpus.rows, np.roll(np.arange(18), 2), strict=True):
        row["speaker"] = f"{corpus.rows[other]['file'][4:7]}"


@damage("a nan for a speaker", "speakers", r"nan|speaker", r"speaker|without|blank")
def _nan_speaker(corpus: OwnCorpus) -> None:
    for row in corpus.rows[5:8]:
        row["speaker"] = "nan"


@damage("a speaker of both sexes", "speakers", r"bob", r"sex|f and m|two people")
def _both_sexes(corpus: OwnCorpus) -> None:
    corpus.columns["sex"] = "sex"
    for number, row in enumerate(corpus.rows):
        row["sex"] = "f" if row["speaker"] != "bob" or number % 2 else "m"


@damage("a table passed over for names of files", "labels", r"labels\.csv", r"", proposed=True)
def _passed_over(corpus: OwnCorpus) -> None:
    """The table is one-hot, and says another thing than the names."""
    lines = [f"{row['file']},{int(i % 3 == 0)},{int(i % 3 == 1)},{int(i % 3 == 2)}"
             for i, row in enumerate(corpus.rows)]  # fmt: skip
    corpus.text = "\n".join(["file,angry,happy,sad", *lines]) + "\n"
