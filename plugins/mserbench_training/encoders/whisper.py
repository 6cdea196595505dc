"""The frozen encoder of openai-whisper, of any size: frames of any layers of whole clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from numpy.typing import NDArray
from torch import Tensor, nn
from whisper.audio import (
    HOP_LENGTH,
    N_FFT,
    N_SAMPLES,
    SAMPLE_RATE,
    log_mel_spectrogram,
    pad_or_trim,
)
from whisper.model import AudioEncoder, ResidualAttentionBlock

from mserbench_training.encoders.base import Precision, Span, check_layers
from mserbench_training.encoders.whisper_model import load

CODE = "1"  # raise it whenever frames change
STRIDE = 2 * HOP_LENGTH  # samples a frame: the second convolution halves the rate of the log-mels


class WhisperEncoder:
    """Frames of a Whisper encoder; layer i is the output of block i, the last that of `ln_post`.

    `length`: "padded" hears each clip as Whisper was trained, with silence up to 30 s, and gives
    the frames of the clip alone; "whole" hears the same and gives the frames of the silence too;
    "trimmed" hears the clip alone, which is many times faster. Longer clips are heard in windows of
    30 s. The log-mels are whisper's own; frames of padded clips equal those of
    `whisper.model.AudioEncoder`. In `precision` "bfloat16" the weights take half the memory, and
    log-mels and norms are float32 still, as in whisper's own float16.
    """

    def __init__(
        self,
        module: AudioEncoder,
        name: str,
        length: Span = "trimmed",
        device: str = "cpu",
        precision: Precision = "float32",
    ) -> None:
        # The fingerprint first: of the weights as they were published, before they are cast.
        self.version = f"{CODE}+{fingerprint(module)[:16]}"
        self._dtype: torch.dtype = getattr(torch, precision)
        self._module = _in(self._dtype, module.eval().requires_grad_(False)).to(device)
        self._device = device
        self._length = length
        self.name = f"{name}-{length}{'' if precision == 'float32' else f'-{precision}'}"

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        name: str,
        length: Span = "trimmed",
        device: str = "cpu",
        precision: Precision = "float32",
    ) -> WhisperEncoder:
        """Load the encoder from a folder that `whisper_model.load` can read."""
        return cls(load(folder, encoder_only=True), name, length, device, precision)

    @property
    def dim(self) -> int:
        """Numbers a frame: 512 of base."""
        return int(self._module.positional_embedding.shape[1])

    @property
    def layers(self) -> int:
        """The blocks, and the normalised output of the last one."""
        return len(self._module.blocks) + 1  # type: ignore[arg-type]

    @property
    def frame_seconds(self) -> float:
        """20 ms."""
        return STRIDE / SAMPLE_RATE

    @torch.no_grad()
    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32, (n_layers, n_frames, dim), for each waveform.

        `waveforms`: float32, (n_samples,), 16 kHz mono, in [-1, 1], of any length. A clip has one
        frame for each 20 ms begun, at least one, and 1,500 a window where it is heard "whole".
        Blocks above the highest layer are not computed.
        Raises UsageError for layers that do not exist.
        """
        check_layers(self.name, layers, self.layers)
        windows = [window for waveform in waveforms for window in _windows(waveform)]
        mels = [self._log_mel(window) for window in windows]

        # In lower precision the sums of a product are rounded in ways that change with the shape of
        # the matrix, so with the clips beside: each clip is then heard alone.
        parts = [mels] if self._dtype == torch.float32 else [[mel] for mel in mels]
        whole = [encoded for part in parts for encoded in self._encode(part, layers)]
        heard = iter(zip(windows, whole, strict=True))
        frames = []

        for waveform in waveforms:
            pieces = [next(heard) for _ in _windows(waveform)]
            taken = [encoded[:, : self._n_taken(len(window))] for window, encoded in pieces]
            frames.append(torch.cat(taken, dim=1).float().cpu().numpy())

        return frames

    def _n_taken(self, n_samples: int) -> int:
        """Return how many frames of a window of so many samples are given."""
        return n_frames(N_SAMPLES if self._length == "whole" else n_samples)

    def _log_mel(self, window: NDArray[np.float32]) -> Tensor:
        """Return whisper's log-mels of one window: (n_mels, n_mel_frames), 3000 if padded."""
        bands = self._module.conv1.in_channels
        # A copy: the window may be a view that cannot be written, which torch warns of.
        samples = torch.from_numpy(np.array(window, dtype=np.float32)).to(self._device)
        if self._length != "trimmed":
            return log_mel_spectrogram(pad_or_trim(samples), bands)

        # Up to whole frames, and at least one window of the Fourier transform.
        whole = STRIDE * n_frames(len(window))
        return log_mel_spectrogram(F.pad(samples, (0, max(N_FFT, whole) - len(window))), bands)

    def _encode(self, mels: Sequence[Tensor], layers: Sequence[int]) -> tuple[Tensor, ...]:
        """Return (n_layers, n_frames, dim) for each log-mel.

        All frames of all clips pass the linear maps as one matrix, which is what makes it fast.
        """
        embedded = [self._embed(mel) for mel in mels]
        lengths = [len(frames) for frames in embedded]
        hidden, states = torch.cat(embedded), {}
        last = self.layers - 1

        for number, block in enumerate(self._module.blocks):  # type: ignore[arg-type]
            if number > max(layers):
                break

            hidden = states[number] = _through(block, hidden, lengths)

        if last in layers:
            states[last] = self._module.ln_post(hidden)

        return torch.stack([states[layer] for layer in layers]).split(lengths, dim=1)

    def _embed(self, mel: Tensor) -> Tensor:
        """Return the input of the first block: (n_frames, dim)."""
        hidden = F.gelu(self._module.conv1(mel[None].to(self._dtype)))
        hidden = F.gelu(self._module.conv2(hidden))[0].T
        return (hidden + self._module.positional_embedding[: len(hidden)]).to(self._dtype)


