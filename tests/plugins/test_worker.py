"""The model `worker`: whatever a program does, no clip is lost and every fault is one sentence."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest

from mserbench import Clip, evaluate
from mserbench.errors import ClipError, DataError, ModelError, MserbenchError, UsageError
from mserbench.labels import CANONICAL
from mserbench.running.subject import of_instance
from mserbench.testing import assert_model
from mserbench_worker import model as worker_model
from mserbench_worker.model import Worker
from mserbench_worker.options import Options

HELLO = {"mserbench": 1, "name": "w", "version": "1", "labels": ["sad", "happy"]}
FINE = {"sad": 0.25, "happy": 0.75}


@pytest.fixture(autouse=True)
def own_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(worker_model, "cache_dir", lambda: tmp_path / "cache")
    return tmp_path / "cache/workers"


def clips(n: int) -> list[Clip]:
    return [
        Clip(f"{i:064x}", f"{i:064x}", 0.2, lambda i=i: np.full(3_200, i / 100, np.float32))
        for i in range(n)
    ]


def program(tmp_path: Path, on_request: str, hello: Any = HELLO, before: str = "") -> str:
    """Write a program that speaks the protocol itself; return its command."""
    text = f"""\
import json, os, sys, time
def say(line):
    print(json.dumps(line), flush=True)
{before}
say(json.loads({json.dumps(hello)!r}))
for number, line in enumerate(sys.stdin):
    request = json.loads(line)
    name = request["id"]
{indent(dedent(on_request), "    ")}
"""
    path = tmp_path / "own.py"
    path.write_text(text)
    return f"{sys.executable} {path}"


def served(tmp_path: Path, text: str, name: str = "served.py") -> str:
    """Write a file that defines `predict`; return its path."""
    path = tmp_path / name
    path.write_text(dedent(text))
    return str(path)


def made(command: str, **options: Any) -> Worker:
    return Worker(Options(command=command, **{"timeout": 20.0, "start_timeout": 20.0, **options}))


PART = {"corpus": "iemocap", "languages": ["en"], "kind": "emotion-labels", "evidence": "ours"}
ANSWER = f'say({{"id": name, "scores": {FINE}}})'


def test_the_kit_passes(tmp_path: Path) -> None:
    """What strangers' models are held to holds for this one."""
    text = """
    import zlib
    LABELS = ["anger", "happiness", "sadness", "neutral"]
    def predict(path, labels):
        data = open(path, "rb").read()
        return {label: zlib.crc32(data + label.encode()) / 2**32 for label in LABELS}
    """
    assert_model(Worker, options={"command": served(tmp_path, text)})


def test_a_run_holds_what_the_worker_says_of_itself(tmp_path: Path) -> None:
    text = """
    import numpy
    NAME, VERSION, LICENCE = "mine", "7", "MIT"
    LABELS = ["anger", "happiness"]
    EXPOSURE = [{"corpus": "emodb", "languages": ["de"], "kind": "emotion-labels", "evidence": "I trained it"}]
    EXPOSURE_COMPLETE = True
    def predict(path, labels):
        return {"anger": 1, "happiness": numpy.float32(0.5)}
    """
    run = evaluate(made(served(tmp_path, text)), "emodb-sample", out=tmp_path / "runs")
    record = run.record
    assert record.model.called == "worker:served.py"
    assert (record.model.title, record.model.version, record.model.licence) == ("mine", "7", "MIT")
    # Its own words decide the verdict: these recordings are of EmoDB.
    assert record.verdict.verdict in ("in-corpus", "leaked")
    assert record.facts is not None
    assert record.facts["worker_labels"] == ["anger", "happiness"]
    assert "numpy" in record.facts["packages"]
    assert str(tmp_path) not in json.dumps(record.to_json())


def test_a_worker_that_tells_only_its_name_is_looked_up(tmp_path: Path) -> None:
    """Its own words go before the registry's; without any, the name is a claim."""
    name = "iic/emotion2vec_plus_large"
    card = made(program(tmp_path, ANSWER, {**HELLO, "name": name})).card
    assert "emodb" in {part.corpus for part in card.exposure}
    assert not card.exposure_complete
    assert (card.title, "only the name" in card.basis) == (name, True)

    own = made(program(tmp_path, ANSWER, {**HELLO, "name": name, "exposure": [PART]})).card
    assert ([part.corpus for part in own.exposure], own.basis) == (["iemocap"], "")


