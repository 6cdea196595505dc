"""The model `openai`: whatever a server does, its outcome is stated and nothing is paid twice."""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openai_server import (
    MODEL,
    Asked,
    Response,
    State,
    by_audio,
    fails,
    samples_of,
    says,
    served,
)

from mserbench import Clip, Run, evaluate
from mserbench.data import dataset, lookup
from mserbench.errors import ClipError, DataError, ModelError, MserbenchError, UsageError
from mserbench.labels import CANONICAL, read_answer
from mserbench.running.subject import of_instance
from mserbench.testing import assert_model
from mserbench_openai import kept, pacing, server
from mserbench_openai import served as now_served
from mserbench_openai.model import OpenAI, wav_of
from mserbench_openai.options import Options, address_of
from mserbench_openai.prompts import prompt_of

FEW = 24  # clips of the 70 in the package
KEY = "sk-planted-0123456789abcdef"


@pytest.fixture(autouse=True)
def own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test answers of its own, no key, and no real pauses."""
    # Not by the environment: the index of the sample would be made anew for each test.
    for module in (kept, now_served):
        monkeypatch.setattr(module, "cache_dir", lambda: tmp_path / "cache")

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(server, "pause", lambda attempt: 0.01 * 2**attempt)
    return tmp_path / "cache"


@pytest.fixture
def good() -> Iterator[State]:
    with served() as state:
        yield state


def by_audio_body(text: str) -> Any:
    """Return the body of an answer by the system that `by_audio` stands for."""
    return says(text, system_fingerprint="fp_1").body


def clips(n: int, offset: int = 0) -> list[Clip]:
    def load(i: int) -> Callable[[], Any]:
        wave = 0.3 * np.sin(np.arange(3_200) * (i + 1 + offset) / 50)
        return lambda: wave.astype(np.float32)

    return [Clip(f"{i + offset:064x}", f"{i + offset:064x}", 0.2, load(i)) for i in range(n)]


def model(state: State, **options: Any) -> OpenAI:
    return OpenAI(Options(**{"server": state.address, "timeout": 5.0, "tries": 3, **options}))


def answers(respond: Callable[[Asked], Response], n: int = 3, **options: Any) -> Any:
    with served(respond) as state:
        return model(state, **options).predict(clips(n), CANONICAL)


def once(fault: Response) -> Callable[[Asked], Response]:
    """Misbehave the first time that a recording comes, then answer."""
    return lambda request: by_audio(request) if request.before else fault


def test_the_kit_passes(good: State) -> None:
    """What strangers' models are held to holds for this one."""
    assert_model(OpenAI, options={"server": good.address})


def test_a_run_holds_prompt_answers_and_who_gave_them(good: State, tmp_path: Path) -> None:
    run = evaluate(model(good), "emodb-sample", out=tmp_path, limit=FEW)
    facts = run.record.facts or {}
    assert run.record.counts.scored == FEW
    assert run.record.model.called == f"openai:{MODEL}"
    assert good.url in run.record.model.title
    assert run.record.verdict.verdict == "unknown"
    assert "anger" not in facts["prompt"]
    assert "angry, " in facts["prompt"]
    assert facts["prompt_sha256"] == prompt_of("default").sha256
    system = {"model": MODEL, "fingerprint": "fp_1", "weights": ""}
    assert facts["system"] == system
    assert facts["systems"] == [{**system, "answers": FEW}]
    assert facts["mixed"] is False
    assert facts["server_model"]["owned_by"] == "tests"


def test_a_name_of_the_registry_is_a_claim() -> None:
    """What a server calls a model decides nothing for it, but may tell against it."""
    card = OpenAI.describe(Options(server="http://localhost:1/v1#tsinghua-ee/SALMONN"), None).card
    assert "iemocap" in {part.corpus for part in card.exposure}
    assert not card.exposure_complete
    assert "only the name 'tsinghua-ee/SALMONN'" in card.basis

    strange = OpenAI.describe(Options(server="http://localhost:1/v1#mine"), None).card
    assert (strange.exposure, strange.basis, strange.title) == (
        (),
        "",
        "mine at http://localhost:1/v1",
    )


