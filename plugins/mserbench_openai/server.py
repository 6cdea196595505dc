"""A server that speaks the protocol: asked until it answers, its faults told in one sentence."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mserbench.errors import ModelError, plain, why
from mserbench_openai.pacing import PATIENCE, Budget, Pacing, asked_pause, pause
from mserbench_openai.secret import Secret

if TYPE_CHECKING:
    import requests

_CONNECT = 10.0  # seconds to get a connection
_PIECE = 65_536  # bytes read at once
_MOST = 16_000_000  # bytes of an answer; log-probabilities of many tokens are a few thousand
_SHOWN = 300  # characters of what a server says of a fault
# What may go better later, beside all of 500 and above: time-outs, conflicts, too early, too many.
_LATER = (408, 409, 425, 429)
_FINE = 200
_REFUSED = (401, 403)
_UNKNOWN = 404
_LIST = "/models"
_NO_LIST = (404, 405, 501)
_NO_MONEY = "insufficient_quota"
# Headers that say what the server is, the same each time.
_TELLING = ("Server", "openai-version", "openai-model")


class _Unanswered(Exception):
    """A request that may be sent again: why it failed, and the pause that the server asks for."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass
class Server:
    """A server by its address; threads may share it. `timeout` in seconds, of one request."""

    url: str
    secret: Secret
    budget: Budget
    timeout: float
    tries: int
    pacing: Pacing = field(default_factory=Pacing)
    headers: dict[str, str] = field(default_factory=dict)  # those that tell what it is
    _own: threading.local = field(default_factory=threading.local, repr=False)

    def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the server's answer to a chat completion.

        What is busy, broken or silent is asked again after a pause. Raises ModelError, in one
        sentence, where it stays so, where the server refuses, or where the budget is spent.
        """
        for attempt in range(self.tries):
            self.pacing.wait()
            self.budget.spend()
            try:
                return self._once("POST", "/chat/completions", body)
            except _Unanswered as fault:
                reason = str(fault)
                # After the last try there is nothing to wait for.
                if attempt + 1 < self.tries:
                    self.pacing.hold(self._pause_after(fault, attempt))

        raise ModelError(
            f"server {self.url!r} gave no answer in {self.tries} tries, the last time as {reason}: "
            "all other answers are kept, so start the same command again once it is well"
        )

    def models(self) -> list[dict[str, Any]]:
        """Return the models that the server lists; none where it has no such list.

        Raises ModelError where it cannot be reached or refuses.
        """
        try:
            body = self._once("GET", _LIST, None)
        except _Unanswered as fault:
            raise ModelError(
                f"server {self.url!r} cannot be asked ({fault}): start it, or give another address"
            ) from None
        except _Absent:
            return []

        listed = body.get("data")
        entries = listed if isinstance(listed, list) else []
        return [entry for entry in entries if isinstance(entry, dict)]

    def _pause_after(self, fault: _Unanswered, attempt: int) -> float:
        if fault.seconds is not None and fault.seconds > PATIENCE:
            raise ModelError(
                f"server {self.url!r} asks to wait {fault.seconds:.0f} s ({fault}): all answers "
                "are kept, so start the same command again then"
            )

        return pause(attempt) if fault.seconds is None else fault.seconds

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Send a request and return the JSON object that comes back."""
        import requests

        try:
            # A redirect would send audio and key to somebody else.
            with self._session.request(
                method,
                self.url + path,
                json=body,
                timeout=(_CONNECT, self.timeout),
                stream=True,
                allow_redirects=False,
                auth=self._authorised,
            ) as answer:
                text = self.secret.hide(self._text(answer))
                status, headers = answer.status_code, answer.headers
                if status == _FINE:
                    self._note(headers)
        except requests.RequestException as error:
            raise _Unanswered(self._why(error)) from None

        if status != _FINE:
            self._refuse(status, text, headers, path)
        try:
            parsed = json.loads(text)
        except ValueError:
            raise _Unanswered("an answer that is no JSON or is cut off") from None

        if not isinstance(parsed, dict):
            raise _Unanswered("an answer that is no JSON object")

        return parsed

    def _note(self, headers: Mapping[str, str]) -> None:
        """Note the headers that tell what the server is, without the key that one may repeat."""
        for name in _TELLING:
            if name in headers:
                self.headers[name] = self.secret.hide(headers[name])

    def _text(self, answer: requests.Response) -> str:
        """Read an answer to its end, which has to come in time: a drip of bytes is a hang too."""
        deadline = time.monotonic() + self.timeout
        pieces, size = [], 0
        for piece in answer.iter_content(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > _MOST:
                raise _Unanswered(f"an answer of more than {_MOST:,} bytes")
            if time.monotonic() > deadline:
                raise _Unanswered(f"an answer that did not end in {self.timeout:g} s")

        return b"".join(pieces).decode("utf-8", "replace")

    def _refuse(self, status: int, text: str, headers: Mapping[str, str], path: str) -> None:
        """Raise for an answer that is none: to be asked again, or for good."""
        reason, code = _fault_of(text)
        fault = f"HTTP {status}" + (f", {reason}" if reason else "")
        if path == _LIST and status in _NO_LIST:
            raise _Absent
        if status in _REFUSED:
            raise ModelError(f"server {self.url!r} refuses ({fault}): {self.secret.hint}")
        if code == _NO_MONEY:
            raise ModelError(
                f"server {self.url!r} has no credit left for this key ({fault}): all answers are "
                "kept, so the same command goes on once there is"
            )
        if status in _LATER or status >= 500:
            raise _Unanswered(fault, asked_pause(headers.get("Retry-After")))
        if 300 <= status < 400:
            place = plain(self.secret.hide(headers.get("Location", "an unnamed place")), _SHOWN)
            raise ModelError(
                f"server {self.url!r} sends elsewhere (HTTP {status}, to {place}), where neither "
                "audio nor key is sent unasked: give that address where you trust it"
            )
        if status == _UNKNOWN:
            raise ModelError(
                f"server {self.url!r} knows no such model or page ({fault}): give its address up "
                "to /v1, and behind # the name of a model that it lists"
            )
        raise ModelError(
            f"server {self.url!r} does not take the request ({fault}): mend what it names; audio "
            "goes as input_audio in wav, and option extra changes the body"
        )

    def _why(self, error: Exception) -> str:
        """Say in a few words why no answer came: the library's texts hold addresses of objects."""
        import requests

        if isinstance(error, requests.ConnectTimeout):
            return f"no connection in {_CONNECT:g} s"
        if isinstance(error, requests.Timeout) or "timed out" in str(error):
            return f"silence of {self.timeout:g} s"
        if isinstance(error, requests.exceptions.SSLError):
            return "a certificate that is not trusted"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return "an answer that is cut off"

        number = re.search(r"\[Errno -?\d+\] ([^'\")]+)", str(error))
        return plain(self.secret.hide(number[1] if number else why(error)), _SHOWN)

    def _authorised(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # By `auth`, as the library else puts what ~/.netrc holds in place of the header.
        header = self.secret.header
        if header:
            request.headers["Authorization"] = header

        return request

    @property
    def _session(self) -> requests.Session:
        """The connections of this thread, as the library's are not to be shared."""
        if not hasattr(self._own, "session"):
            import requests

            self._own.session = requests.Session()

        session: requests.Session = self._own.session
        return session


class _Absent(Exception):
    """The server has no list of models."""


def _fault_of(text: str) -> tuple[str, str]:
    """Return what a server says of a fault, in one line, and its code; both may be empty."""
    try:
        body = json.loads(text)
    except ValueError:
        return plain(text, _SHOWN), ""

    fault = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(fault, dict):
        return plain(str(fault), _SHOWN), ""

    message = fault.get("message") or fault.get("detail") or fault
    return plain(str(message), _SHOWN), str(fault.get("code") or "")
