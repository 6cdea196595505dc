"""Soft prompts of labels: inputs in place of audio that make the frozen LLM answer each label
(prompt tuning).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from mserbench.disk.files import cache_dir
from mserbench.errors import ModelError
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.scoring import Question, log_probabilities
from mserbench_training.learning import checkpoints

# Part of the name in the cache: raise it whenever the same question gives other soft prompts.
CODE = "1"
STEPS = 60
RATE = 0.15  # of Adam, in units of one number of a mean token embedding
# Length of what is added in each step, in units of a mean token embedding: a region is to answer,
# not a point that audio never hits.
NOISE = 0.5


def soft_prompts(
    llm: FrozenLanguageModel, version: str, question: Question, n_queries: int
) -> Tensor:
    """Return a soft prompt for each label of a question: float32, (n_labels, n_queries, llm_dim),
    on the CPU.

    Tuned on the frozen LLM alone, no audio (Lester et al., EMNLP 2021): [bos, soft prompt, prompt]
    is to be answered by the label and the end. Found once for an LLM (`version`) in a precision, a
    prompt and labels, and kept in the cache. Raises ModelError where the LLM does not come to
    answer a label, DataError where what is kept is damaged.
    """
    path = _place(llm, version, question, n_queries)
    if path.exists():
        return checkpoints.read_tensors(path)[0]["soft_prompts"]

    tuned = _tuned(llm, question, n_queries)
    answered = log_probabilities(llm, tuned.to(llm.device), question, "sum").argmax(dim=1).tolist()
    for code, label in enumerate(question.labels):
        if answered[code] != code:
            raise ModelError(
                f"no soft prompt was found in {STEPS} steps that makes the language model "
                f"answer {label!r} after the "
                f"prompt {question.prompt!r}: give another prompt, or --option aligned=0"
            )

    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.write_tensors(path, {"soft_prompts": tuned}, {"labels": list(question.labels)})
    return tuned


def _tuned(llm: FrozenLanguageModel, question: Question, n_queries: int) -> Tensor:
    unit = llm.embedding_norm() / llm.dim**0.5
    with torch.no_grad():
        words = torch.stack([llm.embed(tokens).float().mean(dim=0) for tokens in question.answers])

    prompts = words[:, None].repeat(1, n_queries, 1).requires_grad_(True)
    optimizer = torch.optim.Adam([prompts], lr=RATE * unit)
    generator = torch.Generator().manual_seed(0)  # not the training's: the same for every training

    for _ in range(STEPS):
        noise = torch.randn(prompts.shape, generator=generator).to(prompts.device)
        losses, counts = llm.answer_losses(
            prompts + NOISE * unit * noise, question.prompt_tokens, question.answers
        )
        optimizer.zero_grad()
        torch.autograd.backward(losses.sum() / counts.sum())
        optimizer.step()

    return prompts.detach().cpu()


def _place(llm: FrozenLanguageModel, version: str, question: Question, n_queries: int) -> Path:
    facts = (CODE, version, question.prompt, question.labels, n_queries, STEPS, RATE, NOISE)
    # The precision came later: names of float32 stay those under which they are in caches.
    text = repr(facts if llm.precision == "float32" else (*facts, llm.precision))
    return (
        cache_dir()
        / "soft-prompts"
        / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.safetensors"
    )