def _in(dtype: torch.dtype, module: AudioEncoder) -> AudioEncoder:
    """Cast the weights of the linear maps alone: whisper's norms compute in float32 always."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv1d):
            part.to(dtype)

    return module


def n_frames(n_samples: int) -> int:
    """Return how many frames a window has: one for each 20 ms begun."""
    return max(1, -(-n_samples // STRIDE))


def fingerprint(module: AudioEncoder) -> str:
    """SHA-256 (hex) of an encoder's weights as float16, as published: the same from any format."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy().astype("<f2")).data)

    return digest.hexdigest()


def _windows(waveform: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Cut a waveform into pieces of 30 s, the last one shorter."""
    return [
        waveform[start : start + N_SAMPLES] for start in range(0, max(1, len(waveform)), N_SAMPLES)
    ]


def _through(block: ResidualAttentionBlock, hidden: Tensor, lengths: Sequence[int]) -> Tensor:
    """Pass frames of several clips, (sum of lengths, dim), through a block; each attends to itself.

    Equal to `block(x)` for each clip by itself: nothing is padded, so nothing need be masked.
    """
    attention = block.attn
    normed = block.attn_ln(hidden)
    parts = [
        projected.split(list(lengths))
        for projected in (attention.query(normed), attention.key(normed), attention.value(normed))
    ]
    clips = zip(parts[0], parts[1], parts[2], strict=True)
    heard = torch.cat([_attend(query, key, value, attention.n_head) for query, key, value in clips])
    hidden = hidden + attention.out(heard)

    return hidden + block.mlp(block.mlp_ln(hidden))


def _attend(query: Tensor, key: Tensor, value: Tensor, n_head: int) -> Tensor:
    """Return what the frames of one clip draw from one another: (n_frames, dim)."""
    # (n_frames, dim) -> (1, n_head, n_frames, dim / n_head), as torch's attention wants it.
    split = [
        projected.view(1, len(projected), n_head, -1).transpose(1, 2)
        for projected in (query, key, value)
    ]
    return (
        F.scaled_dot_product_attention(split[0], split[1], split[2])[0].transpose(0, 1).flatten(1)
    )