def test_labels_go_by_meaning_and_unknown_ones_come_last(tmp_path: Path) -> None:
    hello = {**HELLO, "labels": ["Sadness", "joy", "bored"]}
    reply = 'say({"id": name, "scores": {"Sadness": -3, "joy": -1, "bored": 0}})'
    scores = made(program(tmp_path, reply, hello)).predict(clips(1), ["happy", "angry", "sad"])
    assert isinstance(scores, np.ndarray)
    happy, angry, sad = scores[0]
    assert happy == -1
    assert sad == -3
    assert angry < -3


def test_labels_go_by_the_table_of_words_that_all_models_share(tmp_path: Path) -> None:
    """What `hf:` and `score` read a worker may write too; `other` stands for none of a task's."""
    text = """
    LABELS = ["ang", "Freude", "难过/sad", "other"]
    def predict(path, labels):
        return {"ang": 3, "Freude": 1, "难过/sad": 2, "other": 9}
    """
    worker = made(served(tmp_path, text))
    assert worker.labels == ("angry", "happy", "sad")
    scores = np.asarray(worker.predict(clips(1), ["happy", "angry", "sad"]))
    assert scores.tolist() == [[1, 3, 2]]


@pytest.mark.parametrize("values", ["[1, 2]", "(1, 2)", "numpy.array([1, 2], dtype='float32')"])
def test_scores_may_come_in_the_order_of_the_labels(tmp_path: Path, values: str) -> None:
    text = f"""
    import numpy
    LABELS = ["sad", "happy"]
    def predict(path, labels):
        return {values}
    """
    scores = np.asarray(made(served(tmp_path, text)).predict(clips(1), ["happy", "sad"]))
    assert scores.tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("labels", "answer", "words"),
    [
        ('["sad", "happy"]', "None", "predict returned 'None', but a score for each of LABELS was"),
        ('["sad", "happy"]', "[1, 2, 3]", "predict returned '[1, 2, 3]', but a score for each of"),
        ('["sad", "happy"]', "0.5", "predict returned '0.5', but a score for each of LABELS was"),
        ('["sad", "happy"]', "'sad'", "but an object 'scores' was expected, as it names labels"),
        (
            '["sad", "happy"]',
            '{"sad": [1], "happy": 1}',
            "predict gave 'sad' the score '[1]', but a",
        ),
        ("None", '{"sad": 1}', "as it names no labels (LABELS in a Python file)"),
    ],
)
def test_a_wrong_answer_of_predict_is_told_in_words_of_the_file(
    tmp_path: Path, labels: str, answer: str, words: str
) -> None:
    text = f"""
    LABELS = {labels}
    def predict(path, labels):
        return {answer}
    """
    with pytest.raises(ClipError) as caught:
        made(served(tmp_path, text)).predict(clips(1), ["sad", "happy"])

    assert words in str(caught.value)


def test_mistakes_at_the_head_of_a_file_say_what_to_mend(tmp_path: Path) -> None:
    body = "\ndef predict(path, labels): return {}\n"
    for head, words in (
        ('LABELS = "sad happy"', "tells labels 'sad happy', but two or more different texts"),
        ("import no_such_package", "name the Python that has its packages by --option python="),
    ):
        with pytest.raises(ModelError) as caught:
            made(served(tmp_path, head + body))
        assert words in str(caught.value)

    file = served(tmp_path, 'LABELS = ["sad", "happy"]' + body)
    with pytest.raises(ModelError, match="a file that defines 'predict' is given alone, as worker"):
        made(f"{sys.executable} {file}")


def test_text_answers(tmp_path: Path) -> None:
    hello = {**HELLO, "labels": None}
    reply = 'say({"id": name, "text": "I hear " + request["labels"][0]})'
    assert (
        made(program(tmp_path, reply, hello)).predict(clips(2), CANONICAL) == ["I hear neutral"] * 2
    )


