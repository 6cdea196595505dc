"""The frozen LLM of mser-llm: what it is shown, the loss of an answer, and the gradient to the
audio before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from safetensors import SafetensorError
from torch import Tensor, nn

from mserbench.errors import DataError, UsageError, why
from mserbench_mser_llm.exact_head import ExactHead
from mserbench_training.encoders.base import Precision
from mserbench_training.resources.recomputing import recompute_blocks
from mserbench_training.resources.whole import whole_model

Tokens = tuple[int, ...]
# Rows of the table of embeddings that are float32 at a time, as in the head.
_ROWS = 8192
# A target that does not count: what cross_entropy passes over.
_NONE = -100


class FrozenLanguageModel:
    """A causal LLM of transformers that never learns: no gradient, no optimiser state, no dropout.

    It is no `nn.Module`, so that no `.train()`, `.to()` or state dict of what holds it reaches it.
    Its last step, from hidden states to logits, is float32 whatever its precision, in scoring,
    writing and training alike. It is shown [bos, audio, prompt, answer]; all of a batch have one
    prompt, so nothing before the answer is ever padding.
    """

    def __init__(self, module: nn.Module, tokenizer: Any, device: str = "cpu") -> None:
        llm: Any = module.eval().requires_grad_(False).to(device)
        llm.set_output_embeddings(ExactHead(llm.get_output_embeddings()).eval())
        self.module = llm
        self.tokenizer = tokenizer
        config: Any = llm.config
        # Where the tokenizer names no begin the configuration may; without any, audio stands first.
        bos = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else config.bos_token_id
        self.bos: Tokens = () if bos is None else (int(bos),)
        self.end = int(
            tokenizer.eos_token_id if tokenizer.eos_token_id is not None else config.eos_token_id
        )
        self.dim = int(config.hidden_size)

    @classmethod
    def from_folder(
        cls, folder: Path, precision: Precision = "float32", device: str = "cpu"
    ) -> FrozenLanguageModel:
        """Load the LLM of a folder that `save_pretrained` wrote. Raises DataError where it is none
        or damaged.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            module = whole_model(
                AutoModelForCausalLM,
                folder,
                dtype=getattr(torch, precision),
                attn_implementation="sdpa",
            )
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            reason = why(error, 200)
            raise DataError(
                f"language model folder {str(folder)!r} cannot be loaded ({reason}): give "
                f"another by --option "
                f"language_model"
            ) from error

        return cls(module, tokenizer, device)

    def recompute(self) -> None:
        """Let its blocks be computed again on the way back. Raises UsageError for one with
        dropout.
        """
        config = {
            name: value for name, value in self.module.config.to_dict().items() if "drop" in name
        }
        # Recomputing needs train mode, in which dropout is no longer off.
        if any(isinstance(value, float) and value > 0 for value in config.values()):
            raise UsageError(
                f"option checkpointing is true, but the language model has dropout "
                f"({config}), which that would turn "
                f"on: give --option checkpointing=false"
            )

        recompute_blocks(self.module)

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return torch.device(self.module.device)

    @property
    def precision(self) -> str:
        """Of its weights: `float32` or `bfloat16`."""
        return str(self.module.dtype).removeprefix("torch.")

    def tokens(self, text: str) -> Tokens:
        """Return the tokens of a text alone, without any begin or end."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))

    def embed(self, tokens: Sequence[int]) -> Tensor:
        """Return the embeddings of tokens: (n_tokens, dim), in the precision of the LLM."""
        embeddings: Tensor = self.module.get_input_embeddings()(
            torch.tensor(list(tokens), dtype=torch.int64, device=self.device)
        )
        return embeddings

    @torch.no_grad()
    def embedding_norm(self) -> float:
        """Return the mean length of a token's embedding."""
        table = self.module.get_input_embeddings().weight
        lengths = [
            table[start : start + _ROWS].float().norm(dim=1)
            for start in range(0, len(table), _ROWS)
        ]

        return float(torch.cat(lengths).mean())

    def question(self, audio: Tensor, prompt: Tokens) -> Tensor:
        """Return [bos, audio, prompt] as embeddings: (n_clips, n_positions, dim); `audio` is
        (n_clips, n, dim).
        """
        n = len(audio)
        before, after = self.embed(self.bos), self.embed(prompt)
        audio = audio.to(after.dtype)

        return torch.cat([before.expand(n, -1, -1), audio, after.expand(n, -1, -1)], dim=1)

    def logits(
        self, inputs: Tensor, keep: int, mask: Tensor | None = None, places: Tensor | None = None
    ) -> Tensor:
        """Return the logits at the last `keep` positions: float32, (n_clips, keep, n_tokens).

        `mask`, if any: bool, (n_clips, 1, n_positions, n_positions), True where a position sees
        another; without it each sees itself and those before. `places`: int64, (n_clips,
        n_positions), the position each stands for.
        """
        # Places, not their number: of a slice of several clips torch makes a slow product of many
        # small matrices.
        last_positions = torch.arange(inputs.shape[1] - keep, inputs.shape[1], device=inputs.device)
        output = self.module(
            inputs_embeds=inputs,
            attention_mask=mask,
            position_ids=places,
            logits_to_keep=last_positions,
            use_cache=False,
        )
        logits: Tensor = output.logits

        return logits

    def answer_losses(
        self, audio: Tensor, prompt: Tokens, answers: Sequence[Tokens]
    ) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy of each clip's answer and end token, summed: float32,
        (n_clips,); and their count.

        The first answer token is predicted at the last position of the prompt, and counts as the
        others do. Answers shorter than the longest are padded on the right, where nothing that
        counts can see it.
        """
        # On the right: padding before an answer would be heard by it, and move its positions.
        longest = max(map(len, answers))
        answer_inputs = torch.stack(
            [self.embed(_filled(answer, longest, self.end)) for answer in answers]
        )
        targets = [_filled((*answer, self.end), longest + 1, _NONE) for answer in answers]
        target_tokens = torch.tensor(targets, dtype=torch.int64, device=self.device)
        logits = self.logits(
            torch.cat([self.question(audio, prompt), answer_inputs], dim=1), keep=longest + 1
        )
        losses = F.cross_entropy(
            logits.transpose(1, 2), target_tokens, ignore_index=_NONE, reduction="none"
        ).sum(dim=1)

        return losses, (target_tokens != _NONE).sum(dim=1)


def _filled(tokens: Tokens, n: int, filler: int) -> Tokens:
    return tokens + (filler,) * (n - len(tokens))
