"""wav2vec 2.0, HuBERT and WavLM through transformers, from a folder: states of any layers."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import DataError, why
from mserbench_training.encoders.base import check_layers
from mserbench_training.resources.whole import whole_model

CODE = "1"  # raise it whenever frames change
KINDS = ("wav2vec2", "hubert", "wavlm")
MAX_BATCH_SECONDS = 60.0  # of audio in one forward pass, padding included
_EPSILON = 1e-7  # of transformers' feature extractor


class Wav2VecModel(nn.Module):
    """A model of transformers and what its folder says of its input: hidden states by layer.

    Layer 0 is the input of the first transformer block, layer i the output of block i; the last is
    the model's `last_hidden_state`, also for `do_stable_layer_norm`, where transformers' own list
    of hidden states lacks the final norm. The folder must hold safetensors. SpecAugment and layer
    dropping are off, in training too: they would make two passes differ, and the former refuses
    clips below 0.2 s.
    """

    def __init__(self, module: nn.Module, normalise: bool) -> None:
        super().__init__()
        self.module = module
        self.normalise = normalise
        self._inputs = _BlockInputs()
        self._inputs.watch(module)
        config: Any = module.config
        self.config = config

        # With group norm, padding would change every frame of a clip, mask or not: see `groups`.
        self.masks: bool = config.feat_extract_norm == "layer"

    @classmethod
    def from_folder(cls, folder: Path) -> Wav2VecModel:
        """Load the model of a folder, in float32, frozen.

        Raises DataError where it is none of `KINDS` or damaged.
        """
        from transformers import AutoConfig, AutoModel

        subject = f"encoder folder {str(folder)!r}"
        normalise = _do_normalise(folder, subject)
        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            if config.model_type not in KINDS:
                raise DataError(
                    f"{subject} holds a {config.model_type!r}, but one of {', '.join(KINDS)} was "
                    "expected"
                )

            config.apply_spec_augment, config.layerdrop = False, 0.0
            # `masked_spec_embed` is for SpecAugment alone, which is off, and often left out.
            module = whole_model(
                AutoModel, folder, {"masked_spec_embed"}, config=config, dtype=torch.float32
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise DataError(
                f"{subject} cannot be loaded ({why(error)}): give a folder with "
                "config.json and model.safetensors, as transformers' save_pretrained writes it"
            ) from error

        return cls(module.eval().requires_grad_(False), normalise)

    @property
    def dim(self) -> int:
        """Numbers a frame: 768 of base, 1024 of large."""
        return int(self.config.hidden_size)

    @property
    def layers(self) -> int:
        """Transformer blocks + 1."""
        return int(self.config.num_hidden_layers) + 1

    @property
    def shortest(self) -> int:
        """Samples of the shortest clip that gives one frame, 400; shorter ones are padded."""
        # Back through the convolutions, from one frame to the samples that it needs.
        n = 1
        for kernel, stride in reversed(
            list(zip(self.config.conv_kernel, self.config.conv_stride, strict=True))
        ):
            n = (n - 1) * stride + kernel

        return n

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a clip of `n_samples` gives."""
        n = max(n_samples, self.shortest)
        for kernel, stride in zip(self.config.conv_kernel, self.config.conv_stride, strict=True):
            n = (n - kernel) // stride + 1

        return n

    def input(self, waveform: NDArray[np.float32]) -> Tensor:
        """Return what the model hears of a waveform: float32, (n_samples,), maybe normalised."""
        if self.normalise:
            waveform = (waveform - waveform.mean()) / np.sqrt(waveform.var() + _EPSILON)
        return torch.from_numpy(np.pad(waveform, (0, max(0, self.shortest - len(waveform)))))

    def groups(
        self, lengths: Sequence[int], max_seconds: float = MAX_BATCH_SECONDS
    ) -> list[list[int]]:
        """Return which clips may stand in one forward pass, as positions; `lengths` in samples.

        Models with `feat_extract_norm` "group" normalise over time, padding included, mask or not:
        only clips of equal length go together. The others take a mask, so clips of like length do.
        """
        # The longest first: the first of a group then says how long all of it is padded to.
        together: dict[int, list[int]] = defaultdict(list)
        for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
            together[0 if self.masks else lengths[i]].append(i)

        groups = []
        for members in together.values():
            most = max(1, int(max_seconds * SAMPLE_RATE / max(1, lengths[members[0]])))
            groups += [members[start : start + most] for start in range(0, len(members), most)]

        return groups

    def forward(self, inputs: Sequence[Tensor], layers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return hidden states, (n_clips, n_layers, n_frames, dim), and the mask of true frames.

        `inputs` are those of one of `groups`, each float32, (n_samples,), on the device of the
        model. The mask: bool, (n_clips, n_frames).
        """
        lengths = torch.tensor([len(clip) for clip in inputs], device=inputs[0].device)
        padded = nn.utils.rnn.pad_sequence(list(inputs), batch_first=True)
        if not self.masks and len(set(map(len, inputs))) > 1:
            raise ValueError(
                "clips of a model with group norm must be of equal length: form batches by groups()"
            )

        mask = (
            (torch.arange(padded.shape[1], device=padded.device) < lengths[:, None]).long()
            if self.masks
            else None
        )
        with self._inputs.keeping(layers) as states:
            # The pass ends early unless the last layer is asked for; that has no hook of its own.
            with suppress(_Enough):
                states[self.layers - 1] = self.module(padded, attention_mask=mask).last_hidden_state

            hidden = torch.stack([states[layer] for layer in layers], dim=1)

        counts = torch.tensor([self.n_frames(len(clip)) for clip in inputs], device=padded.device)
        return hidden, torch.arange(hidden.shape[2], device=padded.device) < counts[:, None]


class _Enough(Exception):
    """Ends a forward pass before the first block that nobody asked for."""


class _BlockInputs(threading.local):
    """Keeps the inputs of blocks while a thread's forward pass runs: those of block i are layer i.

    Where the last layer that is wanted is the input of a block, the pass ends there. Threads may
    pass clips through one model at once, so each has a store of its own. The hooks are set when the
    model is made, before any that change a block's input: what is kept is the output of the block
    before.
    """

    def __init__(self) -> None:
        self.wanted: frozenset[int] = frozenset()
        self.kept: dict[int, Tensor] = {}

    def watch(self, module: nn.Module) -> None:
        """Set the hooks on the blocks of a model."""
        blocks: Any = module.encoder.layers  # type: ignore[union-attr]
        for layer, block in enumerate(blocks):
            block.register_forward_pre_hook(partial(self._keep, layer), with_kwargs=True)

    # transformers passes the states by position or by name, as its version and the model have it.
    def _keep(
        self, layer: int, _: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        if layer in self.wanted:
            self.kept[layer] = arguments[0] if arguments else named["hidden_states"]
            if layer == max(self.wanted):
                raise _Enough

    @contextmanager
    def keeping(self, layers: Sequence[int]) -> Iterator[dict[int, Tensor]]:
        """Give the store that a forward pass of this thread fills."""
        self.wanted, self.kept = frozenset(layers), {}
        try:
            yield self.kept
        finally:
            self.wanted, self.kept = frozenset(), {}


class Wav2VecEncoder:
    """The frozen model as an encoder: the same frames for a clip, alone and beside others."""

    def __init__(self, model: Wav2VecModel, name: str, device: str = "cpu") -> None:
        self._model = model.eval().requires_grad_(False).to(device)
        self._device = device
        self.name = name
        self.version = f"{CODE}+{fingerprint(model)[:16]}"
        self.dim = model.dim
        self.layers = model.layers
        self.frame_seconds = float(np.prod(model.config.conv_stride)) / SAMPLE_RATE

    @classmethod
    def from_folder(cls, folder: Path, name: str, device: str = "cpu") -> Wav2VecEncoder:
        """Load the encoder from a folder that `save_pretrained` wrote; DataError for any other."""
        return cls(Wav2VecModel.from_folder(folder), name, device)

    @torch.no_grad()
    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32, (n_layers, n_frames, dim), for each waveform.

        `waveforms`: float32, (n_samples,), 16 kHz. Raises UsageError for layers that do not exist.
        """
        check_layers(self.name, layers, self.layers)
        inputs = [self._model.input(waveform).to(self._device) for waveform in waveforms]
        frames: dict[int, NDArray[np.float32]] = {}

        for group in self._model.groups([len(clip) for clip in inputs]):
            hidden, mask = self._model([inputs[i] for i in group], layers)
            counts = mask.sum(dim=1).tolist()
            frames |= {
                i: hidden[at, :, : counts[at]].float().cpu().numpy() for at, i in enumerate(group)
            }

        return [frames[i] for i in range(len(waveforms))]


def fingerprint(model: Wav2VecModel) -> str:
    """SHA-256 (hex) of a model's weights and of how its input is normalised."""
    # Two checkpoints may share their weights and differ in how they want their input.
    digest = hashlib.sha256(f"{model.config.model_type} {model.normalise}".encode())
    for name, tensor in sorted(model.module.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).data)

    return digest.hexdigest()


def _do_normalise(folder: Path, subject: str) -> bool:
    """Read `do_normalize`: checkpoints of one family differ in it, so it is never assumed."""
    path = folder / "preprocessor_config.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        rate, normalise = record.get("sampling_rate", SAMPLE_RATE), record["do_normalize"]
    except FileNotFoundError:
        raise DataError(
            f"{subject} holds no {path.name}, which says whether to normalise: "
            "add it from its source"
        ) from None
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise DataError(
            f"{str(path)!r} says nothing of do_normalize ({why(error)}): get it from its source"
        ) from error

    if rate != SAMPLE_RATE or not isinstance(normalise, bool):
        raise DataError(
            f"{str(path)!r}: sampling_rate {rate} and do_normalize {normalise!r}, but 16000 and "
            "true or false were expected: give another encoder"
        )

    return normalise
