"""What a corpus on disk says of the clips of a run: seconds, speakers and files, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mserbench.data import corpus, dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.errors import DataError, MserbenchError, UsageError, plain
from mserbench.results.runs import Run


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A clip as its corpus has it; `file` lies below the corpus folder, `speaker` may be None."""

    seconds: float
    speaker: str | None
    file: str


@dataclass(frozen=True)
class LookedUp:
    """Clips by id; empty where `why_not` says why nothing is known of them here. `corpus` is what
    they were read from.
    """

    clips: Mapping[str, ClipFacts]
    why_not: str = ""
    corpus: Dataset | None = None

    @property
    def reason(self) -> str:
        """Why nothing is known of the clips, and what would help."""
        return "the corpus is not here (--data, and --task for one of your own)" + (
            f": {self.why_not}" if self.why_not else "."
        )


def look_up(
    run: Run, data: Path | None, task: str | None = None, progress: Progress | None = None
) -> LookedUp:
    """Return what the corpus of a run says of its clips, which `task` names where it is of one's
    own. A corpus that is not here, or is another one, is no error: a report says so.
    """
    # All of it is an extra: the report itself rests on the run alone.
    try:
        return look_up_all(run, data, task, progress)
    except MserbenchError as error:
        return LookedUp({}, plain(str(error), 200))


def look_up_all(
    run: Run, data: Path | None, task: str | None = None, progress: Progress | None = None
) -> LookedUp:
    """Return the same. Raises DataError where the corpus is not here or lacks clips of the run, and
    UsageError where nobody knows its task.
    """
    folder = corpus.data_folder(data)
    try:
        question = lookup.task(task or run.record.task.name, folder)
    except UsageError as error:
        if task is not None:
            raise
        raise UsageError(f"{error}; the file of a task of your own is given by --task") from error

    target = dataset.load(question, folder, allow_partial=True, progress=progress)
    clips = {
        item.utterance.id: ClipFacts(
            item.facts.seconds, item.utterance.speaker, item.utterance.audio
        )
        for item in target.items
    }

    # Of another edition, or of another folder of that name, facts would be of other clips.
    lacking = [row.id for row in run.rows if row.id not in clips]
    if lacking:
        raise DataError(
            f"corpus {question.corpus!r} here lacks {len(lacking)} of its clips (first "
            f"{lacking[0]!r}), or holds other audio under their names: 'mserbench data verify "
            f"{lookup.typed(question.corpus)}' says which"
        )

    return LookedUp(clips, corpus=target)
