"""The model `openai`: any speech LLM behind an OpenAI-compatible server of chat completions."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the one model."""
    return [
        ModelEntry(
            "openai",
            "mserbench_openai.model:OpenAI",
            "Any speech LLM behind an OpenAI-compatible server (vLLM, SGLang, llama.cpp, a vendor)",
            address="URL#MODEL",
        )
    ]
