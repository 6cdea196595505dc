"""What can be said of a corpus without opening audio: absent, complete, or what is wrong."""

from __future__ import annotations

import importlib.util
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mserbench.data import corpus, lookup
from mserbench.data.audio import CONTAINERS
from mserbench.data.corpus import Reading
from mserbench.errors import DataError, MserbenchError
from mserbench.report import alike

ABSENT = "absent"
MADE = "made on the spot when needed"
# What stands in a clone for a large file: a text that begins so, or a link to such a path.
_LFS = b"version https://git-lfs"
_ANNEX = "annex/objects/"
_LARGEST_POINTER = 1_024  # bytes; those of git-lfs have some 130, those of git-annex some 100


def status(name: str, data: Path | None) -> dict[str, Any]:
    """Return what is here of a corpus, as a record.

    It holds `corpus`, its `state` as a sentence, how many `utterances` it has here (or None), and
    its `folder`.

    Whatever is wrong with a corpus stands in its own record; nothing is raised, and nothing is
    made.
    """
    record: dict[str, Any] = {"corpus": name, "state": ABSENT, "utterances": None, "folder": ""}
    try:
        source = lookup.corpus(name)
        # Asking for its folder would make the corpus, which takes a minute or more.
        if source.card.access == "generated":
            return {**record, "state": MADE}

        try:
            root = corpus.find(source, data)
        except DataError:
            return record

        record["folder"] = str(root)
        reading = corpus.read(source, root)
    except MserbenchError as error:
        return {**record, "state": str(error)}
    except OSError as error:
        return {**record, "state": f"{str(error.filename)!r} cannot be read: {error.strerror}"}

    state = ". ".join(_states(reading))
    return {**record, "state": state, "utterances": len(reading.utterances)}


def _states(reading: Reading) -> list[str]:
    """Return whether a corpus that was read is complete, what is wrong, what its audio needs."""
    states = []
    if reading.problems:
        kinds = alike.together(reading.problems)
        states.append(kinds[0])
        if len(kinds) > 1:
            states[0] += f" (and {len(kinds) - 1} more)"

    if reading.without_audio:
        names = [utterance.audio for utterance in reading.without_audio]
        states.append(
            f"{len(names)} audio file(s) of labelled utterances are missing, such as "
            f"{_listed(names)}"
        )

    if pointers := _pointers(reading):
        states.append(
            f"{len(pointers)} audio file(s) are pointers of git-lfs or git-annex whose content was "
            f"not fetched, such as {_listed(pointers)}: run 'git lfs pull' or 'git annex get .'"
        )

    if not states:
        variant = reading.variant
        release = "a release whose counts are not known here"
        states.append(f"complete ({variant})" if variant else release)

    return [*states, *reading.stray, *_lacking(reading)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[: alike.FEW]))


def _pointers(reading: Reading) -> list[str]:
    """Return the audio files, sorted, of which a clone holds the name alone."""
    audio = sorted({utterance.audio for utterance in reading.utterances.values()})
    return [name for name in audio if _is_pointer(f"{reading.root}/{name}")]


def _is_pointer(path: str) -> bool:
    """Tell a file that stands for its content: the text of git-lfs, a text or a link of git-annex.

    Only files that are as small as such texts are opened.
    """
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return _ANNEX in os.readlink(path) and not os.path.exists(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_POINTER:
            return False

        with open(path, "rb") as file:
            return file.read(len(_LFS)).startswith((_LFS, f"/{_ANNEX}".encode()))
    except OSError:  # one that is missing or cannot be read is told as that
        return False


def _lacking(reading: Reading) -> list[str]:
    """Name the package that the audio needs and that is not here, if so."""
    suffixes = {
        utterance.audio.rpartition(".")[2].lower() for utterance in reading.utterances.values()
    }
    if not suffixes & set(CONTAINERS) or importlib.util.find_spec("av") is not None:
        return []
    return ["Its audio needs the package 'av': run pip install 'mserbench[video]'"]