def test_audio_goes_as_it_is_heard(good: State) -> None:
    """A wav at another rate or scale would be another recording."""
    (clip,) = clips(1)
    model(good).predict([clip], CANONICAL)
    sent = samples_of(good.requests[0].wav)
    assert np.abs(sent - clip.waveform).max() <= 1 / 2**15
    body = good.requests[0].body
    assert (body["temperature"], body["seed"], body["model"]) == (0, 0, MODEL)


def test_what_is_too_short_for_servers_gets_silence_behind_it() -> None:
    sent = samples_of(wav_of(np.full(1, 0.5, dtype=np.float32)))
    assert len(sent) == 1_600
    assert sent[0] == pytest.approx(0.5)
    assert not sent[1:].any()


# Twelve ways to misbehave: each has one outcome.


@pytest.mark.parametrize(
    "fault",
    [
        fails(429, "slow down", Retry_After="0.01"),
        fails(429, "slow down"),
        fails(500, "oops"),
        fails(503, "loading", Retry_After=formatdate(usegmt=True)),
        Response(raw=b'{"choices": [{"message": {"content": "ang'),
        Response(raw=b'{"choices": [{"mess', cut=500),
        Response(body={"model": MODEL, "choices": []}),
        Response(raw=b"<html>bad gateway</html>"),
        Response(body=[]),
    ],
    ids=[
        "429 after",
        "429",
        "500",
        "503 date",
        "cut JSON",
        "cut body",
        "no choice",
        "html",
        "list",
    ],
)
def test_what_may_pass_is_asked_again(fault: Response) -> None:
    """A busy minute of a server must not end a run of hours, nor lose a clip."""
    assert answers(once(fault)) == answers(by_audio)


