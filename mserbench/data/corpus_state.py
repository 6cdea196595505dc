"""What can be said of a corpus without opening audio: absent, complete, or what is wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from mserbench.data import corpus, lookup
from mserbench.data.audio import CONTAINERS
from mserbench.data.corpus import Reading
from mserbench.errors import DataError, MserbenchError

ABSENT = "absent"
MADE = "made on the spot when needed"


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
        states.append(reading.problems[0])
        if len(reading.problems) > 1:
            states[0] += f" (and {len(reading.problems) - 1} more)"

    if reading.without_audio:
        first = reading.without_audio[0].audio
        states.append(
            f"{len(reading.without_audio)} audio file(s) of labelled utterances are missing, such "
            f"as {first!r}"
        )

    if not states:
        variant = reading.variant
        release = "a release whose counts are not known here"
        states.append(f"complete ({variant})" if variant else release)

    return [*states, *_lacking(reading)]


def _lacking(reading: Reading) -> list[str]:
    """Name the package that the audio needs and that is not here, if so."""
    suffixes = {
        utterance.audio.rpartition(".")[2].lower() for utterance in reading.utterances.values()
    }
    if not suffixes & set(CONTAINERS) or importlib.util.find_spec("av") is not None:
        return []
    return ["Its audio needs the package 'av': run pip install 'mserbench[video]'"]