def test_samples_arrive_as_they_are(tmp_path: Path) -> None:
    text = """
    WANTS, LABELS = "samples", ["sad", "happy"]
    def predict(samples, labels):
        return {"sad": samples[0], "happy": len(samples) + (samples.dtype == "float32")}
    """
    scores = made(served(tmp_path, text)).predict(clips(3), ["sad", "happy"])
    assert isinstance(scores, np.ndarray)
    assert scores[2].tolist() == [float(np.float32(0.02)), 3_201.0]


def test_a_wav_file_is_given_and_goes_again(tmp_path: Path) -> None:
    """A name that tells the clip would tell the label."""
    text = f"""
    import soundfile
    LABELS = ["sad", "happy"]
    def predict(path, labels):
        samples, rate = soundfile.read(path, dtype="float32")
        with open({str(tmp_path / "paths")!r}, "a") as file:
            file.write(path + chr(10))
        return {{"sad": samples[5], "happy": rate}}
    """
    scores = made(served(tmp_path, text)).predict(clips(2), ["sad", "happy"])
    assert isinstance(scores, np.ndarray)
    assert scores[1] == pytest.approx([0.01, 16_000], abs=1 / 2**15)
    paths = (tmp_path / "paths").read_text().split()
    assert [Path(path).name for path in paths] == ["0.wav", "1.wav"]
    assert not any(Path(path).exists() for path in paths)


# Workers that misbehave: each has one outcome.


@pytest.mark.parametrize(
    "noise",
    [
        'print("loading 100 %")',
        'print("{\\"id\\": \\"nobody\\", \\"scores\\": {}}")',  # a reply that nobody awaits
        "sys.stdout.buffer.write(bytes(range(128, 255)) + b'\\n')",
        'print("[1, 2]")',
        'print("{\\"a\\": 1}")',
    ],
)
def test_noise_on_stdout_goes_to_the_log(tmp_path: Path, noise: str) -> None:
    """Libraries print what they like; answers go by the id of their question."""
    worker = made(program(tmp_path, f"{noise}\n{ANSWER}\n{noise}", before=noise))
    assert np.asarray(worker.predict(clips(3), ["sad", "happy"])).tolist() == [[0.25, 0.75]] * 3


def test_a_second_reply_to_a_clip_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    text = f"{ANSWER}\n" + 'say({"id": name, "scores": {"sad": 9, "happy": 9}})'
    scores = made(program(tmp_path, text)).predict(clips(5), ["sad", "happy"])
    assert np.asarray(scores).max() == 0.75


