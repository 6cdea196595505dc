"""Speech that was made from other speech: the verdict on who trained on the one and is tested on
the other, whatever corpus, name or language it goes by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sets import row, tone, write_set

from mserbench import evaluate, train
from mserbench.cards import CorpusCard, Exposure, ModelCard
from mserbench.contracts import Task
from mserbench.data import dataset, lookup
from mserbench.data.own import definition as own
from mserbench.errors import DataError
from mserbench.results import exposure
from mserbench.results.exposure import VERDICTS, Origins, judge
from mserbench.results.manifest import Manifest, Source, read_manifest
from mserbench.running.subject import full_card

TASK = "emodb-sample"
Install = Callable[..., Path]
HEARD = """
[[exposure]]
corpus = "mls"
languages = ["fr", "de"]
kind = "speech"
evidence = "the card of the translator"

[[exposure]]
corpus = "aesdd"
languages = ["el"]
kind = "emotion-labels"
evidence = "the model that chose the clips"
"""


@pytest.fixture(autouse=True)
def forgotten() -> None:
    lookup._owned.clear()


@pytest.fixture(scope="module")
def originals() -> list[tuple[str, str]]:
    """Ids and audio keys of the sample."""
    items = dataset.load(lookup.task(TASK), None).items
    return [(item.utterance.id, item.facts.key) for item in items]


@pytest.fixture
def translations(tmp_path: Path, originals: Sequence[tuple[str, str]]) -> Callable[..., Path]:
    """Make a set of French speech made from twelve clips of the sample; each is told by id, by
    audio, by both, or by none.
    """

    def make(
        name: str, by: Sequence[str] = ("id", "audio"), language: str = "fr", **keys: str
    ) -> Path:
        rows = []
        for number, (identity, key) in enumerate(originals[:12]):
            told = {"derived_from": f"{TASK}:{identity}", "derived_audio": key}
            names = {"id": "derived_from", "audio": "derived_audio"}
            rows.append(row(number, language, **{names[way]: told[names[way]] for way in by}))

        return write_set(tmp_path / name, rows, name=name, **keys)

    return make


def verdict_on(weights: Path, task: str) -> exposure.Verdict:
    """Return the verdict of an otherwise innocent model with these weights, no clip compared."""
    card = full_card(ModelCard("m", "m", "1", "", "", (), True), read_manifest(weights))
    asked = lookup.task(task)
    return judge(card, asked, lookup.corpus(asked.corpus).card, ())


@pytest.mark.parametrize(
    ("by", "verdict"),
    [(("id", "audio"), "leaked"), (("audio",), "leaked"), (("id",), "leaked"), ((), "zero-shot")],
)
def test_who_learnt_translations_is_leaked_on_the_originals(
    plugin: Install,
    translations: Callable[..., Path],
    tmp_path: Path,
    by: tuple[str, ...],
    verdict: str,
) -> None:
    """A translation has the emotion of its source: the audio tells it where no id does."""
    plugin()
    weights = train("trainee", [str(translations("made", by))], tmp_path / "w")
    run = evaluate("trainee", TASK, weights=weights, out=tmp_path / "runs")
    assert run.verdict == verdict
    if verdict == "leaked":
        assert run.record.verdict.reasons[0].startswith("12 test clip(s) were trained on, in ")


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        (("id", "audio"), "leaked"),
        (("audio",), "leaked"),
        (("id",), "in-corpus"),
        ((), "zero-shot"),
    ],
)
def test_who_learnt_the_originals_is_caught_on_translations(
    plugin: Install,
    translations: Callable[..., Path],
    tmp_path: Path,
    by: tuple[str, ...],
    verdict: str,
) -> None:
    """The other way round: the manifest holds audio keys of what was learnt, and of the set's rows
    the file tells from which audio they are made; by id alone their corpus is known.
    """
    plugin()
    weights = train("trainee", [TASK], tmp_path / "w")
    run = evaluate("trainee", str(translations("tested", by)), weights=weights, out=tmp_path / "r")
    assert run.verdict == verdict
    told = {
        "leaked": "12 test clip(s) were made from clips that were trained on, in emodb",
        "in-corpus": "trained on corpus emodb, whose clips tested speech was made from",
    }
    assert run.record.verdict.reasons[0].startswith(told.get(verdict, "emotion labels"))


def test_two_translations_of_one_clip_know_each_other(
    plugin: Install, translations: Callable[..., Path], tmp_path: Path
) -> None:
    """Trained on the French ones and tested on the Spanish ones: the same twelve recordings."""
    plugin()
    weights = train("trainee", [str(translations("french"))], tmp_path / "w")
    spanish = str(translations("spanish", language="es"))
    run = evaluate("trainee", spanish, weights=weights, out=tmp_path / "runs")
    assert run.verdict == "leaked"


def test_a_set_is_of_its_sources_and_of_its_languages(
    plugin: Install, translations: Callable[..., Path], tmp_path: Path
) -> None:
    """One made from `ravdess` leaks `ravdess`; one with German speech is cross-corpus on `emodb`."""
    plugin()
    rows = [
        row(n, "de", derived_from=f"ravdess:03-01-01-01-01-0{n // 2 + 1}-0{n % 2 + 1}")
        for n in range(4)
    ]
    folder = write_set(tmp_path / "m5", rows, name="m5")
    weights = train("trainee", [str(folder)], tmp_path / "w")
    assert verdict_on(weights, "emodb").verdict == "cross-corpus"
    assert verdict_on(weights, "ravdess").verdict == "in-corpus"
    assert verdict_on(weights, "aesdd").verdict == "zero-shot"
    card = full_card(ModelCard("m", "m", "1", "", "", (), True), read_manifest(weights))
    asked = lookup.task("ravdess")
    tested = ("ravdess:03-01-01-01-01-01-01",)
    assert judge(card, asked, lookup.corpus("ravdess").card, tested).verdict == "leaked"


def test_what_the_makers_heard_is_handed_on(
    plugin: Install, translations: Callable[..., Path], tmp_path: Path
) -> None:
    """A translator that was chosen by a model which knows AESDD gives speech that knows it too."""
    plugin()
    told = translations("told", tables=HEARD, more="exposure_complete = true")
    weights = train("trainee", [str(told)], tmp_path / "w")
    on_aesdd, on_emovo = verdict_on(weights, "aesdd"), verdict_on(weights, "emovo")
    assert on_aesdd.verdict == "in-corpus"
    assert on_aesdd.reasons == (
        "trained on corpus aesdd (the model that chose the clips; it made speech of told)",
    )
    assert (on_emovo.verdict, on_emovo.heard) == ("zero-shot", "no")
    assert verdict_on(weights, "emodb").heard == "yes"

    open_list = translations("open", tables=HEARD)
    again = train("trainee", [str(open_list)], tmp_path / "w2")
    assert verdict_on(again, "emovo").verdict == "unknown"
    assert verdict_on(again, "aesdd").verdict == "in-corpus"
    run = evaluate("trainee", TASK, weights=again, out=tmp_path / "runs")
    assert run.record.model.exposure_complete is False
    assert {"mls", "aesdd"} <= {part.corpus for part in run.record.model.exposure or ()}


def test_what_a_set_says_stays_through_later_stages(
    plugin: Install, translations: Callable[..., Path], tmp_path: Path
) -> None:
    """The manifest of weights that went on from others must not forget what those learnt."""
    plugin()
    told = translations("told", tables=HEARD, more="exposure_complete = false")
    manifest = read_manifest(train("trainee", [str(told)], tmp_path / "w"))
    later = Manifest.from_json(
        {"sources": [], "earlier": [source.to_json() for source in manifest.sources], "files": {}}
    )
    card = exposure.card_with_manifest(ModelCard("m", "m", "1", "", "", (), True), later)
    assert not card.exposure_complete
    assert {part.corpus for part in card.exposure} == {"told", TASK, "mls", "aesdd"}


def test_sources_without_the_new_parts_are_written_as_ever() -> None:
    """Else every manifest and weights hash that exists would change."""
    old = {"task": "t", "family": "f", "languages": ["de"], "clips": ["k"]}
    assert Source.from_json(old).to_json() == old


@pytest.mark.parametrize(
    ("origin", "more", "words"),
    [
        ("emodb-smple:03a01Fa", "", "did you mean 'emodb-sample'?"),
        ("calls:a", "", "derived_corpora = ['calls']"),
        ("EmoDB:03a01Fa", "", "corpus 'EmoDB', which is not known"),
        ("ravdess:03-01", "", "are no utterance of corpus 'ravdess'"),
        ("set:nothing", "", "are no utterance of corpus 'set'"),
        ("calls:a", 'derived_corpora = "calls"', ""),
        ("set:demo-en/clip-0001/fr", "", ""),
        ("meld:dia1_utt2", "", ""),
    ],
)
def test_an_origin_that_nobody_has_is_an_error(
    tmp_path: Path, origin: str, more: str, words: str
) -> None:
    """A mistyped corpus would hide that a test clip was learnt."""
    rows = [row(number, derived_from=origin) for number in range(4)]
    file = write_set(tmp_path / "set", rows, more=more) / "corpus.toml"
    if not words:
        assert own.load(file).task.name == "set"
        return

    with pytest.raises(DataError) as raised:
        own.load(file)

    assert words in str(raised.value)
    assert "key 'columns.derived_from'" in str(raised.value)


def test_a_key_that_is_none_is_a_fault_of_its_row(tmp_path: Path) -> None:
    """A key that is cut short would match nothing."""
    rows = [row(number, derived_audio="ab" * 32) for number in range(4)]
    rows[2]["derived_audio"] = "ab" * 31
    file = write_set(tmp_path / "set", rows) / "corpus.toml"
    with pytest.raises(DataError, match=r"row 2: derived_audio is 'ab.*64 digits"):
        dataset.load(lookup.task(str(file)), None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('kind = "speech"', 'kind = "heard"'), "number 1: 'kind' is 'heard'"),
        (('languages = ["el"]', 'languages = "el"'), "number 2: 'languages' is 'el'"),
        (('languages = ["el"]', 'languages = ["xx-nope"]'), "number 2: 'languages'"),
        (('corpus = "mls"\n', ""), "number 1: 'corpus' is None"),
        (('evidence = "the card of the translator"', 'evidence = " "'), "number 1: 'evidence'"),
        (('corpus = "mls"', 'corpora = "mls"'), "did you mean 'corpus'?"),
    ],
)
def test_exposure_that_is_none_is_named(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    """What the verdict rests on must not be read as something else."""
    folder = write_set(tmp_path / "set", [row(n) for n in range(4)], tables=HEARD.replace(*change))
    with pytest.raises(DataError) as raised:
        own.load(folder / "corpus.toml")

    assert words in str(raised.value)


@given(
    trained=st.sets(st.sampled_from("abcdef")),
    tested=st.sets(st.sampled_from("abcdef")),
    made_from=st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3)),
    families=st.lists(st.sampled_from(["emodb", "emovo", "ravdess"]), max_size=2),
)
def test_knowing_what_speech_was_made_from_never_makes_a_verdict_better(
    trained: set[str], tested: set[str], made_from: dict[str, int], families: list[str]
) -> None:
    """The column that tells it can only warn."""
    part = Exposure("emovo", ("it",), "emotion-labels", "test", frozenset(trained))
    card = ModelCard("m", "m", "1", "", "", (part,), True)
    asked: Task = lookup.task(TASK)
    about: CorpusCard = lookup.corpus(asked.corpus).card
    bare = judge(card, asked, about, tested).verdict
    origins = Origins(made_from, tuple(families))
    told: Any = judge(card, asked, about, tested, origins=origins).verdict
    assert VERDICTS.index(told) >= VERDICTS.index(bare)
    if trained & made_from.keys():
        assert told == "leaked"
    elif "emovo" in families:
        assert told in ("in-corpus", "leaked")


def test_equal_sounds_of_a_set_are_other_sounds_than_their_source() -> None:
    """The tests above rest on it: tones of sets are in no corpus."""
    assert tone(1) != tone(2)
