"""Downloads against a local server: right files arrive whole, and every fault leaves a corpus whole
or absent.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from publisher import Publisher, publishing, zipped

from mserbench.cards import CorpusCard, Remote
from mserbench.contracts import Corpus
from mserbench.errors import DataError, PluginError, UsageError
from mserbench.fetching.download import obtain
from mserbench.fetching.transfer import Patience

SOON = Patience(attempts=3, pause=0.0, timeout=5.0)
WAVS = {f"Actor_{number:02d}/{number}.wav": os.urandom(20_000) for number in range(20)}


ARCHIVE = zipped(WAVS)
PATH = "records/1/files/speech.zip"


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with publishing({PATH: ARCHIVE}) as server:
        yield server


@pytest.fixture
def get(publisher: Publisher, tmp_path: Path) -> Callable[..., list[tuple[str, int, int]]]:
    """Obtain a corpus of some files; returns what was reported."""

    def call(
        *remotes: Remote, patience: Patience = SOON, **fields: object
    ) -> list[tuple[str, int, int]]:
        reports: list[tuple[str, int, int]] = []
        source = corpus(*(remotes or [publisher.remote(PATH)]), **fields)
        obtain(
            source, tmp_path / "data" / "probe", lambda *report: reports.append(report), patience
        )

        return reports

    return call


def corpus(*remotes: Remote, **fields: object) -> Corpus:
    card = CorpusCard(
        name="probe", title="Probe", languages=("xx",), speakers=None, licence="CC0", access="open",
        source="https://example.org/probe", how_to_get="write to probe@example.org",
            unpack="unzip it into DATA/probe",
        citation="", counts={}, files=remotes,
    )  # fmt: skip
    return Corpus(dataclasses.replace(card, **fields), lambda tree: ())  # type: ignore[arg-type]


def whole(data: Path) -> None:
    """Assert that the corpus is there, every byte of it, and nothing else."""
    files = {
        str(path.relative_to(data / "probe")): path.read_bytes()
        for path in (data / "probe").rglob("*.*")
    }
    assert files == WAVS
    assert [path.name for path in data.iterdir()] == ["probe"]


def left(data: Path) -> list[str]:
    """Return the files below the data folder."""
    return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())


def test_a_good_transfer_gives_the_corpus_and_nothing_else(
    get: Callable[..., list], tmp_path: Path
) -> None:
    """Archives left behind double the space; a progress that never ends tells nothing."""
    reports = get()
    whole(tmp_path / "data")
    assert ("fetching speech.zip", len(ARCHIVE), len(ARCHIVE)) in reports
    assert reports[-1] == ("unpacking", len(ARCHIVE), len(ARCHIVE))


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_both_kinds_of_checksum_work(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path, algorithm: str
) -> None:
    """Zenodo gives md5 only."""
    get(publisher.remote(PATH, algorithm))
    whole(tmp_path / "data")


def test_a_broken_transfer_goes_on_where_it_was(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Ten gigabytes over a line that breaks every hour must arrive some day; what is here is not
    sent again.
    """
    publisher.answers = ["break 200000", "break 150000"]
    get()
    whole(tmp_path / "data")
    first, second, third = publisher.requests
    assert "range" not in first.headers
    begin = int(second.headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert 200_000 - 65_536 < begin <= 200_000
    assert second.headers["if-range"] == '"v1"'
    assert second.status == third.status == 206
    last = int(third.headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert begin < last <= begin + 150_000
    assert third.sent == len(ARCHIVE) - last


def test_the_next_start_goes_on_too(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """A user stops at night and starts again in the morning."""
    publisher.answers = ["break 200000"]
    with pytest.raises(
        DataError, match=r"in 1 attempt\(s\) \(the connection broke\), \d+ of \d+ bytes are here"
    ):
        get(patience=Patience(1, 0.0, 5.0))

    assert left(tmp_path / "data") == [
        ".downloads/probe/speech.zip.mark",
        ".downloads/probe/speech.zip.part",
    ]
    get()
    whole(tmp_path / "data")
    assert publisher.requests[1].status == 206
    assert publisher.requests[1].sent < 300_000


def test_a_killed_download_goes_on(
    publisher: Publisher, get: Callable[..., list], tmp_path: Path
) -> None:
    """Jobs are killed without a word; the part must be whole as far as it goes."""
    publisher.answers = ["stall 300000"]
    remote = publisher.remote(PATH)
    code = f"""
        import sys
        sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parent.parent)!r}]
        from pathlib import Path
        from test_download import corpus, SOON
        from mserbench.cards import Remote
        from mserbench.fetching.download import obtain
        obtain(corpus({remote!r}), Path({str(tmp_path / "data" / "probe")!r}), print, SOON)
    """

    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.DEVNULL
    ) as process:
        part = tmp_path / "data" / ".downloads" / "probe" / "speech.zip.part"
        end = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < end:
            time.sleep(0.02)

        process.send_signal(signal.SIGKILL)

    publisher.free.set()
    size = part.stat().st_size
    assert 0 < size <= 300_000
    assert not (tmp_path / "data" / "probe").exists()
    get()
    whole(tmp_path / "data")
    assert publisher.requests[1].headers["range"] == f"bytes={size}-"


def test_a_file_that_changed_in_between_is_fetched_anew(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Half of one version and half of another is no file."""
    folder = tmp_path / "data" / ".downloads" / "probe"
    folder.mkdir(parents=True)
    (folder / "speech.zip.part").write_bytes(b"half of the old version")
    (folder / "speech.zip.mark").write_text('"v0"')
    get()
    whole(tmp_path / "data")
    assert [request.status for request in publisher.requests] == [200]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_a_server_without_a_strong_mark_is_resumed_by_the_checksum_alone(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path, etag: str
) -> None:
    """A weak mark in If-Range makes servers send the whole file each time."""
    publisher.etag = etag
    publisher.answers = ["break 200000"]
    get()
    whole(tmp_path / "data")
    assert "if-range" not in publisher.requests[1].headers
    assert publisher.requests[1].status == 206


def test_a_server_that_ignores_ranges_sends_all_again(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Adding a whole file to a part gives a file that is too long and wrong."""
    publisher.answers = ["break 200000", "ignore"]
    get()
    whole(tmp_path / "data")
    assert [request.status for request in publisher.requests] == [200, 200]


@pytest.mark.parametrize("answer", ["status 416", "elsewhere"])
def test_a_server_that_refuses_the_rest_is_asked_for_all(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path, answer: str
) -> None:
    """Otherwise a part that no server likes blocks the download for ever."""
    publisher.answers = ["break 200000", answer]
    get()
    whole(tmp_path / "data")
    assert "range" not in publisher.requests[2].headers


def test_a_part_longer_than_the_file_is_thrown_away(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """It cannot be the beginning of that file."""
    folder = tmp_path / "data" / ".downloads" / "probe"
    folder.mkdir(parents=True)
    (folder / "speech.zip.part").write_bytes(b"x" * (len(ARCHIVE) + 1))
    get()
    whole(tmp_path / "data")
    assert "range" not in publisher.requests[0].headers


def test_a_wrong_checksum_removes_the_file_and_names_both(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Scores on a changed or damaged corpus carry the name of the right one."""
    right = publisher.remote(PATH)
    wrong = dataclasses.replace(right, hash="sha256:" + "0" * 64)
    with pytest.raises(DataError) as error:
        get(wrong)

    assert right.hash.removeprefix("sha256:") in str(error.value)
    assert "0" * 64 in str(error.value)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_file_fetched_by_hand_is_taken(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Behind some firewalls only a browser gets through; the sentence on failure says where to put
    the file.
    """
    folder = tmp_path / "data" / ".downloads" / "probe"
    folder.mkdir(parents=True)
    (folder / "speech.zip").write_bytes(ARCHIVE)
    get()
    whole(tmp_path / "data")
    assert publisher.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("claim 100", r"has 100 bytes at http.*, but \d+ were expected"),
        ("claim 9000000", r"has 9000000 bytes at http.*, but \d+ were expected"),
        ("endless", r"is longer than the \d+ bytes that were expected"),
        ("status 404", r"was answered with HTTP 404 Not Found at http.*says how to get it by hand"),
        ("status 403", r"was answered with HTTP 403 Forbidden"),
        ("status 416", r"was answered with HTTP 416"),
    ],
)
def test_what_another_try_cannot_better_fails_at_once(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path, answer: str, expected: str
) -> None:
    """Asking six times for a page that is gone wastes the user's time and the publisher's."""
    publisher.answers = [answer]
    with pytest.raises(DataError, match=expected) as error:
        get()

    assert "\n" not in str(error.value)
    assert len(publisher.requests) == 1
    assert not (tmp_path / "data" / "probe").exists()


@pytest.mark.parametrize(
    "answer", ["status 500", "status 503", "status 429", "chunked break 1000", "stall 1000"]
)
def test_what_may_pass_is_tried_again(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path, answer: str
) -> None:
    """A busy server at the second minute of ten must not cost the first eight."""
    publisher.answers = [answer]
    get(patience=Patience(2, 0.0, 0.3))
    whole(tmp_path / "data")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            "status 500",
            r"in 3 attempt\(s\) \(HTTP 500 Internal Server Error\), 0 of \d+ bytes are here",
        ),
        ("stall 0", r"in 3 attempt\(s\) \(nothing came for 0.2 s\), 0 of"),
        ("chunked break 1000", r"in 3 attempt\(s\) \(the connection ended early\), "),
    ],
)
def test_what_does_not_pass_is_one_sentence(
    get: Callable[..., list], publisher: Publisher, answer: str, expected: str
) -> None:
    """The user must see what the server did, and that starting again loses nothing."""
    publisher.answers = [answer] * 3
    with pytest.raises(DataError, match=expected + r".*start the same command again$"):
        get(patience=Patience(3, 0.0, 0.2))

    assert len(publisher.requests) == 3


