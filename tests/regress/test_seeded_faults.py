"""Deliberately broken copies of our own code: each is caught by what `make regress` runs.

What is fast is tried in each run of the tests, with `logmel` on the packaged sample; what needs a
Whisper or an LLM is marked slow. docs/regression.md lists what catches each.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from seeded import ROOT, Change, Copy, baseline_of, checked

from mserbench import evaluate
from mserbench.checking.baselines import Baseline, Envelope, Store
from mserbench.checking.outcome import Status
from mserbench.errors import DataError
from mserbench.weights.lookup import read_record

TASK = "emodb-sample"
WEIGHTS = {"logmel": "emovo-ravdess", "whisper-linear": "whisper-linear-de-it-el",
           "mser-llm": "mini-real"}  # fmt: skip

EVALUATION = "mserbench/running/evaluation.py"
ANSWERS = "mserbench/running/answers.py"
DATASET = "mserbench/data/dataset.py"
WHISPER = "plugins/mserbench_training/encoders/whisper.py"
LINEAR = "plugins/mserbench_baselines/linear.py"

LABEL_MAP = Change(
    "tasks/mserbench_tasks/source_tasks.py",
    '"N": "neutral", "F": "happy", "T": "sad", "W": "angry", "E": "disgust", "A": "fear",',
    '"N": "neutral", "F": "happy", "T": "sad", "W": "angry", "E": "fear", "A": "disgust",',
)
LABELS_OF_CLIPS = Change(
    DATASET,
    "return [(utterance, label) for utterance, label in pairs if label != DROP]",
    'swap = {"angry": "happy", "happy": "angry"}\n'
    "    return [(u, swap.get(label, label)) for u, label in pairs if label != DROP]",
)
CLIP_LOST = Change(DATASET, "chosen = limited(items, limit)", "chosen = limited(items, limit)[:-1]")
CLIP_LOST_UNSAID = Change(
    DATASET, "partial=bool(problems) or len(chosen) < len(items),", "partial=False,"
)
FLOAT16 = Change(
    ANSWERS, "scores = np.asarray(output)", "scores = np.asarray(output, dtype=np.float16)"
)
SPEAKERS = Change(
    DATASET,
    "numbers.setdefault(speaker, len(numbers))",
    "numbers.setdefault(speaker, max(0, len(numbers) - 1))",
)
RESAMPLER = Change("mserbench/data/audio.py", 'quality="VHQ"', 'quality="LQ"')
REFACTORED = (
    Change(
        EVALUATION,
        "label = best_label(scores, labels) if scores else read_answer(answer, labels) or \"\"",
        "is_text = not scores\n        spoken = read_answer(answer, labels) or \"\"\n"
        "        label = spoken if is_text else best_label(scores, labels)",
    ),
    Change("mserbench/running/batches.py", "ALIKE = 0.92", "ALIKE = 0.8"),
)  # fmt: skip

PADDING = Change(
    "plugins/mserbench_mser_llm/connector.py",
    "self._kept(mask).long()",
    "torch.ones_like(mask).long()",
)

MELS_OF_LOGMEL = """
import numpy as np, scipy.fft
_plain = scipy.fft.rfft
def _moved(*args, **kwargs):
    spectrum = _plain(*args, **kwargs)
    # Log power moves by up to 1e-3, by another amount in each band.
    ripple = 5e-4 * np.sin(np.arange(spectrum.shape[-1]) / 8)
    return (spectrum * np.exp(ripple)).astype(spectrum.dtype)
