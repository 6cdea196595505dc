"""What a server says of itself and of a model, asked before each run, as part of the run's key.

A server lists its models, and an answer bears the name and the fingerprint of what gave it. So one
question goes out before a run, about a second of silence, and what comes is noted on disk: the
model that is made later, here or in another process, compares its answers with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mserbench.contracts import SAMPLE_RATE
from mserbench.disk.files import cache_dir, write_atomic
from mserbench.errors import DataError, ModelError, UsageError, why
from mserbench.labels import CANONICAL
from mserbench_openai.asking import body_of, canonical, wav_of, with_audio
from mserbench_openai.options import Options, address_of
from mserbench_openai.pacing import Budget
from mserbench_openai.replies import Reply, System, reply_of
from mserbench_openai.secret import Secret
from mserbench_openai.server import Server

# Of what a server lists of a model, these change from one asking to the next: vLLM, SGLang and
# llama.cpp give the moment of the question as `created`, vLLM a random id a permission, and
# llama.cpp and transformers say whether the model is in memory.
_FLEETING = ("created", "permission", "status", "in_cache")


@dataclass(frozen=True)
class Served:
    """What a server lists of a model, with headers that tell what it is; and what answers."""

    listed: Mapping[str, Any]
    system: System

    def to_json(self) -> str:
        """Return it as it is noted."""
        return canonical({"listed": self.listed, "system": self.system.record()})

    @classmethod
    def of_json(cls, text: str) -> Served:
        """Read what was noted. Raises ValueError, TypeError or KeyError for what is no note."""
        record = json.loads(text)
        return cls(dict(record["listed"]), System(**record["system"]))


def server_of(options: Options) -> Server:
    """Return the server of an address, with its key and its budget."""
    return Server(
        address_of(options.server).url,
        Secret(options.key_from),
        Budget(options.max_requests),
        options.timeout,
        options.tries,
    )


def listed(server: Server, options: Options) -> dict[str, Any]:
    """Ask a server what it lists of a model: size, root, owner, as far as it tells.

    Raises UsageError where no model is named, ModelError where the server does not answer.
    """
    address = address_of(options.server)
    entries = server.models()
    if not address.model:
        names = ", ".join(str(entry.get("id")) for entry in entries[:20])
        raise UsageError(
            f"the address {address.url!r} names no model{f'; it lists {names}' if names else ''}: "
            "put #MODEL behind it"
        )

    entry = next((entry for entry in entries if entry.get("id") == address.model), {})
    return {name: value for name, value in entry.items() if name not in _FLEETING}


def look(options: Options) -> Served:
    """Ask a server who it is now, by its list and by one question, and note what it says.

    Raises ModelError where it cannot be reached or refuses, UsageError where no model is named.
    """
    server = server_of(options)
    # First what costs nothing: a server that is not there is told at once.
    before = listed(server, options)
    system = _answering(server, options)
    if options.fingerprint == "record":
        system = replace(system, fingerprint="")

    # Again, as some list a model only once it is in memory, into which the question brought it.
    lasting = {**before, **listed(server, options)}
    served = Served({**server.headers, **lasting}, system)
    try:
        write_atomic(_note(options), served.to_json())
    except OSError as error:
        raise DataError(
            f"what the server says of itself cannot be kept in {str(_note(options))!r} "
            f"({error.strerror or why(error)}): make room there, or set MSERBENCH_CACHE to another "
            "folder"
        ) from error

    return served


def last(options: Options) -> Served:
    """Return what a server said of itself before this run, and ask it where nobody has. Raises as
    `look`.
    """
    try:
        return Served.of_json(_note(options).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        return look(options)


def _answering(server: Server, options: Options) -> System:
    """Ask about a second of silence, in the words of a question about a clip."""
    import numpy as np

    silence = wav_of(np.zeros(SAMPLE_RATE, dtype=np.float32))
    try:
        reply: Reply = reply_of(server.complete(with_audio(body_of(options, CANONICAL), silence)))
    except ModelError as error:
        raise ModelError(f"before the first clip, asked about a second of silence, {error}") from (
            error
        )

    return reply.system


def _note(options: Options) -> Path:
    """Return the file that holds what a server said last of one model, asked in one way."""
    parts = [options.server, options.revision, options.fingerprint, body_of(options, CANONICAL)]
    name = hashlib.sha256(canonical(parts).encode()).hexdigest()
    return cache_dir() / "openai" / f"served-{name}.json"
