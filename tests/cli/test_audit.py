"""`mserbench audit`: what a published division, or a split of one's own, shares between its
parts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench.data import corpus, lookup

Build = Callable[..., Path]
IDS = corpus.inventory(lookup.corpus("emodb").card)


def split_file(folder: Path, part: Callable[[int, str], str]) -> Path:
    """Write a split of EmoDB: the part of each clip by its number and its name."""
    path = folder / "own.csv"
    path.write_text(
        "id,split\n" + "".join(f"{name},{part(i, name)}\n" for i, name in enumerate(IDS))
    )
    return path


def by_speaker(_: int, name: str) -> str:
    return "test" if name[:2] in ("15", "16") else "train"


def at_random(i: int, _: str) -> str:
    return "test" if i % 4 == 0 else "train"


def test_a_random_split_is_said_to_share_speakers_and_a_speaker_split_is_not(
    cli, tmp_path: Path
) -> None:
    """This is what the command is for; without the corpus, by names alone."""
    random = cli("audit", split_file(tmp_path, at_random), "--task", "emodb")
    assert random.code == 0
    assert "134 of 134 (10 of 10)" in random.out
    assert (
        "own is not speaker-independent: the speakers of 134 of 134 (100.0 %) clips "
        "tested" in random.out
    )
    assert "not known of any clip: role, session, dialogue, audio, near-duplicate" in random.out
    assert "the audio was not looked at: corpus 'emodb' needs a data folder" in random.out
    apart = cli("audit", split_file(tmp_path, by_speaker), "--task", "emodb")
    assert "own is speaker-independent: no speaker is in both" in apart.out


def test_strict_is_exit_1_if_anything_asked_for_is_shared(cli, tmp_path: Path) -> None:
    """If it were not, a script that guards a split would let it pass."""
    path = split_file(tmp_path, by_speaker)
    assert cli("audit", path, "--task", "emodb", "--strict").code == 1  # the sentences are
    assert cli("audit", path, "--task", "emodb", "--strict", "--kinds", "speaker,audio").code == 0
    assert (
        cli(
            "audit",
            split_file(tmp_path, at_random),
            "--task",
            "emodb",
            "--strict",
            "--kinds",
            "speaker",
        ).code
        == 1
    )


def test_a_copy_between_the_parts_is_found_by_its_audio(
    cli, build_corpus: Build, tmp_path: Path
) -> None:
    data = build_corpus()
    wav = data / "emodb/wav"
    shutil.copy(wav / "16a01Ec.wav", wav / "03a01Fa.wav")
    done = cli(
        "audit", split_file(tmp_path, by_speaker), "--task", "emodb", "--data", data, "--json"
    )
    record = json.loads(done.out)
    (test,) = record["divisions"][0]["comparisons"]
    assert done.code == 0
    assert test["overlaps"]["audio"]["items"] == ["16a01Ec"]
    assert test["overlaps"]["speaker"]["clean"] is True
    assert record["copies"] == [["03a01Fa", "16a01Ec"]]

    # 0.15 s is too short for a fingerprint
    assert record["audio_not_known"] == {"audio": 0, "near-duplicate": 535}
    text = cli("audit", split_file(tmp_path, by_speaker), "--task", "emodb", "--data", data)
    assert "own, audio also in training: 16a01Ec" in text.out
    assert "(03a01Fa = 16a01Ec)" in text.out
    quiet = cli(
        "audit", split_file(tmp_path, by_speaker), "--task", "emodb", "--data", data, "--no-audio"
    )
    assert "the audio was not looked at, as was asked for" in quiet.out


def test_a_clip_without_audio_is_named_and_makes_nothing_clean(
    cli, build_corpus: Build, tmp_path: Path
) -> None:
    data = build_corpus()
    (data / "emodb/wav/03a01Fa.wav").write_bytes(b"")
    path = split_file(tmp_path, by_speaker)
    done = cli("audit", path, "--task", "emodb", "--data", data, "--kinds", "audio")
    assert "03a01Fa.wav' is empty" in done.out

    # any of the tested clips may be that recording
    assert "not known of any clip: audio" in done.out


def test_list_shows_all_and_without_it_the_first_ten(cli, tmp_path: Path) -> None:
    def fold(i: int, name: str) -> str:
        return "test" if name[:2] == "16" or (name[:2] == "15" and i % 2) else "train"

    path = split_file(tmp_path, fold)
    shared = [name for i, name in enumerate(IDS) if name[:2] == "15" and i % 2]
    short = cli("audit", path, "--task", "emodb", "--kinds", "speaker")
    assert f"{', '.join(shared[:10])} and {len(shared) - 10} more (--list)" in short.out
    assert (
        ", ".join(shared)
        in cli("audit", path, "--task", "emodb", "--kinds", "speaker", "--list").out
    )


UNDIVIDED = """
    BARE = Corpus(
        CorpusCard(
            name="bare", title="Bare", languages=("en",), speakers=2, licence="", access="bundled", source="",
            how_to_get="", unpack="", citation="", counts={"all": {"a": 3, "b": 1}},
        ),
        lambda tree: [
            Utterance(stem, path, stem[0], f"bare:{stem[1]}", "en") for path, stem in tree.audio("wav")
        ],
        lambda: Path(__file__).parent,
    )
    BARETASK = Task("baretask", "Bare", "bare", ("en",), ("a", "b"), {"a": "a", "b": "b"}, {"a": 3, "b": 1})