scipy.fft.rfft = _moved
"""
MELS_OF_WHISPER = """
import importlib.abc, importlib.util, sys
class _Moved(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "whisper.audio":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            plain = module.log_mel_spectrogram
            module.log_mel_spectrogram = lambda *a, **k: plain(*a, **k) + 1e-3
        spec.loader.exec_module = exec_module
        return spec
sys.meta_path.insert(0, _Moved())
"""


@pytest.fixture(scope="module")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Baseline]:
    """Return what makes the baseline of a model by our code as it stands, once."""
    made: dict[str, Baseline] = {}

    def baseline(model: str) -> Baseline:
        if model not in made:
            committed = Store(ROOT / "leaderboard" / "baselines").all()
            record = next(
                own.record for own in committed
                if (own.record.model.name, own.record.task.name) == (model, TASK)
            )  # fmt: skip
            made[model] = baseline_of(record, tmp_path_factory.mktemp(model))

        return made[model]

    return baseline


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy.made(tmp_path / "code")


def needs(*names: str) -> None:
    for name in names:
        if read_record(name) is None:
            pytest.skip(f"weights {name} are not here: mserbench weights get {name}")


def replayed(copy: Copy, folder: Path, store: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-P", "-m", "mserbench", "baseline", "replay", "--store", str(store)]
    environ = copy.environment(folder / "cache")
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)


# fault: the changes of the source, and how the check ends
FAST = {
    "a label map swapped": ([LABEL_MAP], Status.STALE),
    "labels of clips swapped under the same map": ([LABELS_OF_CLIPS], Status.CLIPS),
    "a clip lost": ([CLIP_LOST], Status.DATA),
    "a clip lost, and not said": ([CLIP_LOST, CLIP_LOST_UNSAID], Status.CLIPS),
    "a float16 cast in scoring": ([FLOAT16], Status.CHANGED),
}


@pytest.mark.parametrize("fault", FAST)
def test_fault_is_caught(
    fault: str, copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    changes, status = FAST[fault]
    baseline = baselines("logmel")
    copy.change(changes)
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.status is status, outcome.sentence
    assert outcome.exit_code != 0


def test_dependency_that_moves_log_mels_is_caught(
    copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    baseline = baselines("logmel")
    copy.starts_with(MELS_OF_LOGMEL)
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.exit_code == 1, outcome.sentence


def test_weights_of_another_training_are_caught(
    copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    baseline = baselines("logmel")
    folder = copy.folder / "plugins/mserbench_baselines/weights/logmel"
    shutil.rmtree(folder / "emovo-ravdess")
    shutil.copytree(folder / "emodb-emovo", folder / "emovo-ravdess")
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.status is Status.STALE, outcome.sentence
    assert "the hash of the weights" in outcome.sentence


def test_weights_that_were_edited_do_not_run(
    copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    baseline = baselines("logmel")
    path = copy.folder / "plugins/mserbench_baselines/weights/logmel/emovo-ravdess/model.json"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    path.write_text(text.replace("1", "2"), encoding="utf-8")

    with pytest.raises(DataError, match="are not the files that their manifest names"):
        copy.run(baseline.record, tmp_path)


def test_merged_speakers_are_caught_by_replay(copy: Copy, tmp_path: Path) -> None:
    copy.change([SPEAKERS])
    done = replayed(copy, tmp_path, ROOT / "leaderboard" / "baselines")

    assert done.returncode == 1
    assert "has other speakers than its task" in done.stdout


def test_another_resampler_is_caught_by_replay(copy: Copy, tmp_path: Path) -> None:
    copy.change([RESAMPLER])
    done = replayed(copy, tmp_path, ROOT / "leaderboard" / "baselines")

    assert done.returncode == 1
    assert "look at the resampler" in done.stdout


def test_replay_of_what_stands_is_green(tmp_path: Path) -> None:
    done = replayed(Copy(ROOT), tmp_path, ROOT / "leaderboard" / "baselines")

    assert (done.returncode, done.stdout[-60:]) == (0, done.stdout[-60:]), done.stdout


def test_harmless_refactoring_passes(
    copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    baseline = baselines("logmel")
    copy.change(REFACTORED)
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.status is Status.SAME, outcome.sentence


def test_other_threads_and_batches_pass(
    tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    baseline = baselines("logmel")
    run = Copy(ROOT).run(
        baseline.record, tmp_path, "--batch-seconds", "5", OMP_NUM_THREADS="3"
    )  # fmt: skip

    assert checked(run, baseline).exit_code == 0


# fault: the model that shows it, and the changes of the source
SLOW = {
    "the wrong Whisper layer": ("whisper-linear", [
        Change(WHISPER, "torch.stack([states[layer] for layer in layers])",
               "torch.stack([states[max(0, layer - 1)] for layer in layers])"),
    ]),
    "clips of a batch attend to one another": ("mser-llm", [
        Change(WHISPER, "hidden = states[number] = _through(block, hidden, lengths)",
               "hidden = states[number] = _through(block, hidden, [sum(lengths)])"),
    ]),
    "the prompt edited": ("mser-llm", [
        Change("plugins/mserbench_mser_llm/scoring.py", "prompt = template.replace(LABELS",
               'prompt = "So: " + template.replace(LABELS'),
    ]),
    "float16 in the connector": ("mser-llm", [
        Change("plugins/mserbench_mser_llm/network.py",
               "outputs: tuple[Tensor, Tensor] = self.connector(batch.frames, batch.mask)",
               "outputs: tuple[Tensor, Tensor] = self.connector(\n"
               "            batch.frames.half().float(), batch.mask)"),
    ]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("pretrained")
@pytest.mark.parametrize("fault", SLOW)
def test_fault_of_a_network_is_caught(
    fault: str, copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    needs("whisper-base", "smollm2-135m-instruct")
    model, changes = SLOW[fault]
    baseline = baselines(model)
    copy.change(changes)
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.exit_code == 1, outcome.sentence


@pytest.mark.slow
def test_dropped_padding_mask_is_caught_by_the_test_of_the_connector(copy: Copy) -> None:
    """No weights that ship hear padded frames, so no run of them could show it."""
    copy.change([PADDING])
    test = "tests/plugins/test_mser_llm_connector.py"
    words = ["-m", "pytest", "-q", "-k", "masked_frames", "-p", "no:cacheprovider", test]
    environ = copy.environment(copy.folder / "cache")
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stdout
    assert "test_masked_frames_are_as_if_they_were_not_there" in done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("pretrained")
@pytest.mark.parametrize("model", ["whisper-linear", "mser-llm"])
def test_package_that_moves_log_mels_is_caught(
    model: str, copy: Copy, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    needs("whisper-base", "smollm2-135m-instruct")
    baseline = baselines(model)
    copy.starts_with(MELS_OF_WHISPER)
    outcome = checked(copy.run(baseline.record, tmp_path), baseline)

    assert outcome.exit_code == 1, outcome.sentence


@pytest.mark.slow
@pytest.mark.usefixtures("pretrained")
@pytest.mark.parametrize("model", ["whisper-linear", "mser-llm"])
def test_network_passes_with_other_threads_and_batches(
    model: str, tmp_path: Path, baselines: Callable[[str], Baseline]
) -> None:
    needs("whisper-base", "smollm2-135m-instruct")
    baseline = baselines(model)
    run = Copy(ROOT).run(
        baseline.record, tmp_path, "--batch-seconds", "10", OMP_NUM_THREADS="3"
    )  # fmt: skip

    assert checked(run, baseline).exit_code == 0


def test_seed_of_a_model_is_an_option_so_another_one_has_no_baseline(tmp_path: Path) -> None:
    plain = evaluate("random", TASK, out=tmp_path / "plain")
    other = evaluate("random", TASK, out=tmp_path / "other", options={"seed": 1})
    baseline = Store(tmp_path / "baselines").add(plain.folder, Envelope(epsilon=2e-5), "first")

    assert checked(other, baseline).status is Status.NO_BASELINE