def test_a_hang_is_given_up_and_asked_again() -> None:
    assert answers(once(Response(delay=1.0, body={})), n=1, timeout=0.2) == answers(by_audio, n=1)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (fails(500, "oops"), "gave no answer in 3 tries, the last time as HTTP 500, oops"),
        (Response(raw=b'{"choi'), "no JSON or is cut off"),
        (Response(raw=b"{}", cut=9), "cut off"),
        (fails(400, "Invalid audio format"), "does not take the request (HTTP 400, Invalid audio"),
        (fails(404, "The model `x` does not exist"), "HTTP 404, The model"),
        (fails(401, "bad key"), "refuses (HTTP 401, bad key): set $OPENAI_API_KEY"),
        (fails(429, "no money", "insufficient_quota"), "no credit left"),
        (fails(429, "tomorrow", Retry_After="86400"), "asks to wait 86400 s"),
        (Response(302, {}, headers={"Location": "http://x"}), "elsewhere (HTTP 302, to http://x)"),
        (
            Response(body={"model": "other", "choices": [{"message": {"content": "sad"}}]}),
            "'other'",
        ),
    ],
)
def test_what_stays_wrong_is_one_sentence(fault: Response, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        answers(lambda request: fault, concurrency=1)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    # So that whoever asked can name the clip.
    assert isinstance(caught.value, ClipError)
    assert caught.value.position == 0


def test_an_error_about_an_answer_names_its_clip(tmp_path: Path) -> None:
    """Of 10,000 clips one that the server refuses is to be heard, or left out: which is it?"""

    def respond(request: Asked) -> Response:
        return fails(400, "Invalid audio") if len(state.requests) == 3 else by_audio(request)

    with served(respond) as state:
        with pytest.raises(ModelError) as caught:
            evaluate(model(state, concurrency=1), "emodb-sample", out=tmp_path, limit=FEW)

        refused = state.requests[2].wav

    named = re.match(r"at clip '(.+?)', server 'http://.*' does not take", str(caught.value))
    assert named is not None
    target = dataset.load(lookup.task("emodb-sample"), None, limit=FEW)
    ids = [item.utterance.id for item in target.items]
    (clip,) = target.clips([ids.index(named[1])])
    assert wav_of(clip.waveform) == refused


def test_a_silent_server_is_one_sentence() -> None:
    with pytest.raises(ModelError, match=r"in 2 tries, the last time as silence of 0\.1 s"):
        answers(lambda request: Response(delay=0.5, body={}), n=1, timeout=0.1, tries=2)


@pytest.mark.parametrize(
    ("response", "label"),
    [
        (says("Happy."), "happy"),
        (says("**Angry**"), "angry"),
        (says('```json\n{"emotion": "fear"}\n```'), "fear"),
        (says([{"type": "text", "text": "sad"}]), "sad"),  # type: ignore[arg-type]
        (says("<think>happy? or sad?</think>\nfear"), "fear"),
        (says("it may be sad or happy</think>fear"), "fear"),
        (says("<think>surely sad"), None),
        (says("happy or sad"), None),
        (says("wütend"), None),
        (says(""), None),
        (says(None), None),
        (says(None, message={"refusal": "I will not call anybody sad"}), None),
        (says("sad", choice={"finish_reason": "content_filter"}), None),
        (says("sad " * 9_000), None),
        (Response(body={"model": MODEL, "choices": []}), None),
        (Response(body={"model": MODEL, "choices": [{"message": "sad"}]}), None),
    ],
)
def test_an_answer_is_read_as_one_label_or_none(response: Response, label: str | None) -> None:
    """Two labels, another language, a refusal and half a thought are no answers: unparsed."""
    (answer,) = answers(lambda request: response, n=1)
    assert read_answer(answer, CANONICAL) == label


def test_answers_that_name_no_label_are_shown_with_their_clip(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    """A table that says `unparsed 100.0` leaves the user to guess what the model answered."""
    words = ["--task", "emodb-sample", "--limit", 3, "--out", tmp_path]
    with served(lambda request: says("happy or sad")) as state:
        printed = " ".join(cli("run", "--model", f"openai:{state.address}", *words).out.split())

    assert "3 of 3 answers name no label of the task, or more than one, and count as" in printed
    assert re.search(r"the first, at clip '\w+': 'happy or sad'", printed)


def test_a_name_with_a_date_is_the_same_model_and_another_one_by_consent() -> None:
    def respond(request: Asked) -> Response:
        return Response(body={**says("sad").body, "model": f"{MODEL}-2026-01-01"})

    assert answers(respond, n=1) == ["sad"]
    other = Response(body={**says("sad").body, "model": "alias"})
    assert answers(lambda request: other, n=1, served_as="alias") == ["sad"]


# What was paid for.


def test_no_answer_is_paid_twice(good: State, tmp_path: Path) -> None:
    """Not in another run, another order, another label order, another process's place."""
    evaluate(model(good), "emodb-sample", out=tmp_path / "a", limit=FEW)
    n = len(good.requests)
    assert n == FEW

    cheap = model(good, concurrency=2, max_requests=1)
    evaluate(cheap, "emodb-sample", out=tmp_path / "b", limit=FEW)
    model(good).predict(clips(3), CANONICAL)
    model(good).predict(clips(3)[::-1], CANONICAL[::-1])
    model(good).predict([*clips(2), *clips(2)], CANONICAL)
    assert len(good.requests) == n + 3


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": "feels"},
        {"seed": 1},
        {"max_tokens": 5},
        {"extra": '{"top_p": 0.5}'},
        {"revision": "int4"},
    ],
)
def test_another_question_is_asked_anew(good: State, options: dict[str, Any]) -> None:
    """An answer to other words or other weights is not an answer to these."""
    model(good).predict(clips(1), CANONICAL)
    model(good, **options).predict(clips(1), CANONICAL)
    assert len(good.requests) == 2


def test_a_server_that_lists_another_model_of_the_same_name_is_another_run(good: State) -> None:
    def key() -> str:
        return of_instance(model(good)).identity.record().files["server"]

    before = key()
    assert key() == before  # "created" moves from one asking to the next
    model(good).predict(clips(1), CANONICAL)

    good.listed[0]["root"] = "other-weights"
    assert key() != before
    model(good).predict(clips(1), CANONICAL)
    assert len(good.requests) == 2


def key_of(state: State, **options: Any) -> str:
    return of_instance(model(state, **options)).identity.record().files["server"]


@pytest.mark.parametrize(
    "answer",
    [
        says("sad", system_fingerprint="fp_2"),
        says("sad", system_fingerprint="fp_1", metadata={"weight_version": "7"}),
        Response(body={**says("sad").body, "model": f"{MODEL}-2026-01-01"}),
        Response(body=by_audio_body("sad"), headers={"openai-model": "other"}),
    ],
    ids=["fingerprint", "weights", "dated name", "header"],
)
def test_what_the_answers_bear_is_part_of_the_key(good: State, answer: Response) -> None:
    """The same name with other contents never shows an old result, nor old answers."""
    before = key_of(good)
    model(good).predict(clips(1), CANONICAL)
    good.probe = lambda request: answer
    assert key_of(good) != before
    model(good).predict(clips(1), CANONICAL)
    if "openai-model" not in answer.headers:
        assert len(good.requests) == 2

    # Back to what it was: that is known, and paid for.
    good.probe = by_audio
    assert key_of(good) == before
    model(good).predict(clips(1), CANONICAL)
    assert len(good.requests) == 2


