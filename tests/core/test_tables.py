"""Label files as text and rows: the right rows, or the line that is wrong; nothing is lost in
silence.
"""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.contracts import Fault
from mserbench.errors import DataError
from mserbench.tables import Row, rows, text

CELL = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=8)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), max_size=8)
HEADER = ["name", "label", "note"]


def written(table: list[list[str]], end: str = "\n", delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
        [HEADER, *table]
    )
    return file.getvalue()


def read(data: bytes, required: list[str]) -> list[Row | Fault] | str:
    """Return the rows, or the sentence of the error."""
    try:
        return list(rows("t.csv", data, required))
    except DataError as error:
        return str(error)


def values(parsed: list[Row | Fault]) -> list[list[str]]:
    assert all(isinstance(row, Row) for row in parsed), parsed
    return [list(row.values.values()) for row in parsed if isinstance(row, Row)]


@given(
    TABLE,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(",;\t"),
)
def test_a_table_of_any_publisher_gives_its_rows(
    table: list[list[str]], end: str, encoding: str, sign: str
) -> None:
    parsed = list(rows("t.csv", written(table, end, sign).encode(encoding), HEADER, sign))
    assert values(parsed) == [[cell.strip() for cell in row] for row in table]
    assert [row.line for row in parsed if isinstance(row, Row)] == list(range(2, len(table) + 2))


@given(TABLE, st.data())
def test_a_table_cut_off_anywhere_gives_whole_rows_and_at_most_one_fault(
    table: list[list[str]], data: st.DataObject
) -> None:
    whole = written(table).encode()
    cut = whole[: data.draw(st.integers(len(",".join(HEADER)) + 6, len(whole)))]
    parsed = read(cut, HEADER)
    if isinstance(parsed, str):  # cut inside a character: then it is another encoding, or none
        assert "'t.csv'" in parsed
        return

    assert sum(isinstance(row, Fault) for row in parsed) <= 1
    good = [list(row.values.values()) for row in parsed if isinstance(row, Row)]
    complete = len([line for line in cut.split(b"\n")[1:-1] if line])
    assert len(good) >= complete, "a whole row is lost"


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_faults_or_one_error(data: bytes) -> None:
    parsed = read(data, ["name"])
    sentences = (
        [parsed]
        if isinstance(parsed, str)
        else [row.sentence for row in parsed if isinstance(row, Fault)]
    )
    assert all("label file 't.csv'" in sentence for sentence in sentences)


@given(TABLE.filter(bool), st.data())
def test_no_line_is_lost_in_silence(table: list[list[str]], data: st.DataObject) -> None:
    """A stray quote in one line must not swallow those below it."""
    lines = written(table).split("\n")[:-1]
    position = data.draw(st.integers(1, len(lines) - 1))
    lines[position] = lines[position].replace('"', "", 1)
    parsed = list(rows("t.csv", "\n".join(lines).encode(), HEADER))
    assert len(parsed) == len(table)
    unchanged = [row for number, row in enumerate(parsed, 1) if number != position]
    assert values(unchanged) == [
        [c.strip() for c in row] for number, row in enumerate(table, 1) if number != position
    ]


def test_faults_name_file_line_and_what_was_expected() -> None:
    data = b'name,label\na,happy\nb\n\nc,sad,more\n"d,sad\ne,"x"y\n  \nf,angry'
    parsed = list(rows("labels.csv", data, ["name"]))
    good = [(row.line, dict(row.values)) for row in parsed if isinstance(row, Row)]
    assert good == [(2, {"name": "a", "label": "happy"}), (9, {"name": "f", "label": "angry"})]
    faults = [row.sentence for row in parsed if isinstance(row, Fault)]
    assert faults[:2] == [
        "label file 'labels.csv', line 3: 1 fields were found, 2 expected, in 'b'",
        "label file 'labels.csv', line 5: 3 fields were found, 2 expected, in 'c,sad,more'",
    ]
    assert [sentence.partition(": ")[0] for sentence in faults[2:]] == [
        "label file 'labels.csv', line 6", "label file 'labels.csv', line 7"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "header",
    ["", "nome,label", "name,name", "name;label", '"name', "label,name,label", "\ufeff\ufeffname"],
)
def test_a_header_without_the_columns_is_an_error_that_shows_it(header: str) -> None:
    with pytest.raises(
        DataError, match=r"label file 't\.csv', line 1: the columns \['name'\] were expected"
    ):
        list(rows("t.csv", f"{header}\na,b\n".encode(), ["name"]))


def test_blanks_around_names_and_values_do_not_count() -> None:
    (row,) = rows("t.csv", b" name , label\n a , b c \n", ["label"])
    assert row == Row(2, {"name": "a", "label": "b c"})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("é".encode("utf-16"), "é"),
        (b"\xfe\xff\x00a", "a"),
        (b"Col\xe8re \x93x\x94", "Colère “x”"),
        ("ё".encode(), "ё"),
    ],
)
def test_text_is_decoded_by_its_mark_or_as_utf_8_or_as_windows(data: bytes, expected: str) -> None:
    assert text("t.txt", data) == expected


@pytest.mark.parametrize(
    "data", [b"a\0b", b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\x81", "a".encode("utf-16-le")]
)
def test_what_is_no_text_is_named(data: bytes) -> None:
    with pytest.raises(
        DataError, match=r"label file 't\.txt' is not text .*: get it from the publisher again"
    ):
        text("t.txt", data)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_utf_8_is_never_taken_for_something_else(content: str) -> None:
    content = content.lstrip("\ufeff")
    assert text("t", content.encode()) == content.replace("\r\n", "\n").replace("\r", "\n")
