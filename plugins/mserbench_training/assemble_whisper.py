"""Whisper weights of any published form, brought to openai-whisper's names: `model.safetensors` and
`dims.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench_training import ctranslate2_file

MODEL, DIMS = "model.safetensors", "dims.json"
_HEAD = 64  # width of an attention head in every published size (Radford et al., 2022, Table 1)

Tensors = dict[str, NDArray[np.generic]]


def assemble(found: Path, out: Path) -> None:
    """Write `model.safetensors` and `dims.json` (whisper's ModelDimensions) from what a source
    gave.

    `found` holds either these two files, or a Hugging Face folder (`config.json`,
    `model.safetensors`), or CTranslate2's `model.bin`. Tensors are float16, as published, where
    that changes no value. Raises DataError for anything else, and where a tensor is missing, is one
    too many or has another shape than the sizes say.
    """
    if (found / DIMS).is_file():
        tensors = _safetensors(found / MODEL)
    elif (found / MODEL).is_file():
        tensors = from_transformers(_safetensors(found / MODEL))
    elif (found / "model.bin").is_file():
        tensors = from_ctranslate2(ctranslate2_file.read(found / "model.bin", "WhisperSpec"))
    else:
        raise DataError(
            f"{found.name!r} holds no Whisper weights: expected {MODEL!r} with 'dims.json' or "
            "'config.json', or CTranslate2's 'model.bin'"
        )

    dims = dimensions(tensors)
    _check(tensors, dims)
    import safetensors.numpy

    half = {name: _as_half(tensor) for name, tensor in sorted(tensors.items())}
    safetensors.numpy.save_file(half, out / MODEL)
    (out / DIMS).write_text(json.dumps(dims, indent=1) + "\n", encoding="utf-8")


def _safetensors(path: Path) -> Tensors:
    import safetensors
    import safetensors.numpy

    try:
        return dict(safetensors.numpy.load_file(path))
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path.name!r} cannot be read as safetensors ({error}): get it again"
        ) from error


def _as_half(tensor: NDArray[np.generic]) -> NDArray[np.generic]:
    with np.errstate(over="ignore"):
        half = tensor.astype(np.float16)

    same = np.array_equal(half.astype(tensor.dtype), tensor)
    return np.ascontiguousarray(half if same else tensor)


# Names of Hugging Face

_Change = str | Callable[[re.Match[str]], str]
_TRANSFORMERS: list[tuple[str, _Change]] = [
    (r"model\.", ""),
    (r"(encoder|decoder)\.layers\.", r"\1.blocks."),
    (r"\.self_attn\.", ".attn."),
    (r"\.encoder_attn\.", ".cross_attn."),
    (r"\.(q|k|v)_proj\.", lambda found: {"q": ".query.", "k": ".key.", "v": ".value."}[found[1]]),
    (r"\.out_proj\.", ".out."),
    (r"\.self_attn_layer_norm\.", ".attn_ln."),
    (r"\.encoder_attn_layer_norm\.", ".cross_attn_ln."),
    (r"\.final_layer_norm\.", ".mlp_ln."),
    (r"\.fc1\.", ".mlp.0."),
    (r"\.fc2\.", ".mlp.2."),
    (r"encoder\.layer_norm\.", "encoder.ln_post."),
    (r"decoder\.layer_norm\.", "decoder.ln."),
    (r"\.embed_positions\.weight", ".positional_embedding"),
    (r"\.embed_tokens\.", ".token_embedding."),
]  # fmt: skip


def from_transformers(tensors: Mapping[str, NDArray[np.generic]]) -> Tensors:
    """Return the tensors of a `WhisperForConditionalGeneration` under openai-whisper's names."""
    # tied
    return {_renamed(name): tensor for name, tensor in tensors.items() if name != "proj_out.weight"}


def _renamed(name: str) -> str:
    for pattern, change in _TRANSFORMERS:
        name = re.sub(pattern, change, name)
    return name


# Names of CTranslate2

_NORM = {"gamma": "weight", "beta": "bias"}
_WHOLE = {
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
}
_NORMS = {"self_attention": "attn_ln", "attention": "cross_attn_ln", "ffn": "mlp_ln"}
# one linear layer of CTranslate2 holds one or several of whisper, stacked on the first axis
_LINEARS = {
    ("self_attention", "0"): ("attn.query", "attn.key", "attn.value"),
    ("self_attention", "1"): ("attn.out",),
    ("attention", "0"): ("cross_attn.query",),
    ("attention", "1"): ("cross_attn.key", "cross_attn.value"),
    ("attention", "2"): ("cross_attn.out",),
    ("ffn", "0"): ("mlp.0",),
    ("ffn", "1"): ("mlp.2",),
}
_LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/(\w+)/(layer_norm|linear_(\d))/(\w+)")
_TOP = re.compile(r"(encoder|decoder)/(conv1|conv2|layer_norm)/(\w+)")


def from_ctranslate2(variables: Mapping[str, NDArray[np.generic]]) -> Tensors:
    """Return the variables of a CTranslate2 Whisper under openai-whisper's names; settings are left
    out.

    Raises DataError for a variable with no place in whisper, and a bias of a key, which whisper
    does not have.
    """
    tensors: Tensors = {}
    for name, value in variables.items():
        if value.ndim:
            tensors |= _placed(name, value)

    return tensors


def _placed(name: str, value: NDArray[np.generic]) -> Tensors:
    if name in _WHOLE:
        return {_WHOLE[name]: value}
    if top := _TOP.fullmatch(name):
        side, what, kind = top.groups()
        what = {"encoder": "ln_post", "decoder": "ln"}[side] if what == "layer_norm" else what
        return {f"{side}.{what}.{_NORM.get(kind, kind)}": value}

    layer = _LAYER.fullmatch(name)
    if not layer or (layer[3], layer[5] or "0") not in _LINEARS:
        raise DataError(
            f"variable {name!r} has no place in Whisper: expected a CTranslate2 file of a "
            f"Whisper model"
        )

    side, number, block, what, linear, kind = layer.groups()
    if what == "layer_norm":
        return {f"{side}.blocks.{number}.{_NORMS[block]}.{_NORM[kind]}": value}

    return _unstacked(f"{side}.blocks.{number}", _LINEARS[block, linear], kind, value)


def _unstacked(
    prefix: str, parts: tuple[str, ...], kind: str, value: NDArray[np.generic]
) -> Tensors:
    if value.shape[0] % len(parts):
        raise DataError(
            f"'{prefix}' stacks {len(parts)} layers in {value.shape[0]} rows: get the file again"
        )

    found = {
        f"{prefix}.{part}.{kind}": rows
        for part, rows in zip(parts, np.split(value, len(parts)), strict=True)
    }
    for name in [name for name in found if name.endswith(".key.bias")]:
        if found.pop(name).any():
            raise DataError(
                f"{name!r} is not zero, but Whisper's keys have no bias: expected a Whisper model"
            )

    return found


# What a whole Whisper holds


def dimensions(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, int]:
    """Return whisper's ModelDimensions, read off the shapes of tensors. Raises DataError where one
    is missing.
    """
    try:
        audio, text = (
            tensors["encoder.positional_embedding"],
            tensors["decoder.positional_embedding"],
        )
        mels, vocabulary = (
            tensors["encoder.conv1.weight"].shape[1],
            tensors["decoder.token_embedding.weight"].shape[0],
        )
    except (KeyError, IndexError) as error:
        raise DataError(
            f"tensor {error} of Whisper is missing or has another shape: get the weights again"
        ) from error

    return {
        "n_mels": mels,
        "n_audio_ctx": audio.shape[0],
        "n_audio_state": audio.shape[1],
        "n_audio_head": audio.shape[1] // _HEAD,
        "n_audio_layer": _layers(tensors, "encoder"),
        "n_vocab": vocabulary,
        "n_text_ctx": text.shape[0],
        "n_text_state": text.shape[1],
        "n_text_head": text.shape[1] // _HEAD,
        "n_text_layer": _layers(tensors, "decoder"),
    }


def _layers(tensors: Mapping[str, NDArray[np.generic]], side: str) -> int:
    return len({name.split(".")[2] for name in tensors if name.startswith(f"{side}.blocks.")})


def _check(tensors: Mapping[str, NDArray[np.generic]], dims: Mapping[str, int]) -> None:
    expected = shapes(dims)
    missing, extra = (
        sorted(expected.keys() - tensors.keys()),
        sorted(tensors.keys() - expected.keys()),
    )
    if missing or extra:
        raise DataError(
            f"{len(tensors)} tensors of Whisper came, but {len(expected)} were expected: "
            f"{len(missing)} missing{_first(missing)}, {len(extra)} unknown{_first(extra)}"
        )

    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise DataError(
                f"tensor {name!r} has shape {tensors[name].shape}, but {shape} was expected"
            )


def _first(names: list[str]) -> str:
    return f" ({names[0]!r} first)" if names else ""


def shapes(dims: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every tensor of a Whisper of these dimensions."""
    found: dict[str, tuple[int, ...]] = {}
    audio, text = dims["n_audio_state"], dims["n_text_state"]
    found |= {
        "encoder.conv1.weight": (audio, dims["n_mels"], 3),
        "encoder.conv2.weight": (audio, audio, 3),
    }
    found |= {f"encoder.{conv}.bias": (audio,) for conv in ("conv1", "conv2")}
    found |= {"encoder.positional_embedding": (dims["n_audio_ctx"], audio)} | _norm(
        "encoder.ln_post", audio
    )
    found |= {"decoder.positional_embedding": (dims["n_text_ctx"], text)} | _norm(
        "decoder.ln", text
    )
    found["decoder.token_embedding.weight"] = (dims["n_vocab"], text)

    for number in range(dims["n_audio_layer"]):
        found |= _block(f"encoder.blocks.{number}", audio, ("attn",))

    for number in range(dims["n_text_layer"]):
        found |= _block(f"decoder.blocks.{number}", text, ("attn", "cross_attn"))

    return found


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _block(name: str, size: int, attentions: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = _norm(f"{name}.mlp_ln", size)
    found |= {f"{name}.mlp.0.weight": (4 * size, size), f"{name}.mlp.0.bias": (4 * size,)}
    found |= {f"{name}.mlp.2.weight": (size, 4 * size), f"{name}.mlp.2.bias": (size,)}

    for attention in attentions:
        found |= _norm(f"{name}.{attention}_ln", size)
        found |= {
            f"{name}.{attention}.{part}.weight": (size, size)
            for part in ("query", "key", "value", "out")
        }
        found |= {f"{name}.{attention}.{part}.bias": (size,) for part in ("query", "value", "out")}

    return found
