"""Several finished runs: a list that is a table too, a row a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mserbench.results import tables_html
from mserbench.results.runs import Run

if TYPE_CHECKING:
    import pandas as pd


class Runs(list[Run]):
    """Runs in the order in which they were made; a notebook displays them as a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return a row a run: names, counts, metrics as fractions of 1, the 95 % interval of UA
        (`UA_low`, `UA_high`; missing with too few speakers), verdict, marks, folder.
        """
        import pandas as pd

        return pd.DataFrame([_facts(run) for run in self], columns=list(_COLUMNS))

    @property
    def frame(self) -> pd.DataFrame:
        """The same as `to_frame()`."""
        return self.to_frame()

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "<no runs>"

    def _repr_html_(self) -> str:
        return tables_html.table([run.cells() for run in self]) or "no runs"


_COLUMNS = (
    "task", "model", "n", "speakers", "UA", "UA_low", "UA_high", "WA", "WF1", "MF1", "unparsed",
    "verdict", "heard", "marks", "folder",
)  # fmt: skip


def _facts(run: Run) -> dict[str, Any]:
    low, high = run.intervals["UA"] or (None, None)
    return {
        "task": run.record.task.name,
        "model": run.name,
        "n": run.record.counts.scored,
        # Where no speaker is known, intervals are over clips.
        "speakers": None if run.by_clip else run.record.statistics.clusters,
        **{name: run.metrics[name] for name in ("UA", "WA", "WF1", "MF1", "unparsed")},
        "UA_low": low,
        "UA_high": high,
        "verdict": run.verdict,
        "heard": run.heard,
        "marks": ", ".join(run.marks),
        "folder": str(run.folder),
    }
