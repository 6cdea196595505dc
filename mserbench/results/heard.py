"""The clips that a run heard, in the corpus as it is here: the same audio, or an error."""

from __future__ import annotations

from mserbench.data import index
from mserbench.data.dataset import Dataset, Item
from mserbench.errors import DataError
from mserbench.results.runs import Run


def items(run: Run, corpus: Dataset) -> tuple[Item, ...]:
    """Return the clips that a run scored, sorted by id.

    A run of sent predictions does not say which audio was heard, so its ids alone are held to the
    corpus. Raises DataError where a clip is not here, or its audio is other than the run heard.
    """
    ids = {row.id for row in run.rows}
    chosen = tuple(item for item in corpus.items if item.utterance.id in ids)
    digest = run.record.corpus.index_digest
    is_same = digest in (None, index.digest({item.utterance.id: item.facts for item in chosen}))
    if is_same and len(chosen) == len(ids):
        return chosen

    raise DataError(
        f"run {str(run.folder)!r} scored other audio than that of corpus {corpus.card.name!r} "
        f"here, where {len(chosen)} of its {len(ids)} clips are: give the data that it was made "
        "with by --data, or run it again"
    )
