"""Clips through a checkpoint: windows, resampling, batches that change no score, probabilities."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import soxr
import torch
import transformers
from numpy.typing import NDArray

from mserbench.errors import DataError, MserbenchError, UsageError, plain, words
from mserbench.plugins import misfits
from mserbench_hf.checkpoint import Checkpoint

RATE = 16_000  # of clips, samples a second
SHORTEST = 0.1  # seconds: what is shorter gets silence behind it, as convolutions need some frames

# Their attention, pooling and frames leave padding out, so that a padded batch changes no score:
# tests hold each to that. The convolutions of data2vec and of the conformer hear padding, and group
# normalisation in the first convolution is over time: those go in batches of equal length.
_MASKED = frozenset(["wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat"])
# Their extractors give every clip the same length.
_FIXED = frozenset(["whisper", "audio-spectrogram-transformer"])

# Clips of a forward pass. One on a CPU: eight of unlike lengths took three times the processor time
# of the same eight alone (tests/benchmarks/bench_hf.py).
_MOST_CPU, _MOST_GPU = 1, 64


@dataclass(frozen=True)
class Hearing:
    """A checkpoint that is loaded, and how clips are given to it.

    `longest`: seconds of a window, or infinite; `most`: clips of a forward pass.
    """

    network: Any
    extractor: Any
    kind: str
    longest: float
    most: int
    device: str
    dtype: torch.dtype

    @classmethod
    def of(cls, checkpoint: Checkpoint, window: float | None, precision: str, device: str) -> Self:
        """Load a checkpoint, never running code of it. Raises DataError where it is damaged or its
        head is not that of its class.
        """
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"

        dtype = getattr(torch, precision)
        network = _network(checkpoint, dtype).to(device).eval()
        extractor = _extractor(checkpoint)
        kind = str(network.config.model_type)
        # Sums of lower precision are rounded in ways that change with the clips beside.
        alone = dtype != torch.float32
        most = 1 if alone else _MOST_CPU if device == "cpu" else _MOST_GPU
        longest = math.inf if window is None else min(window, _hears_at_once(kind, extractor))

        return cls(network, extractor, kind, longest, most, device, dtype)

    def probabilities(self, waveforms: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Return the probabilities of the checkpoint's labels: float64, (n_clips, n_labels).

        `waveforms`: float32, (n_samples,), 16 kHz mono, in [-1, 1], of any length. Logits of a
        clip's windows are averaged first. Each row depends on its clip alone.
        """
        cut = [self._windows(self._resampled(waveform)) for waveform in waveforms]
        windows = [window for parts in cut for window in parts]
        logits = np.empty((len(windows), self.network.config.num_labels))
        for group in self._groups([len(window) for window in windows]):
            logits[group] = self._forward([windows[i] for i in group])

        ends = np.cumsum([len(parts) for parts in cut])
        means = [part.mean(axis=0) for part in np.split(logits, ends[:-1])]
        return _shares(np.array(means), self.network.config.problem_type)

    def _resampled(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        rate = self.extractor.sampling_rate
        heard = waveform if rate == RATE else soxr.resample(waveform, RATE, rate)
        lacking = round(SHORTEST * rate) - len(heard)
        return np.pad(heard, (0, lacking)) if lacking > 0 else heard

    def _windows(self, waveform: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Cut a waveform into equal parts, none longer than a window."""
        seconds = len(waveform) / self.extractor.sampling_rate
        n = max(1, math.ceil(seconds / self.longest))
        return np.array_split(waveform, n)

    def _groups(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield which windows go through the network together."""
        order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
        group: list[int] = []
        for i in order:
            fits = group and (self._may_pad or lengths[i] == lengths[group[0]])
            if group and (not fits or len(group) == self.most):
                yield group
                group = []

            group.append(i)

        if group:
            yield group

    @property
    def _may_pad(self) -> bool:
        """Whether clips of different lengths may stand in one batch."""
        if self.kind in _FIXED:
            return True
        # wav2vec 2.0 base: statistics over time, padding included.
        return self.kind in _MASKED and self.network.config.feat_extract_norm != "group"

    @torch.inference_mode()
    def _forward(self, windows: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Return the logits of windows: (n, n_labels)."""
        settings: dict[str, Any] = {
            "sampling_rate": self.extractor.sampling_rate,
            "return_tensors": "pt",
        }
        if self.kind not in _FIXED and len({len(window) for window in windows}) > 1:
            # Also where the extractor leaves it out for a clip alone: here there is padding.
            settings |= {"padding": True, "return_attention_mask": True}

        inputs = self.extractor([np.asarray(window) for window in windows], **settings)
        moved = {
            name: value.to(self.device, self.dtype if value.is_floating_point() else None)
            for name, value in inputs.items()
        }
        with warnings.catch_warnings():  # of torch, on how the library calls it
            warnings.simplefilter("ignore")
            logits = self.network(**moved).logits

        return np.asarray(logits.float().cpu().numpy(), dtype=np.float64)


def _shares(logits: NDArray[np.float64], problem: str | None) -> NDArray[np.float64]:
    """Return probabilities as the pipeline makes them of logits."""
    if problem == "multi_label_classification":
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))

    above = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(above / above.sum(axis=1, keepdims=True))


def _hears_at_once(kind: str, extractor: Any) -> float:
    """Return the seconds after which an extractor cuts a clip off."""
    if kind == "whisper":
        return float(extractor.chunk_length)
    if kind == "audio-spectrogram-transformer":
        # Frames of its log-mels, 10 ms apart.
        return float(extractor.max_length) / 100
    return math.inf


def _network(checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    try:
        with quiet():
            network, report = transformers.AutoModelForAudioClassification.from_pretrained(
                checkpoint.folder,
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except MserbenchError:
        raise
    except Exception as error:  # of whatever the library and those below it raise
        misfits.refuse(error)
        raise DataError(
            f"checkpoint {checkpoint.name!r} cannot be opened by transformers "
            f"{transformers.__version__} ({words(error, 200)}): save it again, or install the "
            f"version that its 'transformers_version' names"
        ) from error

    absent = sorted(report["missing_keys"]) + sorted(map(str, report["mismatched_keys"]))
    if absent:
        surplus = ", ".join(sorted(report["unexpected_keys"])[:3])
        raise UsageError(
            f"checkpoint {checkpoint.name!r} lacks {len(absent)} weights of "
            f"{type(network).__name__}, such as {plain(absent[0], 80)!r}"
            f"{f', and has others ({plain(surplus, 120)})' if surplus else ''}: transformers would "
            f"take random ones, so its answers would mean nothing; it was saved by another class, "
            f"which a worker can bring (--model worker:COMMAND)"
        )

    return network


def _extractor(checkpoint: Checkpoint) -> Any:
    try:
        with quiet():
            kind: Any = transformers.AutoFeatureExtractor  # its functions have no types
            return kind.from_pretrained(
                checkpoint.folder, trust_remote_code=False, local_files_only=True
            )
    except Exception as error:  # as above
        misfits.refuse(error)
        raise DataError(
            f"checkpoint {checkpoint.name!r}: its feature extractor cannot be opened "
            f"({words(error, 200)}): save it again"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and bars of the library off stderr: a fault is said once, as an error."""
    log: Any = transformers.utils.logging  # its functions have no types
    verbosity, has_bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()

    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if has_bars:
            log.enable_progress_bar()
