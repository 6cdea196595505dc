"""The conformance kit: an honest model, task and corpus pass, and each breach fails the check that
is made for it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mserbench.cards import CorpusCard, Exposure, ModelCard
from mserbench.cli import conform as command
from mserbench.contracts import Clip, Corpus, Task, Tree, Utterance
from mserbench.data import lookup
from mserbench.errors import UnknownName, UsageError
from mserbench.model import Described, Model
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, Entry, ModelEntry, TaskEntry
from mserbench.testing import (
    Finding,
    assert_corpus,
    assert_model,
    assert_task,
    check_corpus,
    check_model,
    check_task,
    sounds,
)

CARD = ModelCard("honest", "Loudness", "1", "MIT", "", (), True)


def loudness(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([float(np.mean(np.abs(clip.waveform.astype(float)))) for clip in clips])


def spread(values: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """One number a clip, shape (n,), to scores of shape (n, n_labels) that go by the labels'
    names.
    """
    weights = np.array(
        [int(hashlib.sha256(label.encode()).hexdigest()[:4], 16) / 65536 for label in labels]
    )
    return np.outer(values, weights)


class Honest(Model):
    card = CARD

    def predict(self, clips, labels):
        return spread(loudness(clips), labels)


def outcome(findings: Sequence[Finding]) -> dict[str, bool | None]:
    return {finding.check: finding.ok for finding in findings}


def failed(findings: Sequence[Finding]) -> set[str]:
    return {finding.check for finding in findings if finding.ok is False}


def test_an_honest_model_passes_every_check() -> None:
    """If it did not, the kit would reject good work and nobody would trust it."""
    findings = check_model(Honest)
    assert all(finding.ok for finding in findings), failed(findings)
    assert all(finding.sentence for finding in findings)


class NotANumber(Honest):
    def predict(self, clips, labels):
        return np.where(loudness(clips)[:, None] > 0.1, np.nan, spread(loudness(clips), labels))


class WrongShape(Honest):
    def predict(self, clips, labels):
        return spread(loudness(clips), labels)[:, :-1]


class Unseeded(Honest):
    def predict(self, clips, labels):
        return np.random.default_rng().random((len(clips), len(labels)))


class ByInstance(Honest):
    def __init__(self, options=None, weights=None, device="cpu"):
        super().__init__(options, weights, device)
        self.factor = np.random.default_rng().random()

    def predict(self, clips, labels):
        return self.factor + spread(loudness(clips), labels)


class Remembering(Honest):
    seen = 0

    def prepare(self, clips):
        self.seen += len(list(clips()))

    def predict(self, clips, labels):
        return self.seen + spread(loudness(clips), labels)


class BatchMean(Honest):
    def predict(self, clips, labels):
        return spread(loudness(clips) - loudness(clips).mean(), labels)


class Padded(Honest):
    def predict(self, clips, labels):
        longest = max(len(clip.waveform) for clip in clips)
        return spread(np.array([np.abs(clip.waveform).sum() / longest for clip in clips]), labels)


class ByPosition(Honest):
    def predict(self, clips, labels):
        return spread(loudness(clips) + np.arange(len(clips)), labels)


class ByColumn(Honest):
    def predict(self, clips, labels):
        return np.outer(loudness(clips), np.arange(len(labels)))


class SevenLabels(Honest):
    def predict(self, clips, labels):
        if len(labels) != 7:
            raise ValueError("seven labels were expected")
        return spread(loudness(clips), labels)


class NoShort(Honest):
    def predict(self, clips, labels):
        return spread(np.array([np.abs(clip.waveform).reshape(-1)[400] for clip in clips]), labels)


class NoSilence(Honest):
    def predict(self, clips, labels):
        with np.errstate(divide="ignore"):
            return spread(np.log10(loudness(clips)), labels)


class NoLong(Honest):
    def predict(self, clips, labels):
        if any(clip.seconds > 30 for clip in clips):
            raise ValueError("at most 30 s")
        return spread(loudness(clips), labels)


class InPlace(Honest):
    def predict(self, clips, labels):
        for clip in clips:
            np.multiply(clip.waveform, 0.5, out=clip.waveform)
        return spread(loudness(clips), labels)


class ByKey(Honest):
    def predict(self, clips, labels):
        return spread(np.array([int(clip.key[:4], 16) for clip in clips]), labels)


class Statistics(Honest):
    """Normalises by the mean of all clips, without saying so."""

    def prepare(self, clips):
        self.mean = loudness(list(clips())).mean()

    def predict(self, clips, labels):
        return spread(loudness(clips) - self.mean, labels)


class ByGroupNumber(Honest):
    transductive = True

    def predict(self, clips, labels):
        return spread(np.array([clip.group or 0 for clip in clips]), labels)


class CrashesWithoutGroups(Honest):
    transductive = True

    def predict(self, clips, labels):
        return spread(np.array([0 * clip.group for clip in clips]) + loudness(clips), labels)


class ReadsLabels(Honest):
    def predict(self, clips, labels):
        from mserbench.data import dataset

        return spread(loudness(clips) * len(dataset.__name__), labels)


class OpensATask(Honest):
    def predict(self, clips, labels):
        from mserbench.data.labelled import labelled_clips

        assert labelled_clips("emodb-sample").items
        return super().predict(clips, labels)


class ReadsTasksAndHidesIt(Honest):
    def predict(self, clips, labels):
        try:
            from mserbench_tasks.tasks import TASKS

            return spread(loudness(clips) * len(TASKS), labels)
        except ImportError:
            return spread(loudness(clips), labels)


class AsksTheRegistry(Honest):
    def predict(self, clips, labels):
        lookup.task("emodb-sample")
        return spread(loudness(clips), labels)


class NoLicence(Honest):
    card = dataclasses.replace(CARD, licence="")


class BadLanguage(Honest):
    card = dataclasses.replace(
        CARD, exposure=(Exposure("x", ("German",), "emotion-labels", "paper"),)
    )


class Contradiction(Honest):
    card = dataclasses.replace(
        CARD, exposure=(Exposure("unknown", ("de",), "emotion-labels", "paper"),)
    )


class Showing(Honest):
    def embeddings(self, clips):
        return np.stack([loudness(clips), np.ones(len(clips))], axis=1)


class ShowsNaN(Honest):
    def embeddings(self, clips):
        with np.errstate(divide="ignore"):
            return np.log10(loudness(clips))[:, None]  # -inf for silence


class ShowsSinglePrecision(Showing):
    def embeddings(self, clips):
        return super().embeddings(clips).astype(np.float32)


class ShowsBatchMean(Showing):
    def embeddings(self, clips):
        vectors = super().embeddings(clips)
        return vectors - vectors.mean(axis=0)


class ShowsPosition(Showing):
    def embeddings(self, clips):
        return super().embeddings(clips) + np.arange(len(clips))[:, None]


class ShowsChance(Showing):
    def __init__(self, options=None, weights=None, device="cpu"):
        super().__init__(options, weights, device)
        self.factor = np.random.default_rng().random()

    def embeddings(self, clips):
        return self.factor * super().embeddings(clips)


class ShowsLength(Showing):
    def embeddings(self, clips):
        return np.ones((len(clips), 1 + int(clips[0].seconds)))


class ShowsPrepared(Showing):
    def prepare(self, clips):
        self.mean = loudness(list(clips())).mean()

    def embeddings(self, clips):
        return super().embeddings(clips) - self.mean


@dataclass(frozen=True)
class Gain:
    gain: float = 1.0


class Telling(Honest):
    """A model that says before it is made what it is; each of the liars says something else."""

    Options = Gain

    @property
    def card(self):
        return self.describe(self.options, self.weights).card

    @classmethod
    def describe(cls, options, weights):
        return Described(replace(CARD, title=f"Loudness times {options.gain}"), cls.version)


class OtherCard(Telling):
    card = CARD


class OtherVersion(Telling):
    version = "2"

    @classmethod
    def describe(cls, options, weights):
        return replace(super().describe(options, weights), version="1")


class HidesItsStatistics(Telling):
    transductive = True


class TurnsOptions(Telling):
    @property
    def card(self):
        return self.describe(Gain(), None).card

    def __init__(self, options=None, weights=None, device="cpu"):
        super().__init__(replace(options, gain=2 * options.gain), weights, device)


class DescribesByText(Telling):
    @property
    def card(self):
        return CARD

    @classmethod
    def describe(cls, options, weights):
        return "loud"


BREACHES = {
    OtherCard: "described",
    OtherVersion: "described",
    HidesItsStatistics: "described",
    TurnsOptions: "described",
    DescribesByText: "described",
    NotANumber: "scores",
    WrongShape: "scores",
    Unseeded: "determinism",
    ByInstance: "determinism",
    Remembering: "determinism",
    BatchMean: "batch invariance",
    Padded: "batch invariance",
    ByPosition: "order invariance",
    ByColumn: "label order",
    SevenLabels: "label sets",
    NoShort: "clip: one sample",
    NoSilence: "clip: silence",
    NoLong: "clip: 40 s",
    InPlace: "audio unchanged",
    ByKey: "determinism",
    Statistics: "other clips",
    ByGroupNumber: "other clips",
    CrashesWithoutGroups: "other clips",
    OpensATask: "labels out of reach",
    ReadsLabels: "labels out of reach",
    ReadsTasksAndHidesIt: "labels out of reach",
    AsksTheRegistry: "labels out of reach",
    NoLicence: "card",
    BadLanguage: "exposure",
    Contradiction: "exposure",
    ShowsNaN: "embeddings",
    ShowsSinglePrecision: "embeddings",
    ShowsBatchMean: "embeddings",
    ShowsPosition: "embeddings",
    ShowsChance: "embeddings",
    ShowsLength: "embeddings",
    ShowsPrepared: "embeddings",
}


@pytest.mark.parametrize("breach", BREACHES, ids=lambda kind: kind.__name__)
def test_a_breach_fails_its_check(breach: type[Model]) -> None:
    """If it passed, a model whose numbers mean nothing could carry our word for it."""
    findings = check_model(breach)
    assert BREACHES[breach] in failed(findings)
    assert outcome(findings)["loads"]


@pytest.mark.parametrize(
    "breach",
    [NoLicence, BadLanguage, InPlace, Statistics, ReadsLabels, SevenLabels, ShowsBatchMean],
)
def test_a_breach_fails_no_other_check(breach: type[Model]) -> None:
    """If it did, an author would not know which of them to mend."""
    assert failed(check_model(breach)) == {BREACHES[breach]}


def test_a_model_that_tells_of_itself_passes() -> None:
    """It does what the guide asks for: a finding against it would be one against the guide."""
    findings = {finding.check: finding for finding in check_model(Telling)}
    assert all(finding.ok for finding in findings.values()), failed(list(findings.values()))
    assert "as 'describe' said" in findings["described"].sentence
    silent = {finding.check: finding.sentence for finding in check_model(Honest)}
    assert "says nothing of itself before" in silent["described"]


LIGHT = """
    import functools

    ModelEntry = functools.partial(ModelEntry, described=__name__ + ":Light")


    class Light(Model):
        pass


    class Apart(Model):
        card = property(lambda self: _card("apart"))

        def predict(self, clips, labels):
            return _scores(clips, labels)


    class Moved(Light):
        card = property(lambda self: _card("moved"))
        devices = ("cpu", "cuda")

        def predict(self, clips, labels):
            return _scores(clips, labels)
