"""The folder in the cache where a training keeps its checkpoint, named by contents and used by one
at a time.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from mserbench.disk import folders
from mserbench.disk.files import cache_dir
from mserbench.engine.processes import place
from mserbench.errors import UsageError
from mserbench.model import TrainingItem
from mserbench_training.learning import training_log


def identity(model: str, facts: Sequence[object], items: Sequence[TrainingItem]) -> str:
    """Return the name of a training: a digest of everything that decides its outcome."""
    rows = [(item.clip.key, item.label, item.speaker, item.language, item.corpus) for item in items]
    text = "\n".join(map(repr, [*facts, *rows]))
    return f"{model}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


@contextmanager
def own_folder(name: str) -> Iterator[Path]:
    """Give the folder of a training; it goes away when the training is done, and stays when it is
    cut off.

    Raises UsageError where another process is at it.
    """
    folder = cache_dir() / "training" / name
    folder.mkdir(parents=True, exist_ok=True)
    main = place().is_main

    try:
        with folders.held(folder / ".lock") if main else nullcontext():
            yield folder
    except folders.Busy:
        raise UsageError(
            f"the same training runs in another process, in {str(folder)!r}: wait for it"
        ) from None

    # Only when all went well: after a fault the checkpoint is what the next try goes on from.
    if main:
        shutil.rmtree(folder, ignore_errors=True)


def keep_log(folder: Path, out: Path) -> None:
    """Copy the log of a training to its weights; the main process alone does, as of others it may
    be gone already.
    """
    if place().is_main and (folder / training_log.NAME).exists():
        shutil.copyfile(folder / training_log.NAME, out / training_log.NAME)