"""


def test_a_task_without_division_says_so_and_looks_inside(cli, plugin, build_corpus: Build) -> None:
    folder = plugin(UNDIVIDED, corpora=["BARE"], tasks=["BARETASK"])
    wav = build_corpus() / "emodb/wav"
    for name, original in {
        "a11": "03a01Fa",
        "a12": "03a01Nc",
        "a23": "03a01Fa",
        "b14": "03a01Wa",
    }.items():
        shutil.copy(wav / f"{original}.wav", folder / f"{name}.wav")

    done = cli("audit", "baretask", "--strict")
    assert done.code == 0
    assert "corpus 'bare' has no published division: only what it holds twice" in done.out
    assert "recordings that occur twice with equal audio: 1 (a11 = a23)" in done.out
    assert "too short or too quiet for a fingerprint: 4 of 4" in done.out
    assert "1 speaker has one label only, and 1 of 4 (25.0 %) of the clips: bare:2 'a'" in done.out


def test_every_published_division_of_a_task_is_audited(cli) -> None:
    done = cli("audit", "ravdess", "--json")
    record = json.loads(done.out)
    assert {division["name"] for division in record["divisions"]} == set(
        lookup.corpus("ravdess").card.divisions
    )

    for division in record["divisions"]:
        assert all(
            not comparison["overlaps"]["speaker"]["shared"]
            for comparison in division["comparisons"]
        )

    only = json.loads(cli("audit", "ravdess", "--division", "emobox", "--json").out)
    assert [division["name"] for division in only["divisions"]] == ["emobox"]
    assert [comparison["clips"] for comparison in only["divisions"][0]["comparisons"]] == [
        1248,
        *[208] * 6,
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "nothing to audit: give a task, or a split file and --task"),
        (("emodbb",), 2, "did you mean"),
        (("own.csv",), 2, "say which one with --task NAME"),
        (("own.csv", "--task", "emodb"), 3, "split file 'own.csv' cannot be read"),
        (
            ("own.csv", "--task", "emodb", "--division", "x"),
            2,
            "--division names a published division",
        ),
        (("ravdess", "--division", "emobx"), 2, "did you mean 'emobox'"),
        (("emodb", "--kinds", "speakers"), 2, "did you mean 'speaker'"),
        (("--splits", "none"), 2, "give --out FILE with it"),
        (("--splits", "none", "--out", "page.md"), 3, "folder of splits 'none' does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    cli, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = cli("audit", *arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_a_wrong_split_file_lists_its_faults(cli, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,split\n03a01Fa,train\nnobody,test\n")
    done = cli("audit", path, "--task", "emodb")
    assert (done.code, done.out) == (3, "")
    assert "line 3: 'nobody' is no clip of the corpus" in done.err


def test_a_page_is_made_of_a_folder_of_splits(cli, tmp_path: Path) -> None:
    """What is not here is said in the cell, never written as 0."""
    splits = tmp_path / "splits"
    splits.mkdir()
    split_file(tmp_path, at_random).rename(splits / "EmoDB.csv")
    (splits / "meld.csv").write_text(
        "id_or_path,raw_label,speaker,split_or_fold\n"
        "a/dia0_utt0,joy,Ann,train\na/dia0_utt1,joy,Bob,test\na/dia1_utt0,fear,Cat,test\n"
    )
    (splits / "strange.csv").write_text("no corpus\n")
    about = tmp_path / "about.toml"
    about.write_text(
        "title = 'Ours'\n[tables.meld]\nsource = 'us'\nfacts = { dialogue = '(.+)_utt' }\n"
    )
    done = cli("audit", "--splits", splits, "--about", about, "--out", tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert done.code == 0
    assert page.startswith("# Ours\n")
    assert "| EmoDB | 134 | 134 of 134 (10 of 10) | not known | not known |" in page
    assert (
        "| 0 of 2 | not known | 1 of 2 (1 of 2) | not known | audio not here | audio not "
        "here |" in page
    )
    assert "Split: us." in page
    assert "dia0_utt1" not in page
    assert "no corpus" not in page


@pytest.mark.parametrize(
    "text",
    ["title = ", "[tables.emodb]\nfacts = { dialogue = '(' }", "[tables.meld.facts]\nx='(a)'"],
)
def test_a_wrong_file_of_prose_is_refused(cli, text: str, tmp_path: Path) -> None:
    (tmp_path / "about.toml").write_text(text)
    (tmp_path / "meld.csv").write_text("id,split\na,train\nb,test\n")
    text = text.replace("emodb", "meld")
    (tmp_path / "about.toml").write_text(text)
    done = cli(
        "audit",
        "--splits",
        tmp_path,
        "--about",
        tmp_path / "about.toml",
        "--out",
        tmp_path / "page.md",
    )
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "page.md").exists()


@pytest.mark.real
@pytest.mark.slow
def test_the_page_in_the_repository_is_what_the_command_makes(
    cli, reference: Path, real_data: Path, tmp_path: Path
) -> None:
    """If it were not, its numbers would be someone's word."""
    if not all((real_data / name).is_dir() for name in ("aesdd", "emodb", "emovo", "ravdess")):
        pytest.skip("the page was made with the audio of four corpora, which are not all here")

    docs = Path(__file__).parents[2] / "docs/measured"
    arguments = (
        "--splits",
        reference,
        "--about",
        docs / "audit.toml",
        "--out",
        tmp_path / "audit.md",
    )
    assert cli("audit", *arguments, "--data", real_data).code == 0
    assert (tmp_path / "audit.md").read_text() == (docs / "audit.md").read_text()