"""


def test_a_class_that_tells_of_a_model_is_a_base_of_it_and_keeps_its_facts(plugin) -> None:
    """Options that the light class has and the model has not are typed, recorded, and do
    nothing.
    """
    plugin(LIGHT, models=["Apart", "Moved"])
    findings = {
        name: next(finding for finding in check_model(name) if finding.check == "described")
        for name in ("apart", "moved")
    }
    assert not findings["apart"].ok
    assert "is no base class of Apart" in findings["apart"].sentence
    assert not findings["moved"].ok
    assert "devices is ('cpu',) in Light" in findings["moved"].sentence


def test_modules_come_back_after_the_guard() -> None:
    """If they did not, one check would break whatever runs after it."""
    from mserbench.data import dataset

    check_model(ReadsLabels)
    import mserbench.data.dataset

    assert mserbench.data.dataset is dataset


def test_groups_are_given_to_a_transductive_model_only() -> None:
    """If they were given to all, speaker identity would leak into models that claim not to use
    it.
    """
    groups: dict[bool, set[int | None]] = {False: set(), True: set()}

    class Watching(Honest):
        Options = dataclasses.make_dataclass("Options", [("speaker", bool, False)], frozen=True)

        @property
        def transductive(self):
            return self.options.speaker

        def prepare(self, clips):
            groups[self.transductive] |= {clip.group for clip in clips()}

    assert not failed(check_model(Watching))
    assert not failed(check_model(Watching, options={"speaker": "true"}))
    assert groups[False] == {None}
    assert groups[True] >= {0, 1}


def test_a_model_that_draws_by_seed_is_said_to() -> None:
    """If this passed in silence, a table from utterance to label would pass too; as a failure it
    would bar `random`.
    """

    class Drawing(Honest):
        def predict(self, clips, labels):
            return spread(np.array([int(clip.seed[:4], 16) for clip in clips]), labels)

    findings = check_model(Drawing)
    assert outcome(findings)["clip seed"] is None
    assert not failed(findings)


def test_embeddings_are_checked_where_there_are_some() -> None:
    """If a model had to have them, a text model could not pass; if they were not looked at, a
    picture could lie.
    """

    class Sometimes(Showing):
        def embeddings(self, clips):
            raise UsageError("only with --option layers=2")

    embeddings = {
        kind: next(finding for finding in check_model(kind) if finding.check == "embeddings")
        for kind in (Showing, Honest, Sometimes)
    }
    assert all(finding.ok for finding in embeddings.values())
    assert embeddings[Showing].sentence.startswith("finite, of dimension 2")
    assert embeddings[Honest].sentence == "it gives none, which is allowed"
    assert "only with --option layers=2" in embeddings[Sometimes].sentence


def test_text_answers_are_accepted() -> None:
    """If they were not, a language model could not be checked."""

    class Talking(Honest):
        def predict(self, clips, labels):
            return ["angry" if value > 0.1 else "sad" for value in loudness(clips)]

    assert not failed(check_model(Talking))


def test_an_unknown_exposure_is_allowed_and_said() -> None:
    """If it failed, honest authors would be pressed to claim more than they know."""

    class Modest(Honest):
        card = dataclasses.replace(CARD, exposure_complete=False)

    finding = next(candidate for candidate in check_model(Modest) if candidate.check == "exposure")
    assert finding.ok
    assert "never 'zero-shot'" in finding.sentence


def test_options_must_be_frozen_and_have_defaults() -> None:
    """If not, one run could change the options of the next."""

    class Loose(Honest):
        Options = dataclasses.make_dataclass("Options", [("n", int, 1)])

    class Demanding(Honest):
        Options = dataclasses.make_dataclass("Options", ["n"], frozen=True)

    for kind in (Loose, Demanding):
        findings = check_model(kind)
        assert failed(findings) == {"options"}
        assert outcome(findings)["scores"] is None


def test_a_model_without_weights_is_skipped_with_a_sentence() -> None:
    """If it passed, an unchecked model would look checked."""

    class Hungry(Honest):
        needs_weights = True

    findings = check_model(Hungry)
    assert outcome(findings)["loads"] is None
    assert outcome(findings)["determinism"] is None
    assert "needs weights" in next(
        finding.sentence for finding in findings if finding.check == "loads"
    )

    with pytest.warns(UserWarning, match="'loads' was skipped: it needs weights"):
        assert_model(Hungry)


def test_the_callers_mistakes_are_raised() -> None:
    """If they were findings, a typing error would look like a fault of the model."""
    with pytest.raises(UnknownName):
        check_model("no-such-model")

    with pytest.raises(UnknownName, match="option"):
        check_model(Honest, options={"speed": "1"})

    with pytest.raises(UsageError, match="are no folder"):
        check_model(Honest, weights="nowhere")


@pytest.mark.filterwarnings("ignore:model .Unseeded.")
def test_assert_model_lists_every_failed_check() -> None:
    """If it named one only, mending a plugin would take as many runs as it has faults."""
    assert_model(Honest)
    with pytest.raises(
        AssertionError, match=r"(?s)fails \d+ of \d+ checks:.*- determinism: .*- batch invariance: "
    ):
        assert_model(Unseeded)


def test_sounds_are_what_the_contract_says_of_clips() -> None:
    """If they were not, a model could fail for audio that it will never meet."""
    for sound in [*sounds.ordinary(), *sounds.extremes().values()]:
        assert sound.waveform.dtype == np.float32
        assert sound.waveform.ndim == 1
        assert np.abs(sound.waveform).max() <= 1.0

    assert np.abs(sounds.extremes()["full scale"].waveform).min() == 1.0
    assert sounds.extremes()["0.05 s"].waveform.shape == (800,)


def parse(tree: Tree) -> Iterator[Utterance]:
    for path, stem in tree.audio("wav"):
        if len(stem) == 3:
            yield Utterance(stem, path, stem[1], f"toy:{stem[0]}", "cy")


TOY = CorpusCard(
    name="toy", title="A toy", languages=("cy",), speakers=2, licence="MIT", access="bundled",
        source="here",
    how_to_get="here", unpack="here", citation="none", counts={"all": {"A": 2, "S": 2}},
)  # fmt: skip
TASK = Task(
    "toy-2",
    "Toy",
    "toy",
    ("cy",),
    ("angry", "sad"),
    {"A": "angry", "S": "sad"},
    {"angry": 2, "sad": 2},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for stem in ("1A1", "1S1", "2A1", "2S1"):
        (tmp_path / f"{stem}.wav").write_bytes(b"no audio: whoever opens this fails")
    return tmp_path


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, folder: Path):
    """Register the toy corpus, and entries given, as a plugin would."""
    real = registry.installed()

    def offered(card: CorpusCard = TOY, task: Task = TASK, *more: Entry, parser=parse) -> None:
        from mserbench.plugins.loading import Plugin

        monkeypatch.setitem(globals(), "CORPUS", Corpus(card, parser, lambda: folder))
        monkeypatch.setitem(globals(), "THE_TASK", task)

        # Of two entries of one name the registry here takes the last, so that `more` can replace
        # the task's.
        entries = [
            CorpusEntry("toy", f"{__name__}:CORPUS", ""),
            TaskEntry("toy-2", f"{__name__}:THE_TASK", ""),
            *more,
        ]
        plugin = Plugin("toys", "toys", "1", __name__, entries)
        monkeypatch.setattr(registry, "installed", lambda strict=False: (*real, plugin))

    return offered


def corpus_of(folder: Path, parser=parse, **changes: object) -> Corpus:
    return Corpus(dataclasses.replace(TOY, **changes), parser, lambda: folder)


@pytest.mark.parametrize("name", ["emodb-sample", "emodb", "ravdess", "emovo", "aesdd"])
def test_our_corpora_pass(name: str) -> None:
    """If one did not, our own parser would depend on how somebody unpacked the data."""
    findings = check_corpus(name)
    assert not failed(findings)
    assert outcome(findings)["nested"]


def test_an_honest_corpus_passes(folder: Path) -> None:
    """If it did not, the kit would reject good work."""
    findings = check_corpus(corpus_of(folder))
    assert outcome(findings) == {**dict.fromkeys(outcome(findings), True), "inventory": None}
    with pytest.warns(UserWarning, match="inventory"):
        assert_corpus(corpus_of(folder))


def changed(**facts):
    """Return a parser that yields the toy's utterances with some facts replaced."""

    def parser(tree: Tree) -> Iterator[Utterance]:
        for utterance in parse(tree):
            yield dataclasses.replace(
                utterance, **{name: value(utterance, tree) for name, value in facts.items()}
            )

    return parser


