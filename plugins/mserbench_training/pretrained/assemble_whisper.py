"""Whisper weights of any published form, brought to one file under openai-whisper's names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError, why
from mserbench_training.pretrained import ctranslate2_file

MODEL, DIMS = "model.safetensors", "dims.json"
_HEAD = 64  # width of an attention head in every published size (Radford et al., 2022, Table 1)

Tensors = dict[str, NDArray[np.generic]]


def assemble(folder: Path, out: Path) -> None:
    """Write `model.safetensors` and `dims.json` (whisper's ModelDimensions) from a folder.

    `folder` holds either these two files, or those of Hugging Face (`config.json`,
    `model.safetensors`), or CTranslate2's `model.bin`. Tensors are float16, as published, where
    that changes no value. Raises DataError for anything else, and where a tensor is missing, is one
    too many or has another shape than the sizes say.
    """
    # `dims.json` first: both of the first two forms have a `model.safetensors`.
    if (folder / DIMS).is_file():
        tensors = _safetensors(folder / MODEL)
    elif (folder / MODEL).is_file():
        tensors = from_transformers(_safetensors(folder / MODEL))
    elif (folder / "model.bin").is_file():
        tensors = from_ctranslate2(ctranslate2_file.read(folder / "model.bin", "WhisperSpec"))
    else:
        raise DataError(
            f"{folder.name!r} holds no Whisper weights: expected {MODEL!r} with 'dims.json' or "
            "'config.json', or CTranslate2's 'model.bin'"
        )

    # Sizes are read off the tensors and not taken from a file that may belong to another model.
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
            f"{path.name!r} cannot be read as safetensors ({why(error)}): get it again"
        ) from error


def _as_half(tensor: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return float16 where that changes no value, so that all sources give the same file."""
    with np.errstate(over="ignore"):
        half = tensor.astype(np.float16)

    same = np.array_equal(half.astype(tensor.dtype), tensor)
    return np.ascontiguousarray(half if same else tensor)


# Names of Hugging Face.

# All patterns are applied to each name; none of them matches what another one writes.
_Change = str | Callable[[re.Match[str]], str]
_TRANSFORMERS: list[tuple[str, _Change]] = [
    (r"model\.", ""),
    (r"(encoder|decoder)\.layers\.", r"\1.blocks."),
    (r"\.self_attn\.", ".attn."),
    (r"\.encoder_attn\.", ".cross_attn."),
    (r"\.(q|k|v)_proj\.", lambda match: {"q": ".query.", "k": ".key.", "v": ".value."}[match[1]]),
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
    # `proj_out.weight` is the token embedding once more, which whisper uses itself.
    return {_renamed(name): tensor for name, tensor in tensors.items() if name != "proj_out.weight"}


def _renamed(name: str) -> str:
    for pattern, change in _TRANSFORMERS:
        name = re.sub(pattern, change, name)
    return name


# Names of CTranslate2.

_NORM = {"gamma": "weight", "beta": "bias"}
_WHOLE = {
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
}
_NORMS = {"self_attention": "attn_ln", "attention": "cross_attn_ln", "ffn": "mlp_ln"}
# One linear layer of CTranslate2 holds one or several of whisper, stacked on the first axis.
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
    """Return the variables of a CTranslate2 Whisper under openai-whisper's names.

    Raises DataError for a variable with no place in whisper, and a bias of a key, which whisper
    does not have.
    """
    tensors: Tensors = {}
    for name, value in variables.items():
        # Scalars are settings of CTranslate2, such as its number of heads, and no weights.
        if value.ndim:
            tensors |= _placed(name, value)

    return tensors


def _placed(name: str, value: NDArray[np.generic]) -> Tensors:
    if name in _WHOLE:
        return {_WHOLE[name]: value}
    if top := _TOP.fullmatch(name):
        side, layer, kind = top.groups()
        layer = {"encoder": "ln_post", "decoder": "ln"}[side] if layer == "layer_norm" else layer
        return {f"{side}.{layer}.{_NORM.get(kind, kind)}": value}

    in_block = _LAYER.fullmatch(name)
    if not in_block or (in_block[3], in_block[5] or "0") not in _LINEARS:
        raise DataError(
            f"variable {name!r} has no place in Whisper: expected a CTranslate2 file of a "
            f"Whisper model"
        )

    side, number, part, layer, linear, kind = in_block.groups()
    if layer == "layer_norm":
        return {f"{side}.blocks.{number}.{_NORMS[part]}.{_NORM[kind]}": value}

    return _unstacked(f"{side}.blocks.{number}", _LINEARS[part, linear], kind, value)


def _unstacked(
    prefix: str, parts: tuple[str, ...], kind: str, value: NDArray[np.generic]
) -> Tensors:
    if value.shape[0] % len(parts):
        raise DataError(
            f"'{prefix}' stacks {len(parts)} layers in {value.shape[0]} rows: get the file again"
        )

    tensors = {
        f"{prefix}.{part}.{kind}": rows
        for part, rows in zip(parts, np.split(value, len(parts)), strict=True)
    }
    # A stacked bias has rows for the key too, though Whisper's keys have none: zeros then.
    for name in [name for name in tensors if name.endswith(".key.bias")]:
        if tensors.pop(name).any():
            raise DataError(
                f"{name!r} is not zero, but Whisper's keys have no bias: expected a Whisper model"
            )

    return tensors


# What a whole Whisper holds.


def dimensions(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, int]:
    """Return whisper's ModelDimensions, read off the shapes of tensors.

    Raises DataError where one of those is missing.
    """
    try:
        audio = tensors["encoder.positional_embedding"]
        text = tensors["decoder.positional_embedding"]
        mels = tensors["encoder.conv1.weight"].shape[1]
        vocabulary = tensors["decoder.token_embedding.weight"].shape[0]
    except (KeyError, IndexError) as error:
        raise DataError(
            f"tensor {why(error)} of Whisper is missing or has another shape: get the weights again"
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
    missing = sorted(expected.keys() - tensors.keys())
    extra = sorted(tensors.keys() - expected.keys())
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
    expected: dict[str, tuple[int, ...]] = {}
    audio, text = dims["n_audio_state"], dims["n_text_state"]
    expected |= {
        "encoder.conv1.weight": (audio, dims["n_mels"], 3),
        "encoder.conv2.weight": (audio, audio, 3),
    }
    expected |= {f"encoder.{conv}.bias": (audio,) for conv in ("conv1", "conv2")}
    expected |= {"encoder.positional_embedding": (dims["n_audio_ctx"], audio)} | _norm(
        "encoder.ln_post", audio
    )
    expected |= {"decoder.positional_embedding": (dims["n_text_ctx"], text)} | _norm(
        "decoder.ln", text
    )
    expected["decoder.token_embedding.weight"] = (dims["n_vocab"], text)

    for number in range(dims["n_audio_layer"]):
        expected |= _block(f"encoder.blocks.{number}", audio, ("attn",))

    for number in range(dims["n_text_layer"]):
        expected |= _block(f"decoder.blocks.{number}", text, ("attn", "cross_attn"))

    return expected


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _block(name: str, size: int, attentions: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of one transformer block; the key of an attention has no bias."""
    expected: dict[str, tuple[int, ...]] = _norm(f"{name}.mlp_ln", size)
    expected |= {f"{name}.mlp.0.weight": (4 * size, size), f"{name}.mlp.0.bias": (4 * size,)}
    expected |= {f"{name}.mlp.2.weight": (size, 4 * size), f"{name}.mlp.2.bias": (size,)}

    for attention in attentions:
        expected |= _norm(f"{name}.{attention}_ln", size)
        expected |= {
            f"{name}.{attention}.{part}.weight": (size, size)
            for part in ("query", "key", "value", "out")
        }
        expected |= {
            f"{name}.{attention}.{part}.bias": (size,) for part in ("query", "value", "out")
        }

    return expected
