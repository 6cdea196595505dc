"""A model made of a function: what it may answer, and that no stale number follows its change."""

from __future__ import annotations

import functools
import importlib
import math
import operator
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mserbench
from mserbench.cards import Exposure, ModelCard
from mserbench.errors import DataError, ModelError, UnknownName, UsageError
from mserbench.results.runs import Run
from mserbench.running.functions import FunctionModel
from mserbench.running.resting import basis_of

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
LABELS = ["happy", "sad", "angry"]


@pytest.fixture
def score(tmp_path: Path) -> Callable[..., Run]:
    """Score a function on a few clips."""

    def run(function: Callable[..., Any], labels: Any = LABELS, **how: Any) -> Run:
        model = mserbench.from_function(function, labels, **how)
        return mserbench.evaluate(model, TASK, out=tmp_path / "runs", limit=8, progress=False)

    return run


Score = Callable[..., Run]


def typed_in(text: str, **names: Any) -> Any:
    """Return the function `f` as a notebook or a prompt would make it: in no file."""
    module = ModuleType("typed_in")
    vars(module).update(names, __name__="typed_in_nowhere")
    exec(compile(text, "<cell>", "exec"), vars(module))
    return vars(module)["f"]


# What it answers


def test_a_label_is_an_answer_and_none_is_unparsed(score: Score) -> None:
    calls: list[tuple[str, tuple[int, ...], int]] = []

    def function(waveform: Any, rate: int) -> str | None:
        calls.append((str(waveform.dtype), waveform.shape, rate))
        waveform[:] = 0  # its own copy
        return None if len(calls) == 1 else "happy"

    run = score(function)
    assert {call[0] for call in calls} == {"float32"}
    assert {len(call[1]) for call in calls} == {1}
    assert {call[2] for call in calls} == {16_000}
    assert sorted(row.prediction for row in run.rows) == ["", *["happy"] * 7]
    assert run.name == "function"


@pytest.mark.parametrize(
    "answer",
    [
        {"happy": 0.1, "sad": 0.7, "angry": 0.2},
        [0.1, 0.7, 0.2],
        np.array([0.1, 0.7, 0.2], dtype=np.float32),
    ],
    ids=["mapping", "list", "array"],
)
def test_scores_go_to_their_labels_and_one_that_is_not_known_never_wins(
    score: Score, answer: Any
) -> None:
    run = score(lambda waveform, rate: answer)
    assert {row.prediction for row in run.rows} == {"sad"}
    scores = dict(zip(run.labels, run.rows[0].scores, strict=True))
    assert scores["neutral"] < min(scores[label] for label in LABELS)


