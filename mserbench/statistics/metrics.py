"""The metrics of a run, each a pure function of the counts of true and predicted labels.

Symbols: n[t, p] counts the utterances of true label t that were answered p. The last column, u,
holds the answers that could not be read or lie outside the label set: they belong to no label, so
they are wrong. For a label c: support s_c = sum_p n[c, p] and answers a_c = sum_t n[t, c]; recall
r_c = n[c, c] / s_c, precision q_c = n[c, c] / a_c and F1 f_c = 2 n[c, c] / (s_c + a_c), where 0/0
is 0. N = sum_c s_c utterances; P is the set of labels with s_c > 0, |P| their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics.names import METRICS as METRICS

Counts: TypeAlias = NDArray[Any]
"""Whole numbers: int64, or float64 where they come out of a matrix product."""


def cells(
    truth: Sequence[str], prediction: Sequence[str | None], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Return for each utterance the cell of the flattened confusion matrix in which it counts.

    Args:
        truth: true label of each utterance, length n. prediction: answer for each utterance, length
        n; None, "" and any text outside `labels` are unparsed. labels: the K labels of the task, in
        its order.

    Returns:
        int64, (n,), in [0, K * (K + 1)): row * (K + 1) + column, the unparsed being column K.

    Raises:
        ValueError: lengths differ, a true label is outside `labels`, or `labels` is empty or
            holds an empty or repeated label.
    """
    if len(truth) != len(prediction):
        raise ValueError(
            f"truth has {len(truth)} labels but prediction {len(prediction)}: pass one of each an "
            "utterance"
        )

    column: dict[str | None, int] = {label: number for number, label in enumerate(labels)}
    if not labels or len(column) != len(labels) or "" in column:
        raise ValueError(
            f"labels {list(labels)!r} lack a label or hold an empty or repeated one: pass each "
            "label of the task once"
        )

    rows = [column.get(label, -1) for label in truth]
    if -1 in rows:
        at = rows.index(-1)
        raise ValueError(
            f"true label {truth[at]!r} at position {at} is not one of {list(labels)!r}: map it to "
            "one of them, or drop the utterance"
        )

    columns = [column.get(answer, len(labels)) for answer in prediction]
    return np.array(rows, dtype=np.int64) * (len(labels) + 1) + np.array(columns, dtype=np.int64)


def confusion(
    truth: Sequence[str], prediction: Sequence[str | None], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Count the utterances of each true label (row) by answer (column); arguments and errors as
    `cells`.

    Returns:
        int64, (K, K + 1): rows and the first K columns in the order of `labels`, the last column
        unparsed.

    >>> confusion(["sad", "sad", "happy"], ["sad", "", "sad"], ["happy", "sad"])
    array([[0, 1, 0],
           [0, 1, 1]])
    """
    size = len(labels)
    counts = np.bincount(cells(truth, prediction, labels), minlength=size * (size + 1))
    return counts.astype(np.int64, copy=False).reshape(size, size + 1)


def metrics(counts: Counts) -> dict[str, Any]:
    """Return every metric of `METRICS` as a fraction of 1.

    Over the labels of the task, with the symbols at the top of this module:

    - UA (unweighted average recall) = sum over P of r_c / |P|: the mean recall of the labels in the
      truth.
    - WA (weighted average recall, accuracy) = sum_c n[c, c] / N.
    - WF1 (weighted F1) = sum_c s_c f_c / N.
    - MF1 (macro F1) = sum over P of f_c / |P|: a label absent from the truth neither adds to it nor
      counts.
    - precision (weighted) = sum_c s_c q_c / N.
    - unparsed = sum_c n[c, u] / N.

    They equal scikit-learn's with `labels` given, `zero_division=0`, and for UA and MF1 only the
    labels in the truth. Without that restriction a label the corpus lacks would count as a recall
    of 0.

    Args:
        counts: (..., K, K + 1) as `confusion` gives them; leading axes are independent matrices.

    Returns:
        For one matrix a float each, else float64 arrays of the leading shape; in [0, 1].

    Raises:
        ValueError: the shape is not (..., K, K + 1), or a matrix counts no utterance.

    >>> metrics(confusion(["a", "a"], ["a", "b"], ["a", "b"]))["UA"]  # "b" is not in the truth
    0.5
    """
    hits, support, answered = _margins(counts)
    total, present = support.sum(-1), (support > 0).sum(-1)

    # 0 for a label that is not in the truth, as it has no hits.
    f1 = _ratio(2 * hits, support + answered)
    values = (
        _ratio(hits, support).sum(-1) / present,
        hits.sum(-1) / total,
        (support * f1).sum(-1) / total,
        f1.sum(-1) / present,
        (support * _ratio(hits, answered)).sum(-1) / total,
        counts[..., -1].sum(-1) / total,
    )

    return {
        name: value if value.ndim else float(value)
        for name, value in zip(METRICS, values, strict=True)
    }


def recall_per_label(counts: Counts) -> NDArray[np.float64]:
    """Return r_c of each label: float64, (..., K), in [0, 1]; NaN for a label that is not in the
    truth.

    Args and errors as `metrics`.

    >>> recall_per_label(confusion(["a", "a"], ["a", "b"], ["a", "b"]))
    array([0.5, nan])
    """
    hits, support, _ = _margins(counts)
    return np.where(support > 0, _ratio(hits, support), np.nan)


def best_constant(truth: Sequence[str], labels: Sequence[str]) -> tuple[str, dict[str, float]]:
    """Return the label that scores best when given as the answer to everything, and its metrics.

    That is the most frequent label, the first in `labels` where several tie. WA, WF1, MF1 and
    precision are the highest a constant can reach; the UA of any constant in the truth is 1 / |P|.

    Raises:
        ValueError: `truth` is empty or holds a label outside `labels`.

    >>> best_constant(["sad", "sad", "happy"], ["happy", "sad"])[0]
    'sad'
    """
    support = confusion(truth, truth, labels).sum(-1)
    if not support.sum():
        raise ValueError(
            "truth holds no utterance, and a constant answer needs at least one to be scored"
        )

    label = labels[int(support.argmax())]
    return label, metrics(confusion(truth, [label] * len(truth), labels))


def _margins(counts: Counts) -> tuple[Counts, Counts, Counts]:
    """Return the hits, the support and the number of answers of each label, each of shape (...,
    K).
    """
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2] + 1:
        raise ValueError(
            f"counts have shape {counts.shape}, expected (..., K, K + 1) as confusion() gives them"
        )

    support = counts.sum(-1)
    if not support.sum(-1).all():
        raise ValueError(
            "counts hold no utterance, and metrics need at least one: check what was scored"
        )

    return np.diagonal(counts, axis1=-2, axis2=-1), support, counts[..., :-1].sum(-2)


def _ratio(part: Counts, whole: Counts) -> NDArray[np.float64]:
    """Divide counts by counts; 0/0 is 0, since whole numbers below 1 are 0 and then so is their
    part.
    """
    return np.asarray(part / np.maximum(whole, 1), dtype=np.float64)