@pytest.mark.parametrize("how", ["os.kill(os.getpid(), 9)", "sys.exit(3)", "time.sleep(60)"])
def test_a_worker_that_ends_or_hangs_once_is_started_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """A crash in an hour must not cost the hour."""
    mark = tmp_path / "was-here"
    text = f"""
    if number == 1 and not os.path.exists({str(mark)!r}):
        open({str(mark)!r}, "w").close()
        print("help!", file=sys.stderr, flush=True)
        {how}
    {ANSWER}
    """
    worker = made(program(tmp_path, text), timeout=2.0)
    assert np.asarray(worker.predict(clips(4), ["sad", "happy"])).tolist() == [[0.25, 0.75]] * 4
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "is started anew; its last words: help! (log: " in warning
    assert "\n" not in warning


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("os.kill(os.getpid(), 11)", "ended (SIGSEGV) at a clip, 3 times"),
        ("sys.exit(3)", "ended (exit status 3) at a clip"),
        ("time.sleep(60)", "hung and was ended at a clip"),
    ],
)
def test_a_clip_that_ends_it_three_times_is_named(tmp_path: Path, how: str, words: str) -> None:
    text = f"""
    import wave
    LABELS = ["sad", "happy"]
    import os, sys, time
    starts = {str(tmp_path / "starts")!r}
    open(starts, "a").write("x")
    count = 0
    def predict(path, labels):
        global count
        count += 1
        # The third clip of the first process, and so the first one of the next.
        if count + 2 * (os.path.getsize(starts) > 1) == 3:
            print("oh no", flush=True)
            {how}
        return {FINE}
    """
    with pytest.raises(ModelError) as caught:
        evaluate(made(served(tmp_path, text), timeout=0.7), "emodb-sample", out=tmp_path / "runs")

    sentence = str(caught.value)
    assert "at clip '" in sentence
    assert words in sentence
    assert "its last words: oh no" in sentence
    assert (tmp_path / "starts").read_text() == "xxx"
    assert Path(sentence.rpartition("(log: ")[2].partition(")")[0]).is_file()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ('{"scores": {"sad": float("nan"), "happy": 1}}', "gave 'sad' the score nan"),
        ('{"scores": {"sad": "1", "happy": 1}}', "gave 'sad' the score '1'"),
        ('{"scores": {"sad": 1, "happy": 1, "angry": 0}}', "scored 'angry', which is none of its"),
        ('{"scores": {"sad": 1}}', "gave no score for its label 'happy'"),
        ('{"text": "sad"}', "but an object 'scores' was expected"),
        ('{"error": "bad\\nwav"}', "failed (bad wav)"),
    ],
)
def test_a_reply_that_is_none_is_one_sentence(tmp_path: Path, reply: str, words: str) -> None:
    worker = made(program(tmp_path, f'say({{"id": name, **{reply}}})'))
    with pytest.raises(ClipError) as caught:
        worker.predict(clips(1), ["sad", "happy"])

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_an_exception_in_predict_is_told_and_the_worker_goes_on(tmp_path: Path) -> None:
    text = f"""
    LABELS = ["sad", "happy"]
    def predict(path, labels):
        if len(labels) == 1:
            raise ValueError("I want two")
        return {FINE}
    """
    worker = made(served(tmp_path, text))
    with pytest.raises(ClipError, match=r"failed \(ValueError: I want two\), its last words"):
        worker.predict(clips(1), ["sad"])

    assert np.asarray(worker.predict(clips(1), ["sad", "happy"])).shape == (1, 2)


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({**HELLO, "mserbench": 2}, "speaks version 2 of the protocol, but 1 was expected"),
        (
            {"mserbench": 1},
            "tells name None, but a text was expected: mend its first line, or NAME",
        ),
        ({**HELLO, "labels": ["sad", "sad"]}, "two or more different texts"),
        ({**HELLO, "labels": "sad"}, "two or more different texts"),
        ({**HELLO, "wants": "mp3"}, "'path' or 'samples'"),
        ({**HELLO, "exposure": [{"corpus": "emodb"}]}, "tells exposure"),
        (
            {**HELLO, "exposure": [{**PART, "kind": "labels"}]},
            "tells exposure of kind 'labels', but",
        ),
        ({**HELLO, "labels": ["sad", "glum"]}, "label 'glum' is no known emotion"),
    ],
)
def test_an_introduction_that_is_none_is_one_sentence(
    tmp_path: Path, hello: Any, words: str
) -> None:
    with pytest.raises(ModelError) as caught:
        made(program(tmp_path, ANSWER, hello))

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("sys.exit('no weights here')", "ended (exit status 1) before it introduced itself, its"),
        ("print('no weights here'); time.sleep(60)", "hung and was ended before it introduced"),
        ("raise RuntimeError('no weights here')", "RuntimeError: no weights here (log: "),
    ],
)
def test_a_worker_that_never_introduces_itself(tmp_path: Path, before: str, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        made(program(tmp_path, ANSWER, before=before), start_timeout=2.0)

    assert words in str(caught.value)
    assert "no weights here" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_labels_that_are_one_to_the_task(tmp_path: Path) -> None:
    hello = {**HELLO, "labels": ["joy", "happy"]}
    with pytest.raises(ModelError, match="two labels for 'happy'"):
        made(program(tmp_path, ANSWER, hello)).predict(clips(1), CANONICAL)


def test_a_request_that_is_not_read_is_no_hang_of_ours(tmp_path: Path) -> None:
    """A pipe holds 64 KiB: writing forty seconds of samples to who does not read would wait."""
    hello = {**HELLO, "wants": "samples"}
    command = program(tmp_path, ANSWER, hello).replace("own.py", "own.py")
    path = tmp_path / "own.py"
    path.write_text(path.read_text().replace("for number", "time.sleep(60)\nfor number"))
    long = Clip("0" * 64, "0" * 64, 40.0, lambda: np.zeros(640_000, np.float32))
    with pytest.raises(ClipError, match="hung and was ended at a clip"):
        made(command, timeout=0.3).predict([long], ["sad", "happy"])


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'no-such-program' cannot be started"):
        made("no-such-program --fast")
    with pytest.raises(DataError, match="is no file"):
        made(str(tmp_path / "absent.py"))
    with pytest.raises(UsageError, match="has no command"):
        made("")
    with pytest.raises(UsageError, match="quote without an end"):
        made("python 'x")
    with pytest.raises(ModelError, match="defines no function 'predict"):
        made(served(tmp_path, "LABELS = ['sad', 'happy']"))


# Processes.


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Path]:
    """Give a folder where workers write their process numbers."""
    folder = tmp_path / "alive"
    folder.mkdir()
    return folder