def wav_only(tree: Tree) -> Iterator[Utterance]:
    return (utterance for utterance in parse(tree) if utterance.audio.endswith(".wav"))


def greedy(tree: Tree) -> Iterator[Utterance]:
    return (Utterance(stem, path, stem[1], "toy:1", "cy") for path, stem in tree.audio("wav"))


def listening(tree: Tree) -> Iterator[Utterance]:
    return (utterance for utterance in parse(tree) if tree.read(utterance.audio))


def twice(tree: Tree) -> Iterator[Utterance]:
    yield from parse(tree)
    yield from parse(tree)


CORPUS_BREACHES = {
    "no licence": ({"licence": ""}, parse, "card"),
    "a language by name": ({"languages": ("Welsh",)}, parse, "card"),
    "other counts": ({"counts": {"all": {"A": 2, "S": 3}}}, parse, "counts"),
    "a raw label not on the card": ({"counts": {"all": {"A": 2}}}, parse, "counts"),
    "another number of speakers": ({"speakers": 3}, parse, "speakers and languages"),
    "a speaker without prefix": (
        {},
        changed(speaker=lambda utterance, tree: utterance.id[0]),
        "speakers and languages",
    ),
    "a language not on the card": (
        {},
        changed(language=lambda utterance, tree: "en"),
        "speakers and languages",
    ),
    "one id for two files": ({}, changed(id=lambda utterance, tree: utterance.id[1]), "ids"),
    "an id with a line break": (
        {},
        changed(id=lambda utterance, tree: utterance.id + "\n1"),
        "ids",
    ),
    "every file twice": ({}, twice, "ids"),
    "ids by position": (
        {},
        changed(id=lambda utterance, tree: str(tree.names.index(utterance.audio))),
        "pure",
    ),
    "ids with the path": ({}, changed(id=lambda utterance, tree: utterance.audio), "nested"),
    "publisher's suffix only": ({}, wav_only, "flac"),
    "any audio file": ({}, greedy, "junk"),
    "audio is opened": ({}, listening, "pure"),
    "nothing found": ({}, lambda tree: iter(()), "counts"),
}


