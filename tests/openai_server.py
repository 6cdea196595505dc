"""A server in a thread that speaks the protocol of chat completions, and misbehaves as it is told."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "tiny-audio"
Respond = Callable[["Asked"], "Response"]


@dataclass(frozen=True)
class Asked:
    """A request: its body, the wav file in it, and how often that file came before."""

    body: dict[str, Any]
    wav: bytes
    before: int

    @property
    def labels(self) -> list[str]:
        text = self.body["messages"][0]["content"][-1]["text"]
        return text.rsplit(": ", 1)[1].rstrip(".").split(", ")

    @property
    def label(self) -> str:
        """One of the labels, by the audio alone."""
        return self.labels[hashlib.sha256(self.wav).digest()[0] % len(self.labels)]


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before anything is sent
    cut: int = 0  # bytes promised and not sent


@dataclass
class State:
    respond: Respond
    listed: list[dict[str, Any]]
    probe: Respond  # to the question about silence before a run
    url: str = ""
    probes: list[Asked] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"{self.url}#{MODEL}"


def says(text: str | None, **fields: Any) -> Response:
    message = {"role": "assistant", "content": text, **fields.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": "stop", **fields.pop("choice", {})}
    return Response(body={"model": MODEL, "choices": [choice], **fields})


def by_audio(request: Asked) -> Response:
    """Answer with a label that the audio decides, as a model does at temperature 0."""
    return says(request.label, system_fingerprint="fp_1")


def fails(status: int, message: str, code: str = "", **headers: str) -> Response:
    return Response(status, {"error": {"message": message, "code": code}}, headers=headers)


@contextmanager
def served(
    respond: Respond = by_audio, probe: Respond | None = None, **model: Any
) -> Iterator[State]:
    """Run a server on a free port as long as the context lasts; `probe` answers the question before
    a run, which no misbehaviour at clips touches.
    """
    listed = [{"id": MODEL, "created": 1, "owned_by": "tests", **model}]
    state = State(respond, listed, probe or by_audio)
    heard: Counter[bytes] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.keys.append(self.headers.get("Authorization", ""))
            if self.path == "/v1/models":
                # As vLLM does: another moment each time.
                listed = [{**entry, "created": time.time()} for entry in state.listed]
                return self._send(Response(body={"data": listed}))
            return self._send(fails(404, "no such page"))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            audio = body["messages"][0]["content"][0]["input_audio"]
            assert audio["format"] == "wav"
            wav = base64.b64decode(audio["data"])
            if not samples_of(wav).any():
                state.probes.append(Asked(body, wav, len(state.probes)))
                state.keys.append(self.headers.get("Authorization", ""))
                return self._send(state.probe(state.probes[-1]))
            with state.lock:
                request = Asked(body, wav, heard[wav])
                heard[wav] += 1
                state.requests.append(request)
                state.keys.append(self.headers.get("Authorization", ""))
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            try:
                self._send(state.respond(request))
            finally:
                with state.lock:
                    state.at_once -= 1

        def _send(self, response: Response) -> None:
            time.sleep(response.delay)
            data = json.dumps(response.body).encode() if response.raw is None else response.raw
            try:
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(data) + response.cut))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()
            except OSError:  # who asked has given up
                self.close_connection = True
            if response.cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def samples_of(wav: bytes) -> Any:
    import soundfile

    return soundfile.read(io.BytesIO(wav), dtype="float32")[0]