def living(folder: Path) -> list[int]:
    numbers = [int(path.name) for path in folder.iterdir()]
    return [number for number in numbers if Path(f"/proc/{number}/cmdline").exists()]


def test_several_workers_share_the_clips_and_end_with_the_model(
    tmp_path: Path, alive: Path
) -> None:
    text = f"""
    import os, pathlib, time
    pathlib.Path({str(alive)!r}, str(os.getpid())).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    WANTS, LABELS = "samples", ["sad", "happy"]
    def predict(samples, labels):
        time.sleep(0.05)
        return {{"sad": samples[0], "happy": 0}}
    """
    worker = made(served(tmp_path, text), workers=3, gpus="4,5")
    scores = worker.predict(clips(12), ["sad", "happy"])
    # In order, whoever answered.
    assert np.asarray(scores)[:, 0] == pytest.approx(np.arange(12) / 100)
    assert len(living(alive)) == 3
    assert sorted(path.read_text() for path in alive.iterdir()) == ["4", "4", "5"]

    del worker
    assert living(alive) == []


@pytest.mark.parametrize(("device", "seen"), [("cpu", ""), ("cuda:3", "3"), ("auto", "as-set")])
def test_a_device_is_what_the_worker_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, seen: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "as-set")
    text = """
    import os
    NAME = "sees " + os.environ["CUDA_VISIBLE_DEVICES"]
    def predict(path, labels):
        return "sad"
    """
    command = served(tmp_path, text)
    assert Worker(Options(command=command), None, device).card.title == f"sees {seen}"


def test_logs_go_where_nothing_went_wrong(tmp_path: Path, own_logs: Path) -> None:
    worker = made(program(tmp_path, ANSWER))
    worker.predict(clips(1), ["sad", "happy"])
    assert len(list(own_logs.iterdir())) == 1
    del worker
    assert list(own_logs.iterdir()) == []


# The key.


def test_another_text_of_the_worker_is_another_run(tmp_path: Path) -> None:
    def key(command: str, **options: Any) -> Any:
        record = of_instance(made(command, **options)).identity.record()
        return record.files, record.version, record.options

    text = "VERSION = 1\ndef predict(path, labels):\n    return 'sad'\n"
    command = served(tmp_path, text)
    before = key(command)
    assert key(command, workers=2, timeout=9.0) == before

    other = tmp_path / "elsewhere"
    other.mkdir()
    assert key(served(other, text)) == before

    served(tmp_path, text.replace("sad", "happy"))
    assert key(command) != before
    served(tmp_path, text.replace("1", "2"))
    assert key(command)[1] == "2"
    assert key(f"{served(tmp_path, text)} --fast") != before


def test_a_folder_that_the_command_names_is_part_of_the_key(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "w.bin").write_bytes(b"1")
    command = served(tmp_path, "def predict(path, labels):\n    return 'sad'\n")
    before = of_instance(made(f"{command} {weights}")).identity.record().files
    (weights / "w.bin").write_bytes(b"2")
    assert of_instance(made(f"{command} {weights}")).identity.record().files != before


def test_errors_are_ours(tmp_path: Path) -> None:
    """`--debug` aside, a user sees a sentence and an exit code."""
    with pytest.raises(MserbenchError) as caught:
        evaluate("worker", "emodb-sample", options={"command": "false"}, out=tmp_path)

    assert caught.value.exit_code in (2, 4)