def test_what_changes_from_one_asking_to_the_next_is_no_part_of_the_key(good: State) -> None:
    """vLLM lists random ids, llama.cpp whether the model is loaded: else nothing would be shown
    again, and all would be paid twice.
    """
    keys = set()
    for at, status in enumerate(("unloaded", "loaded")):
        good.listed[0] |= {"permission": [{"id": f"{at}"}], "status": {"value": status}}
        keys.add(key_of(good))

    assert len(keys) == 1


def test_a_model_that_is_listed_once_it_is_loaded_has_one_key() -> None:
    """As `transformers serve` does with a folder."""

    def probe(request: Asked) -> Response:
        state.listed[:] = entries
        return by_audio(request)

    with served(probe=probe) as state:
        entries = list(state.listed)
        state.listed.clear()
        assert key_of(state) == key_of(state)


def test_a_change_in_mid_run_is_told_and_marked(
    good: State, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a table of one model and half of another is the table of none."""

    def respond(request: Asked) -> Response:
        name = "fp_1" if len(good.requests) <= 10 else "fp_2"
        return says(request.label, system_fingerprint=name)

    def run() -> Run:
        return evaluate(model(good, concurrency=1), "emodb-sample", out=tmp_path, limit=FEW)

    good.respond = respond
    mixed = run()
    assert "mixed" in mixed.marks
    facts = mixed.record.facts or {}
    assert [(part["fingerprint"], part["answers"]) for part in facts["systems"]] == [
        ("fp_1", 10),
        ("fp_2", FEW - 10),
    ]
    told = [record.getMessage() for record in caplog.records if "fp_2" in record.getMessage()]
    assert len(told) == 1
    assert "fingerprint 'fp_2', but answered as model 'tiny-audio', fingerprint 'fp_1'" in told[0]

    # What answers now is another run, of its own answers alone.
    good.probe = lambda request: says("sad", system_fingerprint="fp_2")
    pure = run()
    assert not pure.shown_again
    assert "mixed" not in pure.marks
    assert len(good.requests) == FEW + 10


def test_a_vendor_whose_fingerprint_changes_all_the_time_is_not_paid_twice(
    good: State, tmp_path: Path
) -> None:
    def changing(request: Asked) -> Response:
        return says("sad", system_fingerprint=f"fp_{len(good.requests) % 3}")

    good.respond = good.probe = changing
    first = evaluate(model(good, fingerprint="record"), "emodb-sample", out=tmp_path, limit=FEW)
    again = evaluate(model(good, fingerprint="record"), "emodb-sample", out=tmp_path, limit=FEW)
    assert again.shown_again
    assert "mixed" in first.marks
    assert len(good.requests) == FEW

    # Answers that were paid for with the fingerprint in the key serve here too, but not those of
    # another dated model.
    model(good).predict(clips(2), CANONICAL)
    model(good, fingerprint="record").predict(clips(2), CANONICAL)
    assert len(good.requests) == FEW + 2
    good.probe = lambda request: Response(body={**says("sad").body, "model": f"{MODEL}-2027"})
    key_of(good, fingerprint="record")
    model(good, fingerprint="record").predict(clips(2), CANONICAL)
    assert len(good.requests) == FEW + 4


@pytest.mark.parametrize(
    "way",
    [
        [],
        ["--fresh"],
        pytest.param(["--isolated"], marks=pytest.mark.slow),
        pytest.param(["--workers", "2"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_one_question_goes_out_before_a_run(
    good: State,
    tmp_path: Path,
    cli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    way: list[str],
) -> None:
    """It is paid for too; and a worker that asked for itself might compare with another system."""
    if way and way != ["--fresh"]:
        monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))  # for other processes too

    words = ["run", "--model", f"openai:{good.address}", "--task", "emodb-sample", "--limit", 6]
    assert cli(*words, "--out", tmp_path, *way).code == 0
    assert len(good.probes) == 1


def test_a_server_that_refuses_before_the_first_clip_is_one_sentence() -> None:
    with served(probe=lambda request: fails(400, "Invalid audio format")) as state:
        with pytest.raises(ModelError, match="before the first clip, asked about a second of sil"):
            key_of(state)

        assert state.requests == []


def test_how_it_is_asked_is_no_part_of_the_key(good: State) -> None:
    """A larger budget goes on with the run that the smaller one ended."""
    plain = of_instance(model(good)).options
    assert of_instance(model(good, concurrency=9, max_requests=5, timeout=1.0)).options == plain
    assert of_instance(model(good, seed=2)).options != plain


def test_a_failed_run_goes_on_from_the_answers_it_has(tmp_path: Path) -> None:
    def respond(request: Asked) -> Response:
        broken = len(state.requests) > 10 and not mended.is_set()
        return fails(400, "out of order") if broken else by_audio(request)

    mended = threading.Event()
    with served(respond) as state:
        with pytest.raises(ModelError, match="out of order"):
            evaluate(model(state), "emodb-sample", out=tmp_path, limit=FEW)

        mended.set()
        run = evaluate(model(state), "emodb-sample", out=tmp_path, limit=FEW)
        assert run.record.counts.scored == FEW
        # The failed ones, four at once at most, are all that came twice.
        assert len(state.requests) <= FEW + 4


def test_a_killed_run_goes_on_from_the_answers_it_has(tmp_path: Path, own_answers: Path) -> None:
    """SIGKILL leaves no time to write: an answer is on disk before the next question is asked."""
    program = """
import sys
from mserbench import evaluate
from mserbench_openai.model import OpenAI
from mserbench_openai.options import Options
evaluate(OpenAI(Options(server=sys.argv[1])), "emodb-sample", out=sys.argv[2], limit=24)
"""

    def respond(request: Asked) -> Response:
        if len(state.requests) > 12 and not killed.is_set():
            enough.set()
            killed.wait(30)
        return by_audio(request)

    enough, killed = threading.Event(), threading.Event()
    with served(respond) as state:
        child = subprocess.Popen(
            [sys.executable, "-c", program, state.address, str(tmp_path)],
            env={**os.environ, "MSERBENCH_CACHE": str(own_answers)},
        )
        assert enough.wait(60)
        time.sleep(0.2)  # those before are written
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        answered = {request.wav for request in state.requests[:12]}
        killed.set()

        evaluate(model(state), "emodb-sample", out=tmp_path, limit=FEW)
        again = [request.wav for request in state.requests if request.before]
        assert len(again) <= 4
        assert not answered & set(again)


def test_a_budget_is_kept_and_the_run_goes_on_with_a_larger_one(tmp_path: Path) -> None:
    with served() as state:
        with pytest.raises(ModelError, match="budget of 10 requests is spent"):
            evaluate(model(state, max_requests=10), "emodb-sample", out=tmp_path, limit=FEW)

        assert len(state.requests) == 10
        evaluate(model(state, max_requests=14), "emodb-sample", out=tmp_path, limit=FEW)
        assert len(state.requests) == FEW


def test_tries_count_as_requests() -> None:
    with pytest.raises(ModelError, match="budget of 2 requests"):
        answers(lambda request: fails(500, "oops"), n=1, max_requests=2)


def test_answers_that_cannot_be_kept_are_not_asked_for(
    good: State, own_answers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_answers.parent.mkdir(exist_ok=True)
    own_answers.write_text("a file where the folder belongs")
    with pytest.raises(DataError, match="cannot be kept"):
        model(good).predict(clips(1), CANONICAL)

    assert good.requests == []


def test_damaged_answers_are_set_aside_not_lost(good: State, own_answers: Path) -> None:
    model(good).predict(clips(1), CANONICAL)
    (store,) = own_answers.glob("openai/*.sqlite3")
    store.write_bytes(b"x" * 5_000)
    model(good).predict(clips(1), CANONICAL)
    assert store.with_name(f"{store.name}.damaged").read_bytes() == b"x" * 5_000


# Pace.


def test_requests_are_on_their_way_together_up_to_the_limit() -> None:
    def slowly(request: Asked) -> Response:
        return Response(body=by_audio(request).body, delay=0.05)

    with served(slowly) as state:
        model(state, concurrency=3).predict(clips(9), CANONICAL)
        assert state.most_at_once == 3


def test_too_many_requests_hold_for_all_threads() -> None:
    """Four threads that each wait for themselves go on to ask while the server says no."""
    moments: list[float] = []

    def respond(request: Asked) -> Response:
        moments.append(time.monotonic())
        return fails(429, "slow", Retry_After="0.3") if len(moments) == 1 else by_audio(request)

    answers(respond, n=1)
    assert moments[1] - moments[0] >= 0.3


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, None), ("2", 2.0), ("-1", 0.0), ("soon", None), ("", None)]
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    assert pacing.asked_pause(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert pacing.asked_pause(formatdate(time.time() + 50, usegmt=True)) == pytest.approx(50, abs=2)


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [pacing.pause(attempt) for attempt in range(7)] == [1, 2, 4, 8, 16, 30, 30]


# Scores.


def listing(*tokens: tuple[str, float], before: tuple[str, ...] = ()) -> Response:
    content = [{"token": token, "logprob": -0.1, "top_logprobs": []} for token in before]
    top = [{"token": token, "logprob": math.log(share)} for token, share in tokens]
    content.append({"token": tokens[0][0], "logprob": -0.1, "top_logprobs": top})
    return says("sad", choice={"logprobs": {"content": content}})


def test_labels_are_scored_by_the_first_token() -> None:
    response = listing((" Sad", 0.5), ("happ", 0.2), ("Joy", 0.1), ("s", 0.1), ("The", 0.05))
    labels = ["happy", "sad", "surprise"]
    with served(lambda request: response) as state:
        scores = model(state, scores="logprobs").predict(clips(1), labels)
        assert state.requests[0].body["top_logprobs"] == 20

    assert isinstance(scores, np.ndarray)
    # "joy" is happy; "s" begins sad and surprise, so it is neither's.
    assert np.exp(scores[0, :2]) == pytest.approx([0.3, 0.5])
    assert scores[0, 2] < math.log(0.05)


def test_thinking_and_marks_before_the_answer_are_passed_over() -> None:
    response = listing(("fear", 0.9), before=("sad", "</think>", "\n", "**"))
    scores = answers(lambda request: response, n=1, scores="logprobs")
    assert CANONICAL[int(np.argmax(scores))] == "fear"


def test_a_refusal_among_scores_is_a_tie() -> None:
    scores = answers(lambda request: says(None), n=1, scores="logprobs")
    assert len(set(scores[0])) == 1


def test_a_server_without_logprobs_is_told_before_a_second_request() -> None:
    with served() as state:
        with pytest.raises(ModelError, match="no log-probabilities of tokens"):
            model(state, scores="logprobs", concurrency=1).predict(clips(9), CANONICAL)
        assert len(state.requests) <= 2


def test_the_kit_passes_with_scores() -> None:
    def respond(request: Asked) -> Response:
        shares = [(label, 0.9 if label == request.label else 0.01) for label in request.labels]
        return listing(*shares)

    # One of the kit's clips is silent, as the question before a run is.
    with served(respond, probe=respond) as state:
        assert_model(OpenAI, options={"server": state.address, "scores": "logprobs"})


# The key.


def test_the_key_is_sent_and_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A key in a record is published with it."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", KEY)
    echo = says(f"sad {KEY}", system_fingerprint=KEY, message={"refusal": ""})

    echo.headers["openai-version"] = KEY
    with served(lambda request: echo, lambda request: echo, owned_by=f"of {KEY}") as state:
        asking = model(state, key_from="MY_KEY")
        evaluate(asking, "emodb-sample", out=tmp_path / "runs", limit=FEW)
        told = repr(vars(asking))
        assert set(state.keys) == {f"Bearer {KEY}"}

    errors = []
    for fault in (401, 400, 500, 302):
        answer = fails(fault, f"key {KEY}", Location=KEY)
        # At a clip, and before the first one.
        for probe in (by_audio, lambda request, answer=answer: answer):
            with served(lambda request, answer=answer: answer, probe) as state:
                with pytest.raises(MserbenchError) as caught:
                    model(state, key_from="MY_KEY").predict(clips(2), CANONICAL)
                errors.append(repr(caught.getrepr(style="long")) + str(caught.value))

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.startswith("served-") for path in files)
    written = b"".join(path.read_bytes() for path in files)
    assert len(written) > 10_000
    assert KEY.encode() not in written
    assert KEY not in caplog.text + "".join(errors) + told


@pytest.mark.parametrize("key", ["sk-two words-0123", "sk-line\nend-0123", "sk-ümlaut-0123"])
def test_a_key_that_no_header_can_hold_is_not_shown(
    good: State, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The library that sends it would quote it in its own error."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(UsageError) as caught:
        model(good)

    assert "$OPENAI_API_KEY" in str(caught.value)
    assert "0123" not in str(caught.value)


# Before anything is sent.


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "has no server"),
        ("localhost:8000#m", "is no address"),
        ("ftp://x/v1#m", "is no address"),
        ("http://[::1/v1#m", "is no address"),
        ("https://me:secret@host/v1#m", "holds a password"),
        ("https://host/v1?api-key=secret#m", "a query"),
    ],
)
def test_an_address_that_is_none_is_told(address: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        address_of(address)

    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_exit_4(unused: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be asked \(Connection refused\)") as caught:
        OpenAI(Options(server=f"{unused}#m"))

    assert caught.value.exit_code == 4


@pytest.fixture
def unused() -> str:
    with served() as state:
        return state.url


def test_a_missing_name_lists_the_models(good: State) -> None:
    with pytest.raises(UsageError, match=f"it lists {MODEL}: put #MODEL"):
        OpenAI(Options(server=good.url))


def test_a_prompt_without_a_place_for_labels_is_told(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text("What emotion?")
    with pytest.raises(UsageError, match=r"has no \{labels\}"):
        prompt_of(str(path))
    with pytest.raises(UsageError, match="annotator, default, feels, question"):
        prompt_of("no such")


@pytest.mark.parametrize("extra", ["[]", "{", '{"model": "x"}', '{"messages": []}'])
def test_extra_that_is_no_object_or_takes_the_question_over_is_told(
    good: State, extra: str
) -> None:
    with pytest.raises(UsageError, match="option extra"):
        model(good, extra=extra)


def test_null_takes_a_key_out_of_the_body(good: State) -> None:
    model(good, extra='{"temperature": null, "top_k": 1}').predict(clips(1), CANONICAL)
    body = good.requests[0].body
    assert "temperature" not in body
    assert body["top_k"] == 1


def test_a_sweep_of_prompts_reports_the_spread(good: State, tmp_path: Path) -> None:
    """The table of docs/openai.md, as it stands there but for the server and the corpus."""
    from mserbench.cli import main
    from mserbench.data.lookup import task

    page = (Path(__file__).parents[2] / "docs/openai.md").read_text()
    table = page.partition("```toml\n")[2].partition("```")[0]
    table = table.replace("http://localhost:8000/v1#MODEL", good.address)
    table = table.replace('"aesdd"', '"emodb-sample"').replace('"emodb-5"', '"emodb"')
    labels = ", ".join(f'"{label}"' for label in task("emodb-sample").labels)
    table = re.sub(r"labels = \[.*\]", f"labels = [{labels}]", table)
    (tmp_path / "sweep.toml").write_text(table)

    with pytest.raises(SystemExit) as ended:
        main(["experiment", str(tmp_path / "sweep.toml"), "--out", str(tmp_path / "out")])

    assert ended.value.code == 0
    written = (tmp_path / "out/README.md").read_text()
    # Which model it was, each prompt's number, and the spread over them.
    assert f"| openai:{MODEL} 1 |" in written
    means = {
        name: float(value)
        for name, value in re.findall(r"\| (default|feels|annotator) \| ([\d.]+) \[", written)[:3]
    }
    spread = re.search(
        r"Prompts, over 3 systems: mean ([\d.]+), standard deviation ([\d.]+), "
        r"least ([\d.]+) \(.*?\), largest ([\d.]+) \(",
        written,
    )
    assert spread is not None
    values = np.array(list(means.values()))
    expected = [values.mean(), values.std(ddof=1), values.min(), values.max()]
    assert [float(number) for number in spread.groups()] == pytest.approx(expected, abs=0.11)
    assert (
        len({request.body["messages"][0]["content"][1]["text"] for request in good.requests}) == 3
    )