@pytest.mark.parametrize("breach", CORPUS_BREACHES)
def test_a_corpus_breach_fails_its_check(folder: Path, breach: str) -> None:
    """If it passed, ids or labels would differ between two people with the same data."""
    changes, parser, check = CORPUS_BREACHES[breach]
    assert check in failed(check_corpus(corpus_of(folder, parser, **changes)))


def test_a_missing_file_is_named_by_the_inventory(tmp_path: Path) -> None:
    """If it were not, a smaller corpus would pass for the whole."""
    from mserbench_tasks.corpora.emodb_sample import CORPUS as SAMPLE

    for path in sorted(SAMPLE.provide().iterdir())[1:]:
        (tmp_path / path.name).symlink_to(path)

    findings = check_corpus(dataclasses.replace(SAMPLE, provide=lambda: tmp_path))
    assert {"complete", "counts", "inventory"} <= failed(findings)
    assert "'03a01Fa'" in next(
        finding.sentence for finding in findings if finding.check == "inventory"
    )


def test_a_corpus_that_is_not_here_and_has_no_inventory_is_skipped() -> None:
    """If it passed, nothing would have been looked at."""
    findings = check_corpus(Corpus(TOY, parse))
    assert outcome(findings)["card"]
    assert {finding.ok for finding in findings if finding.check != "card"} == {None}


