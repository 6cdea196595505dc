"""A local web server that gives files as well, or as badly, as a test tells it."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mserbench.cards import Remote


@dataclass
class Request:
    """One request as it came: path, headers by lower-case name, and the bytes of the file sent."""

    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


@dataclass
class Publisher:
    """Files by path, and how the next requests are answered; later ones are answered well.

    An answer is a word: `well`; `break N` (close after N bytes); `stall N` (send N bytes, then
    nothing); `ignore` (ranges); `ignore break N`; `status CODE`; `claim N` (another length);
    `chunked` (no length); `elsewhere` (another part than asked for); `endless` (more than the file,
    without length).
    """

    files: dict[str, bytes] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    etag: str = '"v1"'
    address: str = ""
    free: threading.Event = field(default_factory=threading.Event)

    def remote(self, path: str, algorithm: str = "sha256") -> Remote:
        """Return the true entry of a card for a file."""
        data = self.files[path]
        digest = hashlib.new(algorithm, data).hexdigest()
        return Remote(f"{self.address}/{path}", f"{algorithm}:{digest}", len(data))


class _Handler(BaseHTTPRequestHandler):
    publisher: Publisher
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        publisher = self.publisher
        path = self.path.partition("?")[0].lstrip("/")
        request = Request(path, {name.lower(): value for name, value in self.headers.items()})
        publisher.requests.append(request)
        words = (publisher.answers.pop(0) if publisher.answers else "well").split()
        self.close_connection = True

        if words[0] == "status" or path not in publisher.files:
            request.status = int(words[1]) if words[0] == "status" else 404
            self.send_error(request.status)
            return

        data, begin = publisher.files[path], 0
        byte_range = request.headers.get("range")
        # As servers do: a file that changed since is sent whole, whatever part was asked for.
        fresh = request.headers.get("if-range", publisher.etag) == publisher.etag
        if byte_range and fresh and "ignore" not in words:
            begin = int(byte_range.removeprefix("bytes=").removesuffix("-"))

        if begin and begin >= len(data):
            request.status = 416
            self.send_error(416)
            return

        request.status = 206 if begin else 200
        self._send(request, data, begin, words)

    def _send(self, request: Request, data: bytes, begin: int, words: list[str]) -> None:
        self.send_response(request.status)
        if self.publisher.etag:
            self.send_header("ETag", self.publisher.etag)

        if begin:
            first = begin - 1 if "elsewhere" in words else begin
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")

        body = data[begin:]
        if "endless" in words:
            body = body + b"x" * 1_000_000
        elif "chunked" not in words:
            self.send_header("Content-Length", words[1] if words[0] == "claim" else str(len(body)))

        self.end_headers()
        stop = int(words[-1]) if "break" in words or "stall" in words else len(body)
        try:
            self.wfile.write(body[:stop])
            self.wfile.flush()
            request.sent = len(body[:stop])
        except OSError:  # The client has gone, as some tests want it to.
            return

        # Until the test ends; with a bound, as a client that waits for ever must fail, not hang.
        if "stall" in words:
            self.publisher.free.wait(20)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def publishing(files: dict[str, bytes]) -> Iterator[Publisher]:
    """Serve files on a port of this machine."""
    publisher = Publisher(dict(files))
    handler = type("Handler", (_Handler,), {"publisher": publisher})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    publisher.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()

    try:
        yield publisher
    finally:
        publisher.free.set()
        server.shutdown()
        server.server_close()


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of files by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)

    return data.getvalue()
