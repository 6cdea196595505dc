"""Pretrained parts of translators that are registered here by name."""

from __future__ import annotations

from mserbench.weights.record import Hub, Weights
from mserbench_m5ser.translators import heard

SEAMLESS_M4T_V2 = Weights(
    name="seamless-m4t-v2-large",
    title="SeamlessM4T v2 large: speech in 101 languages to speech in 36",
    licence="CC-BY-NC-4.0",
    page="https://huggingface.co/facebook/seamless-m4t-v2-large",
    bytes=9_240_000_000,  # 2.3 billion numbers in float32
    exposure=heard.SEAMLESS_M4T,
    exposure_complete=False,
    assemble="mserbench_training.pretrained.assemble_transformers:assemble",
    described_by="config.json",
    expected={"model_type": "seamless_m4t_v2", "hidden_size": 1024, "speech_encoder_layers": 24},
    # Open: no commit was found stated anywhere.
    hub=Hub(
        "facebook/seamless-m4t-v2-large",
        (
            "config.json", "generation_config.json", "preprocessor_config.json",
            "model*.safetensors", "model.safetensors.index.json",
        ),
    ),
)  # fmt: skip
