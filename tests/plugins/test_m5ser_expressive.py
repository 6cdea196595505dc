"""`seamless-expressive` against a stand-in for its tool, which checks what it is given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import soundfile
from source_clips import sound, source

from mserbench.errors import DataError, ModelError, UsageError
from mserbench.translator import Refusal, SourceClip, Speech
from mserbench_m5ser.translators import expressive_files, outside_tool
from mserbench_m5ser.translators.seamless_expressive import (
    SeamlessExpressive,
    SeamlessExpressiveOptions,
)

# The tool as its source has it, without a model: the speech of a clip is the clip, its text its
# length. `plan.json` beside it says how it goes wrong, `calls.json` keeps what it was given.
TOOL = dedent(
    """\
    #!PYTHON
    import argparse, json, os, sys, time, wave
    from pathlib import Path

    here = Path(__file__).parent
    plan = json.loads((here / "plan.json").read_text())
    parser = argparse.ArgumentParser()
    parser.add_argument("data_file", type=Path)
    parser.add_argument("--task", choices=["ASR", "S2ST", "S2TT"])
    for name in ("tgt_lang", "output_path", "model_name", "vocoder_name"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--gated-model-dir", type=Path)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--audio_root_dir", type=Path, default="")
    parser.add_argument("--audio_field", default="src_audio")
    parser.add_argument("--duration_factor", type=float, default=1.0)
    parser.add_argument("--output_result_tsv", type=bool, default=True)
    args = parser.parse_args()

    lines = args.data_file.read_text().splitlines()
    header = lines[0].split("\\t")
    assert args.audio_field in header, "Input file does not contain the field"
    rows = [dict(zip(header, line.split("\\t"))) for line in lines[1:]]
    sounds = []
    for row in rows:
        with wave.open(row["src_audio"]) as file:
            assert file.getparams()[:3] == (1, 2, 16000), "16 kHz mono PCM16 was expected"
            sounds.append(file.readframes(file.getnframes()))

    calls = json.loads((here / "calls.json").read_text())
    calls.append({
        "argv": sys.argv[1:], "ids": [row["id"] for row in rows], "header": header,
        "lengths": [len(s) // 2 for s in sounds],
        "cuda": os.environ.get("CUDA_VISIBLE_DEVICES"), "path": os.environ.get("PYTHONPATH"),
        "pid": os.getpid(),
    })
    (here / "calls.json").write_text(json.dumps(calls))
    if plan.get("dies"):
        sys.exit(plan["dies"])

    out = args.output_path and Path(args.output_path) / args.data_file.stem
    (out / "waveform").mkdir(parents=True)
    done = []
    texts = open(out / f"text_output-{args.data_file.stem}.txt", "w", buffering=1)
    for number, (row, data) in enumerate(zip(rows, sounds)):
        length = len(data) // 2
        if length in plan.get("crashes_on", []):
            sys.exit("RuntimeError: bad clip " + row["src_audio"])
        if length in plan.get("hangs_on", []):
            time.sleep(600)
        if length in plan.get("drops", []):
            continue

        print(f"\\r {number * 10}%|###   |", end="", file=sys.stderr, flush=True)
        texts.write(f"*Das* ist = {length}\\n")
        path = out / "waveform" / (row["id"] + "_pred.wav")
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(b"" if length in plan.get("empty", []) else data)
        done.append({**row, "hypo_audio": str(path), "s2t_out": f"*Das* ist = {length}"})

    assert len(done) == len(rows) or plan.get("drops_quietly"), "Length of values does not match"
    columns = [*header, "hypo_audio", "s2t_out"]
    table = ["\\t".join(columns), *("\\t".join(row[c] for c in columns) for row in done)]
    (out / f"generate-{args.data_file.stem}.tsv").write_text("\\n".join(table) + "\\n")
    """
)


class Bench:
    """An environment with the stand-in, its weights, and what it was called with."""

    def __init__(self, folder: Path) -> None:
        self.environment, self.gated = folder / "environment", folder / "gated"
        self.bin = self.environment / "bin"
        self.bin.mkdir(parents=True)
        self.gated.mkdir()
        for name in expressive_files.WEIGHTS:
            (self.gated / name).touch()

        tool = self.bin / expressive_files.TOOL
        tool.write_text(TOOL.replace("PYTHON", sys.executable), encoding="utf-8")
        tool.chmod(0o755)
        self.plan()
        (self.bin / "calls.json").write_text("[]", encoding="utf-8")

    def plan(self, **faults: Any) -> None:
        (self.bin / "plan.json").write_text(json.dumps(faults), encoding="utf-8")

    @property
    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = json.loads((self.bin / "calls.json").read_text())
        return calls

    def translator(self, **options: Any) -> SeamlessExpressive:
        given = {"environment": str(self.environment), "gated_model_dir": str(self.gated)}
        return SeamlessExpressive(SeamlessExpressiveOptions(**{**given, **options}))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def clips(*seconds: float) -> list[SourceClip]:
    return [source(sound(length, place), str(place)) for place, length in enumerate(seconds)]


def test_it_gives_the_tool_exactly_what_its_source_takes(bench: Bench) -> None:
    given = clips(0.9, 0.5, 0.7)
    outcomes = bench.translator().translate(given, "fr")
    (call,) = bench.calls
    folder = Path(call["argv"][0]).parent

    assert call["argv"] == [
        str(folder / "clips.tsv"), "--tgt_lang", "fra", "--output_path", str(folder / "out"),
        "--model_name", "seamless_expressivity", "--vocoder_name", "vocoder_pretssel_16khz",
        "--gated-model-dir", str(bench.gated), "--audio_root_dir", "", "--audio_field",
        "src_audio", "--batch_size", "4", "--duration_factor", "1.2", "--output_result_tsv",
        "True",
    ]  # fmt: skip
    assert call["header"] == ["id", "src_audio"]
    assert call["lengths"] == [8_000, 11_200, 14_400], "shortest first"
    assert call["ids"] == ["clip000001", "clip000002", "clip000000"]
    assert (call["cuda"], call["path"]) == ("", None), "nothing of ours leads into its environment"
    assert not folder.exists(), "what was exchanged is deleted"

    assert [outcome.text for outcome in outcomes if isinstance(outcome, Speech)] == [
        "Das ist 14400", "Das ist 8000", "Das ist 11200"
    ]  # fmt: skip
    for clip, outcome in zip(given, outcomes, strict=True):
        assert isinstance(outcome, Speech)
        assert outcome.rate == 16_000
        assert np.abs(outcome.waveform - clip.clip.waveform).max() <= 1 / 32_768


@pytest.mark.parametrize(
    ("language", "code", "factor"),
    [("de", "deu", "1.1"), ("it", "ita", "1.0"), ("zh", "cmn", "1.0"), ("es", "spa", "1.0")],
)
def test_each_language_has_its_code_and_duration(
    language: str, code: str, factor: str, tmp_path: Path
) -> None:
    words = expressive_files.command(tmp_path / "tool", tmp_path, language, tmp_path, 4)

    assert words[words.index("--tgt_lang") + 1] == code
    assert words[words.index("--duration_factor") + 1] == factor


def test_clips_that_it_cannot_take_are_never_given_to_it(bench: Bench) -> None:
    bad = sound(0.6)
    bad[100] = np.nan
    given = [
        source(sound(0.29)), source(sound(2.1)), source(np.zeros(16_000, np.float32)),
        source(bad), source(sound(0.5)),
    ]  # fmt: skip
    outcomes = bench.translator(longest=2.0).translate(given, "de")

    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)] == [
        "it is shorter than 0.3 s",
        "it is longer than 2 s, beyond which speech is lost",
        "it is silent",
        "it holds samples that are not numbers",
    ]
    assert isinstance(outcomes[4], Speech)
    assert bench.calls[0]["lengths"] == [8_000]


def test_nothing_but_refused_clips_starts_no_tool(bench: Bench) -> None:
    assert isinstance(bench.translator().translate(clips(0.1), "de")[0], Refusal)
    assert bench.calls == []


def test_a_tool_that_fails_half_way_keeps_what_came_and_tries_the_rest_alone(bench: Bench) -> None:
    bench.plan(crashes_on=[12_800])
    outcomes = bench.translator().translate(clips(0.5, 0.6, 0.8, 0.7, 0.9, 1.0), "de")
    first, second, third = bench.calls

    assert [isinstance(outcome, Speech) for outcome in outcomes] == [1, 1, 0, 1, 1, 1]
    refusal = outcomes[2]
    assert isinstance(refusal, Refusal)
    assert refusal.reason == (
        "expressivity_evaluate failed (RuntimeError: bad clip clip000002.wav), and again when it was "
        "given alone"
    )
    assert first["lengths"] == [8_000, 9_600, 11_200, 12_800, 14_400, 16_000]
    assert second["lengths"] == [12_800, 14_400, 16_000]
    assert second["argv"][second["argv"].index("--batch_size") + 1] == "1"
    assert third["lengths"] == [14_400, 16_000]
    assert [outcome.text for outcome in outcomes if isinstance(outcome, Speech)] == [
        "Das ist 8000", "Das ist 9600", "Das ist 11200", "Das ist 14400", "Das ist 16000"
    ]  # fmt: skip


def test_a_tool_whose_time_is_up_is_ended_and_what_came_is_kept(bench: Bench) -> None:
    bench.plan(hangs_on=[12_800])
    translator = bench.translator(seconds_to_start=2.5, seconds_a_clip=0.05)
    started = time.monotonic()
    outcomes = translator.translate(clips(0.5, 0.6, 0.8), "de")

    assert time.monotonic() - started < 60
    assert [isinstance(outcome, Speech) for outcome in outcomes] == [True, True, False]
    refusal = outcomes[2]
    assert isinstance(refusal, Refusal)
    assert refusal.reason == (
        "expressivity_evaluate did not end in time, and again when it was given alone"
    )
    for call in bench.calls:
        assert not alive(call["pid"])


@pytest.mark.parametrize("quietly", [True, False])
def test_rows_that_the_tool_drops_are_tried_again_and_then_refused(
    bench: Bench, quietly: bool
) -> None:
    bench.plan(drops=[9_600, 12_800], drops_quietly=quietly)
    outcomes = bench.translator().translate(clips(0.5, 0.6, 0.7, 0.8), "de")

    assert [isinstance(outcome, Speech) for outcome in outcomes] == [1, 0, 1, 0]
    for place in (1, 3):
        refusal = outcomes[place]
        assert isinstance(refusal, Refusal)
        assert refusal.reason.endswith("again when it was given alone")


def test_a_file_that_was_cut_while_it_was_written_is_none(tmp_path: Path) -> None:
    waveforms = tmp_path / "out" / "clips" / "waveform"
    waveforms.mkdir(parents=True)
    for name in ("whole", "cut"):
        soundfile.write(waveforms / f"{name}_pred.wav", sound(0.5), 16_000, subtype="FLOAT")

    os.truncate(waveforms / "cut_pred.wav", 9_000)
    (waveforms / "empty_pred.wav").touch()
    assert list(expressive_files.read_speech(tmp_path, ["empty", "cut", "whole"])) == ["whole"]


def test_speech_without_sound_is_refused(bench: Bench) -> None:
    bench.plan(empty=[9_600])
    outcomes = bench.translator().translate(clips(0.5, 0.6), "de")
    assert outcomes[1] == Refusal("its translation has no sound")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("AssetError: gated", "run it by hand"),
        ("torch.cuda.OutOfMemoryError: CUDA out of memory.", "smaller --option tool_batch_size"),
    ],
)
def test_a_tool_that_gives_nothing_is_one_sentence_with_its_last_words(
    bench: Bench, words: str, advice: str
) -> None:
    bench.plan(dies=words)
    with pytest.raises(ModelError) as caught:
        bench.translator().translate(clips(0.5, 0.6), "de")

    message = str(caught.value)
    assert f"any of 2 clip(s) in 'de' (exit 1, its last words: {words})" in message
    assert advice in message
    assert len(bench.calls) == 1, "it is not started over and over"


def test_a_tool_or_weights_that_are_missing_are_one_sentence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="not on the PATH: install facebookresearch"):
        bench.translator(environment="")
    with pytest.raises(UsageError, match="holds neither"):
        bench.translator(environment=str(tmp_path))
    with pytest.raises(UsageError, match="needs its gated weights"):
        bench.translator(gated_model_dir="")

    (bench.gated / "m2m_expressive_unity.pt").unlink()
    with pytest.raises(DataError, match="lacks 'm2m_expressive_unity"):
        bench.translator()

    (bench.gated / "m2m_expressive_unity.pt").touch()
    bench.translator(environment=str(bench.bin))
    monkeypatch.setenv("PATH", str(bench.bin))
    bench.translator(environment="")


def test_a_tool_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    ended = outside_tool.run([str(tmp_path / "none")], tmp_path, dict(os.environ), 30)
    assert ended.status == 127
    assert ended.last_words.endswith("none cannot be started: No such file or directory")


def test_bars_of_progress_are_no_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"loading\nValueError: no such field\n\r 10%|# |\r 20%|## |\n")
    assert outside_tool.last_words(log) == "ValueError: no such field"
    log.write_bytes(b"")
    assert outside_tool.last_words(log) == "it said nothing"


def test_devices_are_told_by_the_environment(tmp_path: Path) -> None:
    variables = {
        device: outside_tool.environment_of(tmp_path, device).get("CUDA_VISIBLE_DEVICES", "all")
        for device in ("cpu", "cuda:1")
    }
    assert variables == {"cpu": "", "cuda:1": "1"}


def test_the_tool_ends_with_the_process_that_waits_for_it(bench: Bench, tmp_path: Path) -> None:
    bench.plan(hangs_on=[8_000])
    script = dedent(
        f"""\
        from source_clips import sound, source
        from mserbench_m5ser.translators.seamless_expressive import (
            SeamlessExpressive, SeamlessExpressiveOptions)
        options = SeamlessExpressiveOptions({str(bench.environment)!r}, {str(bench.gated)!r})
        SeamlessExpressive(options).translate([source(sound(0.5))], "de")
        """
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as waiting:
        assert eventually(lambda: bool(bench.calls))
        waiting.send_signal(signal.SIGKILL)

    (call,) = bench.calls
    assert eventually(lambda: not alive(call["pid"]))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False

    return state != "Z"


def eventually(true: Any) -> bool:
    limit = time.monotonic() + 60
    while not true() and time.monotonic() < limit:
        time.sleep(0.05)

    return bool(true())
