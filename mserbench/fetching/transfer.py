"""One file over HTTP that goes on where it broke: a downloader for pooch, which checks it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mserbench.cards import Remote
from mserbench.errors import DataError
from mserbench.fetching import reach

if TYPE_CHECKING:
    import requests

Report = Callable[[str, int, int], None]  # what is being done, bytes done, bytes in all

_PIECE = 2**16
_CONNECT = 5.0  # seconds; a server that is there answers sooner
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # answers that another try may better


@dataclass(frozen=True)
class Patience:
    """How often to try, the first pause in seconds (it doubles), seconds without a byte."""

    attempts: int = 6
    pause: float = 1.0
    timeout: float = 30.0


class _Broken(Exception):
    """A transfer that another try may finish; `reached` is False without any connection."""

    def __init__(self, why: str, reached: bool = True) -> None:
        super().__init__(why)
        self.reached = reached


@dataclass
class Transfer:
    """The fetching of one file into `part`; `advice` says what else can be done to get it."""

    name: str
    remote: Remote
    part: Path
    report: Report
    patience: Patience
    advice: str
    _mark: Path = field(init=False)  # beside the part: which version of the file it is of

    def __post_init__(self) -> None:
        self._mark = self.part.with_suffix(".mark")

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Fetch `url` into `output_file`. Raises DataError where that fails for good.

        A line that breaks is tried again; a server that was never there is not: nor is the network,
        most likely.
        """
        if reach.is_offline() and self._size() < self.remote.bytes:
            raise self._failure("is not here, and no network is to be used")

        # Once a server answered, a broken line is worth waiting for.
        reached = False
        for attempt in range(1, self.patience.attempts + 1):
            if self._size() == self.remote.bytes:
                break

            try:
                self._receive(url)
            except _Broken as error:
                reached = reached or error.reached
                if not reached:
                    server = urlsplit(url).netloc
                    raise self._failure(
                        f"cannot be fetched, {server} could not be reached ({error})"
                    ) from error
                if attempt == self.patience.attempts:
                    raise DataError(
                        f"file {self.name!r} did not arrive from {url} in {attempt} attempt(s) "
                        f"({error}), {self._size()} of {self.remote.bytes} bytes are here: they "
                        "are kept, start the same command again"
                    ) from error

                time.sleep(min(self.patience.pause * 2 ** (attempt - 1), 30))

        os.replace(self.part, output_file)
        self._mark.unlink(missing_ok=True)

    def _receive(self, url: str) -> None:
        """Send one request, for the rest where a part is here, and write what comes."""
        import requests

        # What is too long cannot be a part of this file.
        if self._size() > self.remote.bytes:
            self.part.unlink()

        begin = self._size()
        try:
            with requests.get(
                url, headers=self._headers(begin), stream=True, timeout=self._timeout()
            ) as answer:
                begin = self._checked(answer, begin)
                self._mark.write_text(answer.headers.get("ETag", ""), encoding="utf-8")
                self._write(answer, begin)
        except requests.RequestException as error:
            if isinstance(error, ValueError):  # no address at all, or none of the web
                raise self._failure(f"has no address that can be fetched, {url!r}") from error

            raise _Broken(
                reach.reason(error, self.patience.timeout), reach.was_reached(error)
            ) from error

        if self._size() < self.remote.bytes:
            raise _Broken("the connection ended early")

    def _headers(self, begin: int) -> dict[str, str]:
        """Return the headers of a request: for what is missing, if the file is still the same."""
        from mserbench import __version__

        headers = {"User-Agent": f"mserbench/{__version__}", "Accept-Encoding": "identity"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
            mark = self._mark.read_text(encoding="utf-8") if self._mark.exists() else ""
            if mark.startswith('"'):  # only a strong mark may stand here
                headers["If-Range"] = mark

        return headers

    def _checked(self, answer: requests.Response, begin: int) -> int:
        """Return where in the file the bytes of an answer begin, or raise where there are none."""
        if answer.status_code == 416 and begin:
            self.part.unlink()
            raise _Broken("the server refuses the rest of the file, which is fetched anew")
        if answer.status_code in _PASSING:
            raise _Broken(f"HTTP {answer.status_code} {answer.reason}")
        if answer.status_code not in (200, 206):
            raise self._failure(
                f"was answered with HTTP {answer.status_code} {answer.reason} at {answer.url}"
            )

        if answer.status_code == 200:
            # All of it comes, even where only the rest was asked for: the part starts anew.
            begin, total = 0, answer.headers.get("Content-Length", "")
        else:
            span = re.fullmatch(
                r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "")
            )
            if span is None or int(span[1]) != begin:
                self.part.unlink(missing_ok=True)
                raise _Broken(
                    "the server sent another part than was asked for; the file is fetched anew"
                )

            total = span[2]

        if total.isdigit() and int(total) != self.remote.bytes:
            raise self._failure(
                f"has {total} bytes at {answer.url}, but {self.remote.bytes} were expected"
            )

        return begin

    def _write(self, answer: requests.Response, begin: int) -> None:
        """Append what comes to the part, and stop where it is too long."""
        done = begin
        with self.part.open("ab" if begin else "wb") as file:
            for piece in answer.iter_content(_PIECE):
                done += len(piece)
                if done > self.remote.bytes:
                    break

                file.write(piece)
                self.report(f"fetching {self.name}", done, self.remote.bytes)

        if done > self.remote.bytes:
            self.part.unlink()
            raise self._failure(f"is longer than the {self.remote.bytes} bytes that were expected")

    def _timeout(self) -> tuple[float, float]:
        """Return seconds to connect, and between two bytes."""
        return min(_CONNECT, self.patience.timeout), self.patience.timeout

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _failure(self, problem: str) -> DataError:
        return DataError(f"file {self.name!r} {problem}: {self.advice}")