def test_labels_of_its_own_are_mapped(score: Score) -> None:
    run = score(lambda waveform, rate: "Wut", {"Wut": "angry", "Freude": "happy"})
    assert {row.prediction for row in run.rows} == {"angry"}
    run = score(
        lambda waveform, rate: {"Wut": 0.2, "Zorn": 0.5, "Freude": 0.3},
        {"Wut": "angry", "Zorn": "angry", "Freude": "happy"},
    )
    assert {row.prediction for row in run.rows} == {"angry"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("joyous", "gave the label str 'joyous'"),
        ({"happy": 1.0, "sad": 0.0}, "gave no score for 'angry'"),
        ({"happy": math.nan, "sad": 0, "angry": 0}, "gave the score float nan for 'happy'"),
        ([1.0, 2.0], "gave 2 scores"),
        (7, "gave int 7"),
    ],
)
def test_another_answer_names_the_clip_and_what_was_expected(
    score: Score, answer: Any, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        score(lambda waveform, rate: answer)

    assert "one of its labels, or a finite score for each of them" in str(caught.value)
    assert "clip" in str(caught.value)


def test_labels_and_scores_are_not_mixed(score: Score) -> None:
    answers = iter(["happy", [1, 2, 3]] * 4)
    with pytest.raises(ModelError, match="gave a label or nothing here and scores for other clips"):
        score(lambda waveform, rate: next(answers))


def test_what_the_function_raises_is_told_as_its_own(score: Score) -> None:
    def function(waveform: Any, rate: int) -> str:
        raise ZeroDivisionError("of mine")

    with pytest.raises(ModelError, match=r"model 'function' failed .*of mine"):
        score(function)


# What it was exposed to


def answer_happy(waveform: Any, rate: int) -> str:
    return "happy"


EMODB = Exposure("emodb", ("de",), "emotion-labels", "its paper")
CARD = ModelCard("mine", "Mine", "1", "MIT", "", (EMODB,), True)


@pytest.mark.parametrize(
    ("how", "verdict", "name"),
    [
        ({}, "unknown", "answer_happy"),
        ({"exposure": [], "complete": True}, "zero-shot", "answer_happy"),
        ({"exposure": []}, "unknown", "answer_happy"),
        ({"exposure": [EMODB], "complete": True, "name": "m"}, "in-corpus", "m"),
        ({"exposure": CARD}, "in-corpus", "mine"),
        ({"exposure": CARD, "name": "other"}, "in-corpus", "other"),
        ({"exposure": "registry:emotion2vec-base"}, None, "answer_happy"),
    ],
)
def test_its_exposure_decides_the_verdict(
    score: Score, how: Mapping[str, Any], verdict: str | None, name: str
) -> None:
    run = score(answer_happy, **how)
    assert run.name == name
    if verdict:
        assert run.verdict == verdict
    else:
        assert run.record.model.exposure


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((5, LABELS), UsageError, "function is int 5, but a function was expected"),
        ((answer_happy, ["happy"]), UsageError, "two or more labels"),
        ((answer_happy, "happy"), UsageError, "two or more labels"),
        ((answer_happy, [1, 2]), UsageError, "two or more labels"),
        ((answer_happy, LABELS, 5), UsageError, "exposure is tuple|exposure is int 5"),
        ((answer_happy, LABELS, ["emodb"]), UsageError, "a list of Exposure"),
        ((answer_happy, LABELS, "registry:nobody"), UnknownName, "mserbench exposures list"),
        ((answer_happy, LABELS, "no-such-card.json"), DataError, "no-such-card.json"),
    ],
)
def test_arguments_of_another_kind_are_a_sentence(
    arguments: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        mserbench.from_function(*arguments)


# The key

ONE = "def f(x, rate):\n    return 'happy'\n"
TWO = "def f(x, rate):\n    return 'sad'\n"


def test_another_source_version_or_label_is_another_run(score: Score) -> None:
    """The same name with other contents must never show an old number."""
    first = score(typed_in(ONE))
    assert score(typed_in(ONE)).shown_again
    changed = [
        score(typed_in(TWO)),
        score(typed_in(ONE), version="2"),
        score(typed_in(ONE), [*LABELS, "fear"]),
        score(typed_in(ONE), exposure=[EMODB]),
    ]
    folders = {run.folder for run in [first, *changed]}
    assert len(folders) == 5
    assert not any(run.shown_again for run in changed)


USES = "def f(x, rate):\n    return helper(x, limit, weights)\n"


@pytest.mark.parametrize(
    "changed",
    [
        {"limit": 4},
        {"weights": np.array([1.0, 2.5])},
        {"helper": typed_in("def f(x, limit, weights):\n    return 'sad'\n")},
    ],
    ids=["number", "array", "function"],
)
def test_what_a_typed_in_function_uses_by_name_counts(changed: dict[str, Any]) -> None:
    names = {
        "limit": 3,
        "weights": np.array([1.0, 2.0]),
        "helper": typed_in("def f(x, limit, weights):\n    return 'happy'\n"),
    }
    basis = basis_of(typed_in(USES, **names))
    assert basis.digest == basis_of(typed_in(USES, **names)).digest
    assert basis.digest != basis_of(typed_in(USES, **{**names, **changed})).digest
    assert not basis.unknown


def test_what_is_closed_over_and_bound_counts() -> None:
    """Two functions of one text, as a loop over settings makes them."""

    def made(threshold: float) -> Any:
        return lambda x, rate: "happy" if x.mean() > threshold else "sad"

    assert basis_of(made(0.1)).digest != basis_of(made(0.2)).digest
    assert basis_of(made(0.1)).digest == basis_of(made(0.1)).digest
    bound = [functools.partial(answer_happy, rate=rate) for rate in (1, 2)]
    assert basis_of(bound[0]).digest != basis_of(bound[1]).digest


class Loaded:
    """A model of a library, with weights that nobody can read from here."""

    def __call__(self, waveform: Any, rate: int) -> str:
        return "happy"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (answer_happy, "the key rests on the source of test_functions.py"),
        (Loaded(), "not on what these hold, whose contents cannot be told: an object of Loaded"),
        (
            typed_in("def f(x, rate):\n    return model(x)\n", model=Loaded()),
            "cannot be told: model",
        ),
        (typed_in(ONE), "what f was compiled to, as its source cannot be had"),
        (operator.add, "the key rests on its name alone"),
    ],
    ids=["file", "object", "loaded", "typed in", "of C"],
)
def test_it_says_what_its_key_rests_on(
    function: Any, words: str, capsys: pytest.CaptureFixture[str], score: Score
) -> None:
    model = mserbench.from_function(function, LABELS)
    assert words in model.basis.sentence
    note = capsys.readouterr().err
    # Where all could be told nobody needs a note.
    assert ("change version= whenever its answers change" in note) == bool(
        model.basis.unknown or not model.basis.sources
    )