def test_the_pauses_between_tries_grow(
    get: Callable[..., list], publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in trouble is not helped by a client that hammers at it."""
    pauses: list[float] = []
    monkeypatch.setattr("mserbench.fetching.transfer.time.sleep", pauses.append)
    publisher.answers = ["status 503"] * 7

    with pytest.raises(DataError):
        get(patience=Patience(7, 1.0, 5.0))

    assert pauses == [1, 2, 4, 8, 16, 30]


def test_no_server_at_all_is_one_sentence(
    get: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commonest fault is a machine without a network; asking it six times took half a
    minute.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.zip"
        began = time.monotonic()

        with pytest.raises(DataError) as error:
            get(Remote(address, "md5:0", 1), patience=Patience())

        assert time.monotonic() - began < 2.0

    host = address.split("/")[2]
    words = (
        f"'x.zip' cannot be fetched, {host} could not be reached (Connection refused): 'mserbench "
        "data show"
    )
    assert words in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x.zip",
        "http://",
        "x.zip",
        "http://[/x.zip",
        "http://127.0.0.1/..",
    ],
)
def test_only_addresses_of_the_web_are_fetched(get: Callable[..., list], url: str) -> None:
    """A card is a plugin's; it must not read files of the user into a corpus."""
    with pytest.raises((DataError, PluginError)):
        get(Remote(url, "md5:0", 1))


def test_two_files_make_one_corpus_and_what_is_no_archive_is_put_in_as_it_is(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """Publishers give labels beside their archives; repositories end their addresses in
    `content`.
    """
    publisher.files["api/labels.csv/content"] = b"id,label\n"
    get(publisher.remote(PATH), publisher.remote("api/labels.csv/content"))
    assert (tmp_path / "data" / "probe" / "labels.csv").read_bytes() == b"id,label\n"
    assert len(list((tmp_path / "data" / "probe").rglob("*.wav"))) == 20


def test_a_hostile_archive_leaves_no_corpus(
    get: Callable[..., list], publisher: Publisher, tmp_path: Path
) -> None:
    """A checksum says that a file is what the publisher gave, not that it is harmless."""
    publisher.files[PATH] = zipped({"a.wav": b"1", "../../../evil": b"x"})
    with pytest.raises(
        DataError, match=r"the download of corpus 'probe' holds '../../../evil', which is no path"
    ):
        get()

    assert left(tmp_path) == ["data/.downloads/probe/speech.zip"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"access": "request"},
            r"^corpus 'probe' is not open, its publisher gives it: write to probe@example.org ",
        ),
        (
            {"files": ()},
            r"is open, but no address with a checksum is known .*: write to .*unzip it into DATA/probe$",
        ),
    ],
)
def test_what_cannot_be_fetched_says_whom_to_ask(
    get: Callable[..., list], tmp_path: Path, fields: dict[str, object], expected: str
) -> None:
    """A user who reads 'download failed' looks for the fault in the wrong place."""
    with pytest.raises(DataError, match=expected):
        get(**fields)

    assert not (tmp_path / "data").exists()


