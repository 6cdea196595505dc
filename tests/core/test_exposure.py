"""The verdict: computed from exposure, never better for knowing more; and the files that exposure
is read from.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.cards import CorpusCard, Exposure, ExposureKind, ModelCard
from mserbench.contracts import Task
from mserbench.data import lookup
from mserbench.errors import DataError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, ModelEntry
from mserbench.results import exposure, own_cards
from mserbench.results.exposure import VERDICTS, Verdict, card_with_manifest, judge
from mserbench.results.manifest import Manifest, Source, read_manifest, write_manifest
from mserbench.running.lookup import model_class

KEYS = ("k1", "k2")


def card(*listed: Exposure, complete: bool = True) -> ModelCard:
    return ModelCard("m", "m", "1", "", "", listed, complete)


def labelled(
    corpus: str, *languages: str, clips: tuple[str, ...] = (), kind: ExposureKind = "emotion-labels"
) -> Exposure:
    return Exposure(corpus, languages, kind, "test", frozenset(clips))


@pytest.fixture(scope="module")
def sample() -> tuple[Task, CorpusCard]:
    """The German sample, whose speakers are those of `emodb`."""
    return lookup.task("emodb-sample"), lookup.corpus("emodb-sample").card


@pytest.mark.parametrize(
    ("listed", "complete", "verdict"),
    [
        ([], True, "zero-shot"),
        ([], False, "unknown"),
        ([labelled("emovo", "it")], True, "zero-shot"),
        ([labelled("emovo", "it")], False, "unknown"),
        ([labelled("unknown", "it")], True, "unknown"),
        ([labelled("other", "de")], True, "cross-corpus"),
        ([labelled("other", "de-AT")], True, "cross-corpus"),
        ([labelled("other", "it", "DE")], True, "cross-corpus"),
        ([labelled("other", "de")], False, "unknown"),
        ([labelled("web", "mul")], True, "unknown"),
        ([labelled("web", "und")], True, "unknown"),
        ([labelled("web")], True, "unknown"),
        ([labelled("emodb", "de")], True, "in-corpus"),
        ([labelled("EmoDB", "de")], False, "in-corpus"),
        ([labelled("emodb-sample", "de")], True, "in-corpus"),
        ([labelled("emovo", "it", clips=("k2", "k9"))], True, "leaked"),
        ([labelled("emovo", "it", clips=("k9",))], True, "zero-shot"),
        ([labelled("unknown", clips=("k1",))], False, "leaked"),
        ([labelled("emodb", "de", kind="speech")], True, "zero-shot"),
        ([labelled("wiki", "de", kind="text")], True, "zero-shot"),
    ],
)
def test_the_verdict(
    sample: tuple[Task, CorpusCard], listed: list[Exposure], complete: bool, verdict: str
) -> None:
    judgement = judge(card(*listed, complete=complete), *sample, KEYS)
    assert judgement.verdict == verdict
    assert judgement.reasons, "a verdict without a reason cannot be checked"


@pytest.mark.parametrize(
    ("listed", "complete", "heard"),
    [
        ([], True, "no"),
        ([], False, "unknown"),
        ([labelled("web", "de", kind="speech")], True, "yes"),
        ([labelled("web", "de-CH", kind="speech")], False, "yes"),
        ([labelled("web", "de", kind="text")], True, "text"),
        ([labelled("web", "de", kind="text")], False, "unknown"),
        ([labelled("web", "en", kind="text")], True, "no"),
        ([labelled("web", "mul", kind="speech")], True, "unknown"),
        ([labelled("web", "mul", kind="text")], True, "unknown"),
        ([labelled("web", "de", kind="text"), labelled("radio", "de", kind="speech")], True, "yes"),
        ([labelled("other", "de")], True, "yes"),
    ],
)
def test_whether_the_language_was_heard(
    sample: tuple[Task, CorpusCard], listed: list[Exposure], complete: bool, heard: str
) -> None:
    assert judge(card(*listed, complete=complete), *sample, KEYS).heard == heard


@pytest.mark.parametrize(
    ("listed", "complete", "verdict"),
    [
        ([], True, "unknown"),
        ([], False, "unknown"),
        ([labelled("emovo", "it")], True, "unknown"),
        ([labelled("web", "und")], True, "unknown"),
        ([labelled("emodb", "de")], True, "in-corpus"),
        ([labelled("emovo", "it", clips=("k1",))], True, "leaked"),
    ],
)
def test_a_task_in_an_undeclared_language_never_gets_a_verdict_that_rests_on_its_language(
    sample: tuple[Task, CorpusCard], listed: list[Exposure], complete: bool, verdict: str
) -> None:
    """If it did, whoever keeps silent about the language would be told that the model never heard
    it.
    """
    task, corpus = sample
    judgement = judge(
        card(*listed, complete=complete), replace(task, languages=("und",)), corpus, KEYS
    )
    assert (judgement.verdict, judgement.heard) == (verdict, "unknown")
    assert ("the language of the task is not declared" in judgement.reasons) == (
        verdict == "unknown"
    )


exposures = st.builds(
    Exposure,
    corpus=st.sampled_from(["emodb", "EMODB", "emodb-sample", "emovo", "unknown", "x"]),
    languages=st.lists(st.sampled_from(["de", "de-AT", "it", "mul", "und"]), max_size=2).map(tuple),
    kind=st.sampled_from(["emotion-labels", "speech", "text"]),
    evidence=st.just("test"),
    clips=st.frozensets(st.sampled_from(["k1", "k2", "k3"]), max_size=2),
)


@given(st.lists(exposures, max_size=4), exposures, st.booleans())
def test_more_exposure_never_makes_the_verdict_better(
    sample: tuple[Task, CorpusCard], listed: list[Exposure], more: Exposure, complete: bool
) -> None:
    before = judge(card(*listed, complete=complete), *sample, KEYS)
    after = judge(card(*listed, more, complete=complete), *sample, KEYS)
    assert VERDICTS.index(after.verdict) >= VERDICTS.index(before.verdict)
    assert not (before.heard == "yes" and after.heard != "yes")


MET = ("no", "text", "yes")  # from the least that was met of a language


@given(st.lists(exposures, max_size=4), exposures, st.booleans())
def test_a_language_that_was_met_is_never_shown_as_not_met(
    sample: tuple[Task, CorpusCard], listed: list[Exposure], more: Exposure, complete: bool
) -> None:
    """Text is a meeting too: a model that has read a language knows its words."""
    heard = judge(card(*listed, more, complete=complete), *sample, KEYS).heard
    of_language = {part.kind for part in (*listed, more) if {"de", "de-AT"} & set(part.languages)}
    if of_language - {"text"}:
        assert heard == "yes"
    elif of_language:
        assert heard in ("text", "unknown")
    else:
        assert heard in ("no", "unknown")

    fewer = judge(card(*listed, complete=complete), *sample, KEYS).heard
    if heard in MET and fewer in MET:
        assert MET.index(heard) >= MET.index(fewer)


@given(
    st.lists(st.sampled_from(["de", "en", "it", "fa"]), min_size=1, max_size=3, unique=True),
    st.lists(
        st.sampled_from(["de-AT", "en", "it", "ru", "mul"]), min_size=1, max_size=3, unique=True
    ),
)
def test_a_reason_names_the_languages_that_are_shared_and_no_other(
    sample: tuple[Task, CorpusCard], languages: list[str], trained: list[str]
) -> None:
    """A reason that names a language nobody trained on sends its reader to look for data that do
    not exist.
    """
    task, corpus = sample
    judgement = judge(
        card(labelled("other", *trained)), replace(task, languages=tuple(languages)), corpus, KEYS
    )
    shared = [
        code
        for code in languages
        if code in {code_trained.partition("-")[0] for code_trained in trained}
    ]
    reasons = [reason for reason in judgement.reasons if reason.startswith("trained on ")]
    assert reasons == (
        [f"trained on {', '.join(shared)} emotion labels of other (test)"] if shared else []
    )


@pytest.mark.parametrize(
    ("asked", "trained"),
    [
        ("zh", "cmn"),
        ("cmn", "zh"),
        ("zh", "cmn-Hans-CN"),
        ("de", "deu"),
        ("deu", "de"),
        ("fa", "pes"),
        ("fas", "fa-IR"),
        ("ar", "arb"),
    ],
)
def test_a_language_is_met_in_whatever_code_it_is_told(
    sample: tuple[Task, CorpusCard], asked: str, trained: str
) -> None:
    """Mandarin is told as `cmn` by one publisher and as `zh` by the next: a model trained on the
    one has seen the other.
    """
    task, corpus = sample
    verdict = judge(card(labelled("other", trained)), replace(task, languages=(asked,)), corpus, [])
    assert (verdict.verdict, verdict.heard) == ("cross-corpus", "yes")
    assert verdict.reasons == (f"trained on {asked} emotion labels of other (test)",)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ([], "emotion labels were seen in no language only, and no clip of emodb"),
        (
            [labelled("emovo", "it"), labelled("more", "ru", "it")],
            "emotion labels were seen in languages it, ru only, and no clip of emodb",
        ),
        (
            [labelled("emovo", "it", clips=("k1", "k2", "k9")), labelled("emodb", "de")],
            "2 test clip(s) were trained on, in emovo (test)",
        ),
        (
            [labelled("emodb", "de"), labelled("other", "de")],
            "trained on corpus emodb (test)",
        ),
    ],
)
def test_the_reason_is_that_of_the_worst_thing_seen(
    sample: tuple[Task, CorpusCard], seen: list[Exposure], reason: str
) -> None:
    assert judge(card(*seen), *sample, KEYS).reasons == (reason,)


LIST = "the list of corpora with emotion labels it was trained on is not known to be complete"
TASK = "the language of the task is not declared"


@pytest.mark.parametrize(
    ("languages", "complete", "reasons"),
    [
        (("de",), False, ("trained on de emotion labels of other (test)", LIST)),
        (("it",), False, (LIST,)),
        (("und",), True, (TASK,)),
        (("it", "und"), True, (TASK,)),
        (("und",), False, (TASK, LIST)),
    ],
)
def test_what_is_unknown_is_told_beside_what_is_known(
    sample: tuple[Task, CorpusCard],
    languages: tuple[str, ...],
    complete: bool,
    reasons: tuple[str, ...],
) -> None:
    task, corpus = sample
    seen = card(labelled("other", "de"), complete=complete)
    verdict = judge(seen, replace(task, languages=languages), corpus, KEYS)
    assert (verdict.verdict, verdict.reasons) == ("unknown", reasons)


def test_names_of_corpora_are_the_same_in_any_case(sample: tuple[Task, CorpusCard]) -> None:
    task, corpus = sample
    capitals = replace(corpus, name="EmoDB-Sample", family="EMODB")
    for name in ("emodb", "EMODB", "emodb-sample"):
        assert judge(card(labelled(name, "de")), task, capitals, []).verdict == "in-corpus"
        assert judge(replace(card(), development=(name,)), task, capitals, []).development


def test_related_releases_of_the_training_corpora_are_one_corpus() -> None:
    seen = exposure.with_families(card(labelled("emodb-sample", "de")), lookup.family)
    assert [part.corpus for part in seen.exposure] == ["emodb"]


# What a model's defaults were chosen on


@pytest.mark.parametrize(
    ("chosen_on", "development"),
    [
        ((), False),
        (("emovo", "aesdd"), False),
        (("emodb",), True),
        (("EmoDB",), True),
        (("emodb-sample",), True),
    ],
)
def test_a_target_that_the_defaults_were_chosen_on_is_marked_and_changes_no_verdict(
    sample: tuple[Task, CorpusCard], chosen_on: tuple[str, ...], development: bool
) -> None:
    """A release that shares the speakers counts as the corpus."""
    judgement = judge(replace(card(), development=chosen_on), *sample, KEYS)
    assert judgement.development == development
    assert replace(judgement, development=False) == judge(card(), *sample, KEYS)


def test_weights_say_in_place_of_the_card_what_their_options_were_chosen_on(tmp_path: Path) -> None:
    model = replace(card(), development=("emodb", "ravdess"))
    manifest = read_manifest(weights(tmp_path / "w"))
    assert exposure.card_with_manifest(model, manifest).development == ("emodb", "ravdess")

    for chosen_on in ([], ["emovo"]):
        assert exposure.card_with_manifest(
            model, replace(manifest, chosen_on=tuple(chosen_on))
        ).development == tuple(chosen_on)


def test_releases_that_share_speakers_are_one_corpus_in_what_was_chosen_on() -> None:
    card_with_families = exposure.with_families(
        replace(card(), development=("emodb-sample", "emodb", "mine")), lookup.family
    )
    assert card_with_families.development == ("emodb", "mine")


# What stands for other people's models is none without an address, and was not chosen on anything.
MODELS = sorted(name for name, entry in registry.entries(ModelEntry).items() if not entry.address)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_names_corpora_that_there_are(name: str) -> None:
    """A misspelt corpus would take the mark from every run on it."""
    kind = model_class(name)
    hints = typing.get_type_hints(kind.Options)
    presets = typing.get_args(typing.get_args(hints["preset"])[0]) if "preset" in hints else ()

    try:
        models = [kind(kind.Options(preset=preset)) for preset in presets] or [kind()]
    except DataError as error:
        pytest.skip(f"its parts are not here: {error}")

    assert all(
        corpus in registry.entries(CorpusEntry)
        for model in models
        for corpus in model.card.development
    )


@given(st.lists(exposures, max_size=4))
def test_a_list_that_may_lack_something_is_never_judged_better(
    sample: tuple[Task, CorpusCard], listed: list[Exposure]
) -> None:
    complete_list, open_end = (
        judge(card(*listed, complete=complete), *sample, KEYS) for complete in (True, False)
    )
    assert VERDICTS.index(open_end.verdict) >= VERDICTS.index(complete_list.verdict)
    assert open_end.verdict not in ("zero-shot", "cross-corpus")


def test_transductive_is_shown_and_changes_no_verdict(sample: tuple[Task, CorpusCard]) -> None:
    plain, adapted = (judge(card(), *sample, KEYS, transductive) for transductive in (False, True))
    assert (plain.transductive, adapted.transductive) == (False, True)
    assert replace(adapted, transductive=False) == plain
    assert judge(card(), *sample, KEYS) == plain


def test_without_a_manifest_the_card_holds() -> None:
    """If models without weights lost their card, none of them could be judged."""
    assert card_with_manifest(card(), None) == card()


def test_a_verdict_says_nothing_that_it_was_not_given() -> None:
    """If a target counted as seen in development unasked, every row would wear the mark."""
    verdict = Verdict("zero-shot", (), "no", transductive=False)
    assert (verdict.development, verdict.note) == (False, "")


# Manifests of weights

SOURCE = {"task": "emovo", "family": "emovo", "languages": ["it"], "clips": ["k1"]}


def weights(folder: Path, sources: Sequence[object] = (SOURCE,)) -> Path:
    folder.mkdir()
    (folder / "weights.json").write_text("{}")
    write_manifest(
        folder, Manifest.from_json({"model": "m", "sources": list(sources), "files": {}})
    )

    return folder


def test_a_manifest_adds_its_sources_to_the_card(
    tmp_path: Path, sample: tuple[Task, CorpusCard]
) -> None:
    manifest = read_manifest(weights(tmp_path / "w"))
    assert judge(exposure.card_with_manifest(card(), manifest), *sample, KEYS).verdict == "leaked"
    assert (
        judge(exposure.card_with_manifest(card(), manifest), *sample, ("k7",)).verdict
        == "zero-shot"
    )


def test_a_clip_of_an_earlier_stage_is_known_after_a_later_one(
    tmp_path: Path, sample: tuple[Task, CorpusCard]
) -> None:
    """Else a second training on other speech would make any verdict clean."""
    folder = weights(tmp_path / "w", [{**SOURCE, "clips": ["k9"]}])
    manifest = read_manifest(folder)
    write_manifest(folder, replace(manifest, earlier=(Source.from_json(SOURCE),)))
    assert (
        judge(exposure.card_with_manifest(card(), manifest), *sample, KEYS).verdict == "zero-shot"
    )
    staged = read_manifest(folder)
    assert judge(exposure.card_with_manifest(card(), staged), *sample, KEYS).verdict == "leaked"
    damaged = {**staged.to_json(), "earlier": [{**SOURCE, "clips": "k1"}]}
    (folder / "manifest.json").write_text(json.dumps(damaged))

    with pytest.raises(DataError, match="'clips' of a source must be a list of texts"):
        read_manifest(folder)


def test_speech_made_from_a_test_clip_is_no_unseen_speech(
    tmp_path: Path, sample: tuple[Task, CorpusCard]
) -> None:
    """A translation has another key, language and corpus, but the emotion of the clip that it is
    made from.
    """
    _, corpus = sample
    synthetic = {"task": "m5ser", "family": "m5ser", "languages": ["fr"], "clips": ["f1", "f2"]}
    origins = [f"{corpus.name}:a", "iemocap:Ses01:F000"]
    manifest = read_manifest(weights(tmp_path / "w", [{**synthetic, "origins": origins}]))
    extended = exposure.card_with_manifest(card(), manifest)
    same_clip = judge(extended, *sample, [*KEYS, f"{corpus.name}:a", f"{corpus.name}:b"])
    assert same_clip.verdict == "leaked"
    assert same_clip.reasons == (
        f"1 test clip(s) were trained on, in {corpus.name} (training manifest, task m5ser, "
        f"speech made from its clips)",
    )
    other_clip = judge(extended, *sample, [*KEYS, f"{corpus.name}:b"])
    assert other_clip.verdict == "in-corpus"
    assert (
        judge(
            exposure.card_with_manifest(
                card(), Manifest.from_json({"sources": [synthetic], "files": {}})
            ),
            *sample,
            KEYS,
        ).verdict
        == "zero-shot"
    )
    assert {listed.corpus for listed in extended.exposure} == {
        "m5ser",
        corpus.name,
        "iemocap",
    }


def test_equal_weights_have_equal_hashes_wherever_they_lie(tmp_path: Path) -> None:
    hashes = [read_manifest(weights(tmp_path / name)).weights_hash for name in ("a", "b")]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("change", ["changed", "added", "removed"])
def test_weights_that_are_not_those_of_the_manifest_are_refused(
    tmp_path: Path, change: str
) -> None:
    folder = weights(tmp_path / "w")
    if change == "removed":
        (folder / "weights.json").unlink()
    else:
        (folder / ("weights.json" if change == "changed" else "more.bin")).write_text("other")

    with pytest.raises(
        DataError, match=r"changed, missing or added since training.*: train again, or restore them"
    ):
        read_manifest(folder)


def test_weights_without_a_manifest_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are no folder"):
        read_manifest(tmp_path / "none")

    with pytest.raises(
        DataError, match=r"have no manifest\.json, so what they were trained on is unknown"
    ):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "5",
        "[" * 99_999,
        '{"files": {}}',
        '{"files": {}, "sources": 5}',
        '{"files": {}, "sources": ["x"]}',
        '{"files": {}, "sources": [{"task": "x"}]}',
        json.dumps({"files": {}, "sources": [{**SOURCE, "languages": "it"}]}),
        json.dumps({"files": {}, "sources": [{**SOURCE, "clips": 5}]}),
        json.dumps({"files": {}, "sources": [{**SOURCE, "clips": [[]]}]}),
        json.dumps({"files": {}, "sources": [{**SOURCE, "family": None}]}),
        json.dumps({"files": {}, "sources": [SOURCE], "chosen_on": "emodb"}),
        json.dumps({"files": {}, "sources": [SOURCE], "chosen_on": [5]}),
        json.dumps({"files": {}, "sources": [SOURCE], "before": 5}),
        json.dumps({"files": {}, "sources": [SOURCE], "validated_on": "it"}),
    ],
)
def test_a_damaged_manifest_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DataError, match=r"manifest '.*' is damaged .*: train again") as caught:
        read_manifest(tmp_path)

    assert caught.value.exit_code == 3


# Model cards of somebody's own

ReadCard = Callable[[Any], ModelCard]


@pytest.fixture
def read_card(tmp_path: Path) -> ReadCard:
    def read(content: Any) -> ModelCard:
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        (tmp_path / "card.json").write_bytes(text if isinstance(text, bytes) else text.encode())
        return own_cards.read_card(tmp_path / "card.json", "mine")

    return read


ENTRY = {"corpus": "emodb", "languages": ["de"], "kind": "emotion-labels", "evidence": "script"}


def test_a_card_is_read_and_what_it_does_not_say_is_unknown(read_card: ReadCard) -> None:
    read = read_card({"exposure": [ENTRY], "exposure_complete": True})
    assert read.exposure == (Exposure("emodb", ("de",), "emotion-labels", "script"),)
    assert read.exposure_complete
    assert (read.name, read.version, read.licence) == ("mine", "unknown", "unknown")
    assert not read_card({}).exposure_complete, "silence must not count as knowledge"
    assert read_card(b"\xef\xbb\xbf{}").exposure == ()
    assert read_card({"development": ["emodb"]}).development == ("emodb",)
    assert read_card({"recipe": "make it"}).recipe == "make it"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read as JSON"),
        (b"\xff\xfe{\0}\0", "cannot be read as JSON"),
        ("[" * 99_999, "cannot be read as JSON"),
        ([], "must be an object with a list 'exposure'"),
        ({"exposure": {}}, "must be an object with a list 'exposure'"),
        ({"exposure_complete": "yes"}, "'exposure_complete' is 'yes', but must be true or false"),
        (
            {"development": "emodb"},
            "'development' is 'emodb', but must be a list of names of corpora",
        ),
        ({"development": [1]}, "'development' is [1]"),
        ({"recipe": ["make", "it"]}, "'recipe' is ['make', 'it'], but a text was expected"),
        (
            {"exposure": ["emodb"]},
            "exposure 1: an object with 'corpus', 'languages', 'kind' and 'evidence'",
        ),
        ({"exposure": [ENTRY, {**ENTRY, "corpus": 5}]}, "exposure 2: an object with 'corpus'"),
        (
            {"exposure": [{**ENTRY, "kind": "labels"}]},
            "'kind' is 'labels', but must be one of emotion-labels, speech",
        ),
        ({"exposure": [{**ENTRY, "kind": []}]}, "'kind' is []"),
        (
            {"exposure": [{**ENTRY, "languages": "de"}]},
            "'languages' is 'de', but must be a list of ISO 639 codes",
        ),
        ({"exposure": [{**ENTRY, "languages": ["German"]}]}, "'languages' is ['German']"),
        ({"exposure": [{**ENTRY, "languages": [7]}]}, "'languages' is [7]"),
    ],
)
def test_a_card_with_a_fault_names_it(read_card: ReadCard, content: object, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read_card(content)

    assert words in str(caught.value)
    assert "card.json" in str(caught.value)


def test_a_card_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        own_cards.read_card(tmp_path / "none.json", "mine")
