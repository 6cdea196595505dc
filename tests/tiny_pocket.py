"""pocket-tts with random weights of a tiny shape, as its own loading path reads them."""

from __future__ import annotations

from pathlib import Path

CONFIG = """\
{weights}
flow_lm:
  insert_bos_before_voice: true
  dtype: float32
  flow: {{depth: 1, dim: 16}}
  transformer: {{d_model: 32, hidden_scale: 2, max_period: 10000, num_heads: 2, num_layers: 1}}
  lookup_table: {{dim: 32, n_bins: {words}, tokenizer: tokenizers, tokenizer_path: {tokenizer}}}
mimi:
  dtype: float32
  sample_rate: 24000
  inner_dim: 8
  outer_dim: 16
  channels: 1
  frame_rate: 12.5
  seanet:
    dimension: 16
    channels: 1
    n_filters: 4
    n_residual_layers: 1
    ratios: [6, 5, 4]
    kernel_size: 7
    residual_kernel_size: 3
    last_kernel_size: 3
    dilation_base: 2
    pad_mode: constant
    compress: 2
  transformer:
    d_model: 16
    num_heads: 2
    num_layers: 1
    layer_scale: 0.01
    context: 250
    dim_feedforward: 32
    input_dimension: 16
    output_dimensions: [16]
  quantizer: {{dimension: 8, output_dimension: 16}}
"""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,!?'äöüéèàìò"


def save(folder: Path, names: tuple[str, ...] = ("french", "german")) -> Path:
    """Save a model of each name: its config, the weights that it names, and a tokenizer."""
    import tokenizers
    import torch
    from pocket_tts import TTSModel
    from safetensors.torch import save_file

    words = {sign: number for number, sign in enumerate(["<unk>", *LETTERS])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))

    for seed, name in enumerate(names):
        config = folder / f"{name}.yaml"
        facts = {"words": len(words), "tokenizer": folder / "tokenizer.json"}
        config.write_text(CONFIG.format(weights="", **facts), encoding="utf-8")
        torch.manual_seed(seed)
        model = TTSModel.load_model(config=str(config))
        tensors = {
            key: torch.randn_like(tensor) * 0.2 if not tensor.any() else tensor.contiguous()
            for key, tensor in model.state_dict().items()
        }
        save_file(tensors, folder / f"{name}.safetensors")
        weights = f"weights_path: {folder / name}.safetensors"
        config.write_text(CONFIG.format(weights=weights, **facts), encoding="utf-8")

    return folder
