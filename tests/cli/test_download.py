"""`mserbench data download`: from the command to a corpus that is complete, or to a sentence that
helps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from publisher import Publisher, publishing, zipped

WAV = b"RIFF" + bytes(40)  # the command looks at names and label files only
FILES = {
    f"wav/{letter}{number}.wav": WAV + bytes([number]) for letter in "hs" for number in range(3)
}
CORPUS = """
    from mserbench import Fault
    from mserbench.cards import Remote


    def _parse(tree):
        for path, stem in tree.audio("wav"):
            yield Utterance(stem, path, stem[0], None, "xx")


    CARD = CorpusCard(
        name="probe", title="Probe", languages=("xx",), speakers=None, licence="CC0-1.0", access="open",
        source="https://example.org", how_to_get="write to the author", unpack="unzip it into DATA/probe", citation="",
        counts={"first": {"h": 3, "s": 3}}, files=(%r,),
    )
    Probe = Corpus(CARD, _parse)
    Closed = Corpus(replace(CARD, name="closed", access="request", files=()), _parse)
    Unknown = Corpus(replace(CARD, name="unknown", files=()), _parse)
    Hosted = Corpus(replace(CARD, name="hosted", files=(), hub="someone/hosted"), _parse)
"""


@pytest.fixture
def publisher(plugin: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Publish an archive of six recordings, and install the corpora that name it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with publishing({"files/speech.zip": zipped(FILES)}) as server:
        install(plugin, server)
        yield server


def install(plugin: Callable[..., Path], publisher: Publisher) -> None:
    code = CORPUS.replace(
        "    from mserbench import Fault\n", "    from dataclasses import replace\n"
    )
    plugin(
        code % publisher.remote("files/speech.zip"),
        corpora=["Probe", "Closed", "Unknown", "Hosted"],
    )


def test_one_command_gives_a_complete_corpus(cli, publisher: Publisher, tmp_path: Path) -> None:
    """This is what a newcomer types first."""
    done = cli("data", "download", "probe", "--to", tmp_path / "data")
    root = tmp_path / "data" / "probe"
    assert done.out == f"probe: complete (first), 6 utterances; fetched into {root}\n"
    assert (done.code, done.err) == (0, "")
    assert {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.wav")} == FILES
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["probe"]


def test_a_complete_corpus_is_not_fetched_again(cli, publisher: Publisher, tmp_path: Path) -> None:
    """Two hundred megabytes, each time somebody runs their set-up script."""
    cli("data", "download", "probe", "--to", tmp_path)
    (tmp_path / "probe").rename(tmp_path / "PROBE")
    done = cli("data", "download", "probe", "--to", tmp_path)
    assert (
        done.out == "probe: complete (first), 6 utterances; nothing was fetched, it is in "
        f"{tmp_path / 'PROBE'}\n"
    )
    assert done.code == 0
    assert len(publisher.requests) == 1


def test_an_incomplete_corpus_is_completed(cli, publisher: Publisher, tmp_path: Path) -> None:
    """What is there stays, what is missing comes."""
    (tmp_path / "probe" / "wav").mkdir(parents=True)
    (tmp_path / "probe" / "wav" / "h0.wav").write_bytes(FILES["wav/h0.wav"])
    done = cli("data", "download", "probe", "--to", tmp_path)
    assert done.code == 0
    assert len(list((tmp_path / "probe" / "wav").iterdir())) == 6


def test_a_transfer_that_breaks_is_resumed_by_the_same_command(
    cli, publisher: Publisher, tmp_path: Path
) -> None:
    """The sentence promises it."""
    publisher.answers = ["stall 500"]
    first = cli("data", "download", "probe", "--to", tmp_path, "--attempts", 1, "--timeout", 0.2)
    assert first.code == 3
    assert "in 1 attempt(s) (nothing came for 0.2 s)" in first.err
    assert first.err.endswith("start the same command again\n")
    assert not (tmp_path / "probe").exists()
    assert cli("data", "download", "probe", "--to", tmp_path).code == 0
    assert [
        path.name for path in tmp_path.iterdir() if not path.name.startswith("mserbench_probe")
    ] == ["probe"]


def test_a_publisher_who_changed_the_corpus_is_found_out(
    cli, publisher: Publisher, tmp_path: Path
) -> None:
    """A score on another release must not carry the name of this one."""
    old = publisher.files["files/speech.zip"]
    publisher.files["files/speech.zip"] = old[:-1] + b"x"
    done = cli("data", "download", "probe", "--to", tmp_path / "data")
    assert done.code == 3
    assert "has the checksum '" in done.err
    assert list((tmp_path / "data").iterdir()) == []


def test_what_the_archive_lacks_is_listed_and_is_exit_1(
    cli, plugin: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right checksum of the wrong file: the counts tell."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fewer = dict(list(FILES.items())[:5])
    with publishing({"files/speech.zip": zipped(fewer)}) as publisher:
        install(plugin, publisher)
        done = cli("data", "download", "probe", "--to", tmp_path, "--json")

    assert done.code == 1
    (record,) = json.loads(done.out)
    assert (record["corpus"], record["fetched"], record["utterances"]) == ("probe", True, 5)
    assert len(record["problems"]) == 1


def test_a_thousand_problems_do_not_scroll_the_answer_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last line says what matters, and the first ones what to look for."""
    from mserbench.cli.download import _show

    # In letters: problems that differ in numbers or names alone are one line with a count.
    problems = [f"p{'x' * number}" for number in range(1000)]
    _show(
        {
            "corpus": "x",
            "fetched": True,
            "folder": "d",
            "utterances": 3,
            "problems": problems,
            "notes": [],
        }
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["problem: p", "problem: px"]
    assert lines[20:] == [
        "and 980 more, which 'mserbench data verify' lists",
        "x: 1000 problem(s), 3 utterances; fetched into d",
    ]


def test_what_is_not_open_says_whom_to_ask(cli, publisher: Publisher, tmp_path: Path) -> None:
    """Half of the field's corpora want a signed form; no command can sign it."""
    done = cli("data", "download", "closed", "--to", tmp_path / "data")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "error: corpus 'closed' is not open, its publisher gives it: write to the author "
        "(https://example.org)\n"
    )
    done = cli("data", "download", "unknown", "--to", tmp_path / "data")
    assert done.code == 3
    assert (
        "'unknown' is open, but no address with a checksum is known for it: write to the author"
        in done.err
    )
    assert not (tmp_path / "data").exists()


