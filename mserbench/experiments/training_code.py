"""Which code trained the weights of an experiment: where it has changed, they are trained anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from mserbench.experiments.learning import Training
from mserbench.model import Model
from mserbench.options import make_options
from mserbench.report import progress
from mserbench.running.source import files_of, source_of

CODE = "code"  # the key of the note beside the weights


def code_of(kind: type[Model], training: Training) -> str:
    """Return a digest of the code of a model, and of the files that its options name.

    Raises OSError where such a file cannot be read.
    """
    settings = make_options(kind, dict(training.options), training.model)
    digests = [source_of(kind), files_of(settings)]
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def name_for(out: Path, name: str, code: str) -> str:
    """Return the name below `out` for weights that some code trains.

    That is `name`, as in experiments from before the code was noted; where the note beside it tells
    of other code, that stays, and the code becomes part of the name.
    """
    before = _noted(out / f"{name}.json")
    if before in (None, code):
        return name

    progress.tell(
        f"{name!r} was trained by code or files that have changed since: it stays, and is not used"
    )
    return f"{name}-{code[:8]}"


def _noted(note: Path) -> str | None:
    """Return the code of a note; None where there is none, or it is older than that."""
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))[CODE])
    except (OSError, ValueError, KeyError, TypeError):
        return None