def test_an_honest_task_passes(offer) -> None:
    """If it did not, the kit would reject good work."""
    offer()
    assert all(finding.ok for finding in assert_task("toy-2"))
    assert not failed(check_task("emodb-sample"))


MAP = {"A": "angry", "S": "sad"}
TASK_BREACHES = {
    "one label": (
        {"labels": ("sad",), "label_map": {"A": "<drop>", "S": "sad"}, "counts": {"sad": 2}},
        "labels",
    ),
    "a label in capitals": (
        {
            "labels": ("Angry", "sad"),
            "label_map": {"A": "Angry", "S": "sad"},
            "counts": {"Angry": 2, "sad": 2},
        },
        "labels",
    ),
    "a label twice": ({"labels": ("angry", "sad", "sad")}, "labels"),
    "a raw label left out": ({"label_map": {"A": "angry"}}, "label map"),
    "a raw label that is not there": ({"label_map": {**MAP, "X": "sad"}}, "label map"),
    "a label nobody means": (
        {"labels": ("angry", "sad", "fear"), "counts": {"angry": 2, "sad": 2, "fear": 1}},
        "label map",
    ),
    "other counts": ({"counts": {"angry": 2, "sad": 3}}, "counts"),
    "other counts of a selection": ({"select": {"speaker": ("toy:1",)}}, "counts"),
    "a label without clips": ({"counts": {"angry": 2, "sad": 0}}, "counts"),
    "another language": ({"languages": ("en",)}, "languages"),
    "no language": ({"languages": ()}, "languages"),
}