def test_files_of_the_same_name_are_the_fault_of_the_card(
    get: Callable[..., list], publisher: Publisher
) -> None:
    """One would be taken for the other, and fetched again each time."""
    with pytest.raises(PluginError, match="without names or with the same"):
        get(publisher.remote(PATH), publisher.remote(PATH))


def test_two_downloads_of_a_corpus_at_once_do_not_mix(
    get: Callable[..., list], tmp_path: Path
) -> None:
    """Two shells write into one part: a file of the right length and the wrong bytes."""
    import filelock

    folder = tmp_path / "data" / ".downloads"
    folder.mkdir(parents=True)
    with (
        filelock.FileLock(folder / "probe.lock"),
        pytest.raises(UsageError, match="another process downloads corpus"),
    ):
        get()


def test_a_folder_that_may_not_be_written_is_one_sentence(
    get: Callable[..., list], tmp_path: Path
) -> None:
    """Data folders belong to others on many machines."""
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(
        DataError, match=r"cannot be written .*(File exists|Not a directory)\): make room or choose"
    ):
        get()


def test_a_full_disk_is_one_sentence_and_keeps_the_part(
    get: Callable[..., list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After making room, the transfer goes on."""
    import errno

    def full(self: object, answer: object, begin: int) -> None:
        self.part.write_bytes(ARCHIVE[:1000])  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mserbench.fetching.transfer.Transfer._write", full)
        with pytest.raises(DataError, match=r"\(No space left on device\): make room"):
            get()

    get()
    whole(tmp_path / "data")
