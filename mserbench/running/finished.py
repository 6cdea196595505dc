"""Weights that are there already: whether they are those of the training that is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mserbench.engine.processes import Place
from mserbench.errors import UsageError
from mserbench.report import progress
from mserbench.results.manifest import MANIFEST, Source, Stage, read_manifest


def may_be_done(out: Path, place: Place) -> bool:
    """Say whether `out` holds weights, which the same command may have written before.

    Of several processes that train together none may end before the others: there it is False.
    """
    return place.count == 1 and (out / MANIFEST).is_file()


def require_same(out: Path, stage: Stage, version: str, sources: Iterable[Source]) -> None:
    """Say that a training is done, where the weights in `out` are those that it would give.

    Same are model, version, options, tasks and the audio of their clips. Raises UsageError where
    they are of another training, and DataError where they are damaged.
    """
    there = read_manifest(out)
    last = there.stages[-1]
    clips = {source.task: source.clips for source in there.sources}
    same = (
        (last.model, last.on, last.validated_on) == (stage.model, stage.on, stage.validated_on)
        and (last.options, last.chosen_on) == (stage.options, stage.chosen_on)
        and there.model_version == version
        and clips == {source.task: source.clips for source in sources}
    )
    if not same:
        raise UsageError(
            f"output folder {str(out)!r} is not empty, it holds weights of another training: give "
            "another --out, or remove it first"
        )

    progress.tell(
        f"{str(out)!r} holds the weights of this very training already: nothing was trained; "
        "remove it to train anew"
    )
