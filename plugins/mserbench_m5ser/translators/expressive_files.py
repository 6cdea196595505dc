"""What is exchanged with `expressivity_evaluate`: its command line, the TSV and wav files it reads,
and those it writes.

Source: facebookresearch/seamless_communication, cli/expressivity/evaluate. Its README is wrong
twice: the column is `src_audio`, not `audio`, and `--task s2st` is not taken.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.disk import outside
from mserbench_m5ser.translators.codes import SEAMLESS

TOOL = "expressivity_evaluate"
WEIGHTS = (
    "m2m_expressive_unity.pt",
    "pretssel_melhifigan_wm.pt",
    "pretssel_melhifigan_wm-16khz.pt",
)
"""Files of the gated weights, as the tool looks for them by name."""

DURATION = {"de": 1.1, "es": 1.0, "fr": 1.2, "it": 1.0, "zh": 1.0}
"""Factor on the length of speech by language, as its authors evaluated it."""

_DATA = "clips"  # the name of the TSV, which the names of what is written hold
_AUDIO = "src_audio"
_MARKS = str.maketrans("", "", "*=")  # emphasis and pauses, not part of the words


def write_clips(
    folder: Path, names: Sequence[str], waveforms: Sequence[NDArray[np.float32]]
) -> None:
    """Write wav files of 16 kHz, which the tool does not resample, and the TSV that lists them."""
    for name, waveform in zip(names, waveforms, strict=True):
        soundfile.write(folder / f"{name}.wav", waveform, SAMPLE_RATE, subtype="PCM_16")

    rows = [f"{name}\t{folder / name}.wav" for name in names]
    lines = "\n".join([f"id\t{_AUDIO}", *rows])
    (folder / f"{_DATA}.tsv").write_text(lines + "\n", encoding="utf-8")


def command(program: Path, folder: Path, language: str, gated: Path, batch_size: int) -> list[str]:
    """Return the command that translates the clips of a folder into a language.

    The task is fixed in the tool and must not be given. Without reference texts there is no
    `--ref_field`. Both names must be given, as the defaults are those of SeamlessM4T.
    """
    return [
        str(program), str(folder / f"{_DATA}.tsv"),
        "--tgt_lang", SEAMLESS[language],
        "--output_path", str(folder / "out"),
        "--model_name", "seamless_expressivity",
        "--vocoder_name", "vocoder_pretssel_16khz",
        "--gated-model-dir", str(gated),
        "--audio_root_dir", "",
        "--audio_field", _AUDIO,
        "--batch_size", str(batch_size),
        "--duration_factor", str(DURATION[language]),
        "--output_result_tsv", "True",
    ]  # fmt: skip


def read_speech(folder: Path, names: Sequence[str]) -> dict[str, tuple[NDArray[np.float32], int]]:
    """Return samples and rate of what was spoken, by name; a file that is not whole is none."""
    waveforms = folder / "out" / _DATA / "waveform"
    speech = {}
    for name in names:
        path = waveforms / f"{name}_pred.wav"
        if not _is_whole(path):
            continue

        try:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            # As good as not written.
            continue

        speech[name] = (np.ascontiguousarray(samples[:, 0]), int(rate))

    return speech


def read_texts(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the words of what was spoken, by name; none where the tool did not come to that.

    The result table is written last. Before it there are lines, one for each clip that was
    written, in order; the last of them may be missing.
    """
    out = folder / "out" / _DATA
    try:
        table = outside.read(out / f"generate-{_DATA}.tsv", outside.TABLE).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return _texts_by_order(out, names)

    reader = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {
        str(row["id"]): words_of(row["s2t_out"]) for row in reader if row.get("s2t_out") is not None
    }


def words_of(text: str) -> str:
    """Return a text without the marks of prosody."""
    return " ".join(text.translate(_MARKS).split())


def _texts_by_order(out: Path, names: Sequence[str]) -> dict[str, str]:
    try:
        data = outside.read(out / f"text_output-{_DATA}.txt", outside.TABLE)
    except OSError:
        return {}

    # What follows the last line end was cut where the tool ended.
    lines = data.decode("utf-8", "replace").split("\n")[:-1]
    written = [name for name in names if (out / "waveform" / f"{name}_pred.wav").is_file()]

    return {name: words_of(line) for name, line in zip(written, lines, strict=False)}


def _is_whole(wav: Path) -> bool:
    """Say whether a file has the length that its header tells: a tool may end while it writes."""
    try:
        with wav.open("rb") as file:
            mark, length = struct.unpack("<4sI", file.read(8))
    except (OSError, struct.error):
        return False

    return bool(mark == b"RIFF" and wav.stat().st_size >= length + 8)