def test_what_needs_no_download_says_so(cli, tmp_path: Path) -> None:
    """The sample ships with the package."""
    done = cli("data", "download", "emodb-sample", "--to", tmp_path)
    assert done.code == 0
    assert (
        "emodb-sample: complete (sample), 70 utterances; nothing was fetched, it is in " in done.out
    )


def test_several_corpora_come_one_after_another(cli, publisher: Publisher, tmp_path: Path) -> None:
    """Programs read one list, whatever its length."""
    done = cli("data", "download", "emodb-sample", "probe", "--to", tmp_path, "--json")
    assert [(row["corpus"], row["fetched"]) for row in json.loads(done.out)] == [
        ("emodb-sample", False),
        ("probe", True),
    ]


def test_a_copy_of_a_hub_dataset_is_exported(cli, publisher: Publisher, tmp_path: Path) -> None:
    """Compute nodes have no network; the dataset lies on a shared disk."""
    datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
    columns = {
        "path": [name.removeprefix("wav/") for name in FILES],
        "emotion": ["x"] * len(FILES),
        "speech": [{"bytes": data, "path": None} for data in FILES.values()],
    }
    (tmp_path / "copy").mkdir()
    rows = datasets.Dataset.from_dict(columns).cast_column("speech", datasets.Audio(decode=False))
    rows.to_parquet(str(tmp_path / "copy" / "train.parquet"))
    done = cli("data", "download", "hosted", "--to", tmp_path / "data", "--from", tmp_path / "copy")
    assert (
        done.out == "hosted: complete (first), 6 utterances; fetched into "
        f"{tmp_path / 'data' / 'hosted'}\n"
    )
    assert (tmp_path / "data" / "hosted" / "train" / "h1.wav").read_bytes() == FILES["wav/h1.wav"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing", "--to", "x"], "corpus 'nothing' is not known"),
        (["emodb"], "option --to is missing: give it"),
        (["--to", "x"], "NAME... is missing: --help tells"),
        (
            ["emodb", "emovo", "--to", "x", "--from", "."],
            "--from is the copy of one corpus, but 2 were named",
        ),
        (["emodb", "--to", "x", "--attempts", "0"], "0 is not in the range"),
        (["emodb", "--to", "x", "--timeout", "0"], "0.0 is not in the range"),
    ],
)
def test_a_wrong_call_is_exit_2(cli, arguments: list[str], expected: str) -> None:
    """Nothing is fetched before the call is understood."""
    done = cli("data", "download", *arguments)
    assert done.code == 2
    assert expected in done.err


def test_open_corpora_say_where_they_come_from_by_checksum() -> None:
    """An address without a checksum and a size is a promise nobody can keep."""
    from mserbench.data import lookup
    from mserbench.plugins import registry
    from mserbench.plugins.hookspecs import CorpusEntry

    cards = [lookup.corpus(name).card for name in registry.entries(CorpusEntry)]
    files = {card.name: card.files for card in cards if card.files}
    assert {"ravdess", "emodb"} <= set(files)

    for remote in (remote for remotes in files.values() for remote in remotes):
        kind, _, digest = remote.hash.partition(":")
        assert remote.url.startswith("https://")
        assert len(digest) == {"md5": 32, "sha256": 64}[kind]
        assert remote.bytes > 10**6

    assert [card.name for card in cards if card.hub] == ["resd"]
