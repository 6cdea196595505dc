"""Runs in the worker's own environment: serves a file that defines `predict` by JSON lines.

`python serve.py FILE.py ARGUMENT...`. Standard library alone, Python 3.8 or newer; the protocol is
docs/worker.md. What the file and its libraries print goes to the log, not into the protocol.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import runpy
import sys
import traceback
from typing import Any, TextIO

PROTOCOL = 1


class _WrongAnswer(Exception):
    """What `predict` returned is no answer; the text says why, and no traceback of ours helps."""


def main() -> None:
    """Introduce the worker, then answer a request a line until the input ends."""
    requests, replies = _apart()
    file = sys.argv[1]
    # As if the file had been started itself: its arguments, and its neighbours to import.
    sys.argv = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    worker = runpy.run_path(file, run_name="worker")
    if not callable(worker.get("predict")):
        sys.exit(
            f"{file} defines no function 'predict(audio, labels)': define it, or give a command "
            "that speaks the protocol itself"
        )

    _write(replies, _hello(worker, file))
    for line in requests:
        request = json.loads(line)
        try:
            answer = worker["predict"](_audio(request), request["labels"])
            _write(replies, {"id": request["id"], **_reply(answer, worker.get("LABELS"))})
        except _WrongAnswer as error:
            _write(replies, {"id": request["id"], "error": str(error)})
        except Exception as error:
            traceback.print_exc()
            _write(replies, {"id": request["id"], "error": f"{type(error).__name__}: {error}"})


def _apart() -> tuple[TextIO, TextIO]:
    """Keep the two pipes of the protocol for us alone; prints go to the log."""
    # Copies, as 0 and 1 are what every library reads and prints by.
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def _hello(worker: dict[str, Any], file: str) -> dict[str, Any]:
    """Return the handshake, from the names in capitals that the file defines."""
    name = os.path.splitext(os.path.basename(file))[0]
    return {
        "mserbench": PROTOCOL,
        "name": worker.get("NAME", name),
        "version": str(worker.get("VERSION", "1")),
        "labels": _listed(worker.get("LABELS")),
        "wants": worker.get("WANTS", "path"),
        "exposure": list(worker.get("EXPOSURE", [])),
        "exposure_complete": bool(worker.get("EXPOSURE_COMPLETE", False)),
        "licence": worker.get("LICENCE", "unknown"),
        "citation": worker.get("CITATION", ""),
        "packages": _packages(),
    }


def _listed(labels: Any) -> Any:
    """Return labels as JSON has them; a text stays one, to be refused, and is not spelt out."""
    return labels if labels is None or isinstance(labels, str) else list(labels)


def _packages() -> dict[str, str]:
    """Return the versions of the installed packages that the worker has imported."""
    from importlib import metadata

    versions = {}
    for name in sorted({module.partition(".")[0] for module in list(sys.modules)}):
        # Of the standard library, and of the file's own modules, there is none.
        with contextlib.suppress(Exception):
            versions[name] = metadata.version(name)

    return versions


def _audio(request: dict[str, Any]) -> Any:
    """Return the path of a wav file, or the samples: float32, 16 kHz mono."""
    if "path" in request:
        return request["path"]

    import numpy

    return numpy.frombuffer(base64.b64decode(request["samples"]), "<f4").copy()


def _reply(answer: Any, labels: Any) -> dict[str, Any]:
    """Return scores by label, or a text, as JSON has them.

    Raises _WrongAnswer for what is neither, nor as many scores as there are `labels`.
    """
    if isinstance(answer, str):
        return {"text": answer}
    is_mapping = hasattr(answer, "keys")
    n_scores = len(answer) if hasattr(answer, "__len__") else 0
    # An array or a tensor of scores, in the order of the labels.
    if labels is not None and not is_mapping and n_scores == len(labels):
        return _reply(dict(zip(labels, answer)), labels)  # noqa: B905 (no `strict` in Python 3.8)

    if not is_mapping:
        raise _WrongAnswer(
            f"predict returned {str(answer)[:100]!r}, but a score for each of LABELS was expected, "
            "by label or in their order; or a text, without LABELS"
        )

    scores = dict(answer).items()
    return {"scores": {str(label): _score(label, score) for label, score in scores}}


def _score(label: Any, score: Any) -> float:
    """Return a score as a number. Raises _WrongAnswer for what is none, by its label."""
    try:
        return float(score)
    except (TypeError, ValueError) as error:
        raise _WrongAnswer(
            f"predict gave {label!r} the score {str(score)[:100]!r}, but a number was expected"
        ) from error


def _write(replies: TextIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