def test_the_record_says_it_too(score: Score) -> None:
    run = score(answer_happy)
    assert run.record.facts is not None
    assert run.record.facts["key_rests_on"] == "the key rests on the source of test_functions.py"
    assert "function" in (run.record.model.files or {})


def test_functions_that_use_one_another_come_to_an_end() -> None:
    circle = typed_in("def f(x, rate):\n    return g(x)\ndef g(x):\n    return f(x, 1) or g(x)\n")
    assert basis_of(circle).digest


def test_a_module_of_ones_own_counts_as_it_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook goes on for days, and the file that it imports is edited meanwhile."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "helper_of_mine.py"
    file.write_text("def label(x):\n    return 'happy'\n")
    helper = importlib.import_module("helper_of_mine")
    by_module = typed_in("def f(x, rate):\n    return helper.label(x)\n", helper=helper)
    by_name = typed_in("def f(x, rate):\n    return label(x)\n", label=helper.label)
    before = [basis_of(function).digest for function in (by_module, by_name)]

    file.write_text("def label(x):\n    return 'sad now'\n")
    assert [basis_of(function).digest for function in (by_module, by_name)] == before
    importlib.reload(helper)
    by_name.__globals__["label"] = helper.label
    after = [basis_of(function).digest for function in (by_module, by_name)]
    assert not set(before) & set(after)


def test_packages_of_others_count_by_version() -> None:
    """To read all of torch for the key of one function would take minutes."""
    import scipy.signal

    function = typed_in("def f(x, rate):\n    return resample(x)\n", resample=scipy.signal.resample)
    assert f"scipy {scipy.__version__}" in basis_of(function).parts.values()


def test_it_predicts_files_and_is_a_model(tmp_path: Path, tone: Callable[..., Any]) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", tone(1.0), 16_000)
    model = mserbench.from_function(answer_happy, LABELS)
    assert isinstance(model, FunctionModel)
    predicted = mserbench.predict(tmp_path / "a.wav", model)
    assert predicted.frame["prediction"].tolist() == ["happy"]
    assert set(predicted.labels) == set(LABELS)
