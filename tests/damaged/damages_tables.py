"""Damages of tables: raters, missing labels, rows that are cut or stand twice."""

from __future__ import annotations

from damaged.damages import damage
from damaged.own_corpus import OwnCorpus


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


@damage(
    "a header again in the middle", "labels", r"line 10\b", r"repeats the header", proposed=True
)
def _header_again(corpus: OwnCorpus) -> None:
    lines = corpus.table_text().splitlines(keepends=True)
    corpus.text = "".join([*lines[:9], lines[0], *lines[9:]])


@damage("a header again with other columns first", "labels", r"line 10\b", r"not as line 1")
def _other_header(corpus: OwnCorpus) -> None:
    lines = corpus.table_text().splitlines()
    joined = [",".join(reversed(line.split(","))) for line in (lines[0], *lines[9:])]
    corpus.text = "\n".join([*lines[:9], *joined, ""])


@damage("a header again in capitals", "labels", r"line 10\b", r"not as line 1", proposed=True)
def _loud_header(corpus: OwnCorpus) -> None:
    lines = corpus.table_text().splitlines(keepends=True)
    corpus.text = "".join([*lines[:9], lines[0].upper(), *lines[9:]])


@damage("an invisible sign in a label", "labels", r"angry", r"look|invisible|two", proposed=True)
def _invisible(corpus: OwnCorpus) -> None:
    corpus.rows[0]["emotion"] = "angry\u200b"


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


@damage("a table passed over for names of files", "labels", r"labels\.csv", r"", proposed=True)
def _passed_over(corpus: OwnCorpus) -> None:
    """The table is one-hot, and says another thing than the names."""
    lines = [f"{row['file']},{int(i % 3 == 0)},{int(i % 3 == 1)},{int(i % 3 == 2)}"
             for i, row in enumerate(corpus.rows)]  # fmt: skip
    corpus.text = "\n".join(["file,angry,happy,sad", *lines]) + "\n"
