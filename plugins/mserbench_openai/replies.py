"""What a server answered, as it is kept: its text, its log-probabilities, and who answered."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any, TypeGuard

from mserbench.errors import ModelError
from mserbench.labels import LONGEST, SYNONYMS

EMPTY = "(no answer)"
REFUSED = "(refused)"
NO_CHOICE = "no choice"
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_END_OF_THOUGHT = re.compile(r".*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_AROUND = " \t\n\r\"'`*_#.,:;!-▁Ġ"  # beside words, also as tokens show a space
_UNLISTED = 1.0  # nats that a label lies below the least likely token that the server lists


@dataclass(frozen=True)
class System:
    """What gave an answer, as far as the answer tells; empty texts where it does not.

    `model` is the name that it bears. `fingerprint` is the protocol's `system_fingerprint`: of
    vLLM its version and a hash of its configuration, of llama.cpp its build. `weights` is the
    `weight_version` of SGLang.
    """

    model: str = ""
    fingerprint: str = ""
    weights: str = ""

    def record(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return asdict(self)

    def text(self) -> str:
        """Return it as one text, the same for the same system."""
        return json.dumps(self.record(), sort_keys=True)

    def differs(self, before: System) -> bool:
        """Whether both tell something, and not the same: what is left out tells nothing."""
        pairs = zip(astuple(self), astuple(before), strict=True)
        return any(now and then and now != then for now, then in pairs)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value!r}" for name, value in self.record().items() if value)


@dataclass(frozen=True)
class Reply:
    """An answer to one clip. `top` are the likeliest first tokens with their log-probabilities.

    `refusal` is what the server says where the model declines; `finish` why the text ended.
    """

    text: str
    model: str
    fingerprint: str = ""
    refusal: str = ""
    finish: str = ""
    top: tuple[tuple[str, float], ...] = ()
    weights: str = ""

    @property
    def system(self) -> System:
        """What gave it."""
        return System(self.model, self.fingerprint, self.weights)

    def to_json(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Reply:
        """Read what was kept."""
        record = json.loads(text)
        top = tuple((str(token), float(value)) for token, value in record.pop("top"))
        return cls(**record, top=top)

    @property
    def answer(self) -> str:
        """The text that is read as a label: what a model thought before is left out.

        Thinking that was cut off, a refusal and an empty text hold no label.
        """
        if self.refusal or self.finish == "content_filter":
            return REFUSED

        spoken = _THOUGHT.sub(" ", self.text)
        # Some servers take the opening tag into their template, so that only the end is written.
        spoken = _END_OF_THOUGHT.sub(" ", spoken)
        spoken = _OPEN_THOUGHT.split(spoken)[0].strip()
        # Longer than any answer that is read.
        if len(spoken) > LONGEST:
            return f"({len(spoken):,} characters)"

        return spoken or EMPTY


def reply_of(body: Mapping[str, Any]) -> Reply:
    """Return the answer that a server's JSON object holds; it ends by `NO_CHOICE` where there is no
    choice in it.

    Fields of other types than the protocol's count as absent.
    """
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        choice = {"finish_reason": NO_CHOICE}

    message, metadata = choice.get("message"), body.get("metadata")
    message = message if isinstance(message, dict) else {}
    metadata = metadata if isinstance(metadata, dict) else {}
    return Reply(
        text=_text(message.get("content")),
        model=_text(body.get("model")),
        fingerprint=_text(body.get("system_fingerprint")),
        refusal=_text(message.get("refusal")),
        finish=_text(choice.get("finish_reason")),
        top=_first_tokens(choice.get("logprobs")),
        weights=_text(metadata.get("weight_version")),
    )


def scores_of(reply: Reply, labels: Sequence[str]) -> list[float]:
    """Return a log-probability for each label, from the likeliest first tokens of the answer.

    A token counts for the one label that it begins, or a synonym of it; one that begins two counts
    for none. A label that no listed token begins gets less than the least of them. Where none is
    begun, and of a refusal, all are equal: a tie. Raises ModelError where the server lists no
    tokens.
    """
    if not reply.top and reply.answer in (EMPTY, REFUSED):
        return [0.0] * len(labels)
    if not reply.top:
        raise ModelError(
            "the server gives no log-probabilities of tokens: leave option scores out, so that "
            "the answer is read as text"
        )

    shares = dict.fromkeys(labels, 0.0)
    for token, value in reply.top:
        begun = _begun_by(token, labels)
        if len(begun) == 1:
            shares[begun.pop()] += math.exp(value)

    least = min(value for _, value in reply.top) - _UNLISTED
    return [math.log(shares[label]) if shares[label] > 0 else least for label in labels]


def _begun_by(token: str, labels: Sequence[str]) -> set[str]:
    """Return the labels whose name or synonym begins with a token."""
    start = token.strip(_AROUND).casefold()
    if not start:
        return set()

    names = {label.casefold().replace("_", " "): label for label in labels}
    names |= {word: label for word, label in SYNONYMS.items() if label in labels}
    return {label for word, label in names.items() if word.startswith(start)}


def _first_tokens(record: Any) -> tuple[tuple[str, float], ...]:
    """Return the likeliest tokens at the place where the answer begins, after any thinking."""
    content = record.get("content") if isinstance(record, dict) else None
    places = (
        [place for place in content if isinstance(place, dict)] if isinstance(content, list) else []
    )
    thought = [at for at, place in enumerate(places) if "</think" in _text(place.get("token"))]
    for place in places[thought[-1] + 1 if thought else 0 :]:
        # Quotes, stars and blanks may stand before the word.
        if not _text(place.get("token")).strip(_AROUND):
            continue

        listed = place.get("top_logprobs")
        entries = (
            [entry for entry in listed if isinstance(entry, dict)]
            if isinstance(listed, list)
            else []
        )
        pairs = [(_text(entry.get("token")), entry.get("logprob")) for entry in entries]
        return tuple((token, float(value)) for token, value in pairs if _is_finite(value))

    return ()


def _is_finite(value: Any) -> TypeGuard[float]:
    # Booleans are numbers to Python; some servers list infinite ones.
    return type(value) in (int, float) and math.isfinite(value)


def _text(value: Any) -> str:
    """Return a text, or the texts of the parts that some servers answer in, joined."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""
