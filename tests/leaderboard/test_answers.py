"""The quick reader of predictions against the careful one, on files sound and spoilt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.results import predictions
from mserbench.results.predictions import Prediction
from mserbench.statistics import metrics
from mserbench_leaderboard.answers import read

LABELS = ("happy", "sad", "angry", "zärtlich")
SOUND = "id,label,prediction,score_happy,answer\na,sad,happy,1,\nb,happy,,2,x\n"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
rows = st.lists(
    st.tuples(texts, st.sampled_from(LABELS), st.sampled_from((*LABELS, "")), texts),
    min_size=1,
    unique_by=lambda row: row[0],
)


@given(rows)
def test_it_reads_what_was_written(given_rows: list[tuple[str, str, str, str]]) -> None:
    """An answer counted in another cell than the careful reader's would change ranks and pictures
    unseen.
    """
    written = sorted(
        (
            Prediction(identity, label, label_answered, (), answer)
            for identity, label, label_answered, answer in given_rows
        ),
        key=_id,
    )
    ids, truth, cells = read(predictions.write(written, LABELS).encode(), LABELS)
    assert ids == tuple(row.id for row in written)
    assert truth == tuple(row.label for row in written)
    expected = metrics.cells(truth, [row.prediction for row in written], LABELS)
    np.testing.assert_array_equal(cells, expected)


def _id(row: Prediction) -> str:
    return row.id


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a,sad", "c,sad"),  # not sorted
        ("b,happy", "a,happy"),  # twice
        ("happy,1", "happyx,1"),  # no label
        ("happy,1", "happy\0,1"),  # nor with what numpy would strip
        ("a,sad", "a,"),  # no truth
        ("a,sad", "a,merry"),
        (",1,\n", ",1,,\n"),  # a field too many
        (",1,\nb,", ",1\nb,,"),  # as many commas, but not in each line
        ("id,label", "label,id"),
        (SOUND[SOUND.index("\n") :], "\n"),  # no row
        (SOUND, ""),
        (SOUND, "id,label,prediction\na,sad,sad\n"),  # no answer column
    ],
)
def test_a_spoilt_file_is_refused(old: str, new: str, quoted: bool) -> None:
    """A file read crookedly gives a number that looks like any other."""
    assert old in SOUND
    spoilt = SOUND.replace(old, new).replace("2,x", '2,"x"') if quoted else SOUND.replace(old, new)
    with pytest.raises(ValueError, match="the predictions"):
        read(spoilt.encode(), LABELS)