@pytest.mark.parametrize("breach", TASK_BREACHES)
def test_a_task_breach_fails_its_check(offer, breach: str) -> None:
    """If it passed, the task would ask something else than it says."""
    changes, check = TASK_BREACHES[breach]
    offer(TOY, dataclasses.replace(TASK, **changes))
    assert check in failed(check_task("toy-2"))


def test_a_selection_is_counted_on_the_utterances(offer) -> None:
    """If only the card were asked, no task with a selection could be checked."""
    chosen = dataclasses.replace(
        TASK, select={"speaker": ("toy:1",)}, counts={"angry": 1, "sad": 1}
    )
    offer(TOY, chosen)
    findings = check_task("toy-2")
    assert not failed(findings)
    assert outcome(findings)["counts"]


def test_an_entry_that_says_otherwise_is_named(offer) -> None:
    """If it were not, `mserbench tasks` would show a title that no run and no board has."""
    offer(TOY, TASK, TaskEntry("toy-2", f"{__name__}:THE_TASK", "Four tones"))
    assert failed(check_task("toy-2")) == {"listing"}


def run_command(*arguments: str):
    return CliRunner().invoke(command.command, arguments)


def test_the_command_says_what_failed_by_its_exit_code(offer) -> None:
    """If it exited 0, no pipeline would notice a broken plugin."""
    offer(
        TOY,
        TASK,
        ModelEntry("good", f"{__name__}:Good", ""),
        ModelEntry("bad", f"{__name__}:Unseeded", ""),
    )
    good, bad = run_command("model", "good"), run_command("model", "bad")
    assert (good.exit_code, bad.exit_code) == (0, 1), good.output
    assert "0 failed" in good.output
    assert "determinism" in bad.output
    assert run_command("corpus", "toy").exit_code == 0
    assert run_command("task", "toy-2").exit_code == 0


def test_the_command_prints_json_alone(offer) -> None:
    """If anything stood beside it, no program could read it."""
    import json

    offer()
    findings = json.loads(run_command("corpus", "toy", "--json").stdout)
    assert {finding["status"] for finding in findings} == {"ok", "skipped"}
    assert all(set(finding) == {"check", "ok", "sentence", "status"} for finding in findings)


def test_the_command_raises_for_an_unknown_name() -> None:
    """If it listed findings, a typing error would look like a broken model."""
    assert isinstance(run_command("task", "emodb-sampl").exception, UnknownName)


def test_a_data_folder_that_lacks_the_corpus_is_said_and_not_fatal(tmp_path: Path) -> None:
    """If it stopped, $MSERBENCH_DATA would forbid to check a corpus by its inventory."""
    findings = check_corpus("emodb", tmp_path)
    assert outcome(findings)["complete"] is None
    assert outcome(findings)["counts"]


class Good(Honest):
    card = dataclasses.replace(CARD, name="good")
