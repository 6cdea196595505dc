"""The options of the model `openai`, and what `URL#MODEL` says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from mserbench.errors import UsageError
from mserbench.options import check_ranges, option

_EXAMPLE = "http://localhost:8000/v1#MODEL"


@dataclass(frozen=True)
class Options:
    """Options of `openai`. Raises UsageError for a value out of its range."""

    server: str = option(
        "",
        f"Address of the server and name of the model, `{_EXAMPLE}`.",
        "none: it must be given",
    )
    prompt: str = option(
        "default",
        "A text file with `{labels}` in it, or a packaged prompt: default, feels, question, "
        "annotator.",
        "assumed: no prompt was chosen on any target",
    )
    scores: Literal["text", "logprobs"] = option(
        "text",
        "`text` reads the answer as one of the labels; `logprobs` scores each label by the "
        "log-probability of the answer's first token, where the server gives it.",
        "assumed: every server answers in text",
    )
    max_tokens: int = option(
        64,
        "Tokens of the longest answer; more for models that think first.",
        "assumed: a label is a few tokens",
        within="at least 1",
    )
    seed: int = option(0, "Seed that the server is given.", "assumed: any will do")
    extra: str = option(
        "{}",
        "JSON object that is laid over the body of each request; null takes a key away.",
        "assumed: the protocol's own keys suffice",
    )
    served_as: str = option(
        "",
        "Name that the server's answers bear, where it is another than that of the model.",
        "assumed: the model's own name, or that with a date behind it",
    )
    revision: str = option(
        "",
        "Any text that tells this model from another that the server lists alike, such as its "
        "precision; another one, and all is asked anew.",
        "assumed: what the server lists tells models apart",
    )
    fingerprint: Literal["key", "record"] = option(
        "key",
        "`key`: the fingerprint that answers bear is part of a run, so that another system behind "
        "the same name is another run; `record`: it is in the record alone, for a vendor whose "
        "fingerprint changes from one answer to the next.",
        "assumed: servers that give a fingerprint give the same one as long as they are the same",
    )
    key_from: str = option(
        "OPENAI_API_KEY",
        "Environment variable that holds the key; without it none is sent.",
        "the name that clients of this protocol read",
        group="How it is asked, which changes no answer",
        conduct=True,
    )
    concurrency: int = option(
        4,
        "Requests that are on their way at once.",
        "assumed: few enough for a small server",
        within="at least 1",
        conduct=True,
    )
    max_requests: int = option(
        0,
        "Requests that one command may send, repeated ones included; 0 is without limit.",
        "assumed: answers are kept, so a limit is for those who pay",
        within="0 or more",
        conduct=True,
    )
    timeout: float = option(
        120.0,
        "Seconds that one request may take.",
        "assumed: a large model answers in seconds",
        within="above 0",
        conduct=True,
    )
    tries: int = option(
        6,
        "Times that a request is sent where the server is busy, broken or silent.",
        "assumed: with the pauses between them half a minute in all",
        within="at least 1",
        conduct=True,
    )

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def over_body(self) -> dict[str, Any]:
        """What is laid over the body of requests. Raises UsageError where it is no JSON object."""
        try:
            laid = json.loads(self.extra)
        except ValueError:
            laid = None

        if not isinstance(laid, dict):
            raise UsageError(
                f"option extra of model 'openai' is {self.extra!r}, but a JSON object was "
                'expected, such as {"top_p": 1}'
            )

        if fixed := sorted({"model", "messages"} & set(laid)):
            raise UsageError(
                f"option extra of model 'openai' sets {fixed[0]!r}, which the address and the "
                "prompt decide: leave it out"
            )

        return laid


@dataclass(frozen=True)
class Address:
    """Where a model is served: `url` without a slash at its end, and the model's name there."""

    url: str
    model: str


def address_of(text: str) -> Address:
    """Read `URL#MODEL`; the model may be missing. Raises UsageError for another form.

    A name with a password, and a query, are refused: they would stand in records.
    """
    if not text:
        raise UsageError(
            f"model 'openai' has no server: give its address, --model openai:{_EXAMPLE}"
        )

    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False

    # Before the text is quoted: it may hold a secret.
    if is_address and ("@" in parts.netloc or parts.query):
        raise UsageError(
            "the address of the server holds a password or a query, which would stand in records: "
            "leave it out and set the environment variable that option key_from names"
        )
    if not is_address:
        raise UsageError(f"server {text!r} is no address: give one such as {_EXAMPLE}")

    return Address(f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), parts.fragment)
