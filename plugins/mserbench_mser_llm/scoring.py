"""What is asked of the LLM after the audio, and what it says: a log-probability for each label, or
text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mserbench.errors import UsageError
from mserbench_mser_llm.choices import Reading
from mserbench_mser_llm.language_model import FrozenLanguageModel, Tokens
from mserbench_mser_llm.synonyms import word, words_of

LABELS = "{labels}"  # stands for the candidate labels in a prompt


@dataclass(frozen=True)
class Question:
    """A prompt and the words that may follow it, as text and as tokens; each word begins with a
    space.
    """

    prompt: str
    labels: tuple[str, ...]
    prompt_tokens: Tokens
    words: tuple[tuple[str, ...], ...]  # of each label, the label itself first
    tokens: tuple[tuple[Tokens, ...], ...]  # of each word of each label, without the end token

    @classmethod
    def of(
        cls, llm: FrozenLanguageModel, template: str, labels: Sequence[str], synonyms: bool = False
    ) -> Question:
        """Put the labels into a template at `{labels}`, and tokenise. Raises UsageError for a
        prompt that cannot be.

        A prompt must not end in a space: that would stand as a token of its own where the words
        bring theirs. A word's tokens are what follows the prompt when both are tokenised as one
        text. With `synonyms` each label is read through several words (synonyms.py); the prompt
        names the labels alone.
        """
        prompt = template.replace(LABELS, ", ".join(map(word, labels)))
        if not prompt.strip() or prompt != prompt.rstrip():
            raise UsageError(
                f"option prompt is {template!r}, but must be text that does not end in a space"
            )

        prompt_tokens = llm.tokens(prompt)
        words = words_of(labels, synonyms)
        tokens = tuple(
            tuple(_tokens(llm, prompt, prompt_tokens, text) for text in words_of_label)
            for words_of_label in words
        )

        return cls(prompt, tuple(labels), prompt_tokens, words, tokens)

    @property
    def answers(self) -> tuple[Tokens, ...]:
        """The tokens of each label itself, which is what is learnt, whatever words it is read
        through.
        """
        return tuple(tokens[0] for tokens in self.tokens)

    @property
    def said(self) -> list[Tokens]:
        """The tokens of every word of every label, in order."""
        return [tokens for words_of_label in self.tokens for tokens in words_of_label]

    @property
    def ambiguous(self) -> bool:
        """Whether one word's tokens begin another's: the end of the answer must then be scored
        too.
        """
        return any(a != b and b[: len(a)] == a for a in self.said for b in self.said)

    def record(self) -> dict[str, Any]:
        """Return what must be known to ask the same again: prompt, its SHA-256, and how many tokens
        each part has.
        """
        counted = {
            label: {text: len(tokens) for text, tokens in zip(words, tokens_of_words, strict=True)}
            for label, words, tokens_of_words in zip(
                self.labels, self.words, self.tokens, strict=True
            )
        }
        asked_of_llm = {
            "prompt": self.prompt,
            "sha256": hashlib.sha256(self.prompt.encode()).hexdigest(),
            "prompt_tokens": len(self.prompt_tokens),
            "label_tokens": {
                label: len(tokens) for label, tokens in zip(self.labels, self.answers, strict=True)
            },
        }

        return (
            {**asked_of_llm, "word_tokens": counted}
            if any(len(words) > 1 for words in self.words)
            else asked_of_llm
        )


def _tokens(llm: FrozenLanguageModel, prompt: str, prompt_tokens: Tokens, answer: str) -> Tokens:
    both = llm.tokens(f"{prompt} {answer}")
    if both[: len(prompt_tokens)] != prompt_tokens or len(both) == len(prompt_tokens):
        raise UsageError(
            f"label {answer!r} melts into the prompt {prompt[-20:]!r} when both are "
            f"tokenised: end the prompt with a "
            f"whole word or a colon"
        )

    return both[len(prompt_tokens) :]


@torch.no_grad()
def log_probabilities(
    llm: FrozenLanguageModel, audio: Tensor, question: Question, reading: Reading = "sum"
) -> Tensor:
    """Return the log-probability of each label after [bos, audio, prompt]: float32, (n_clips,
    n_labels).

    Over the whole vocabulary, summed over a word's tokens, or their mean; that of a label of
    several words is of the sum of their probabilities. One forward pass: where every word is one
    token, the last position holds all there is to know. Otherwise the tokens of all words but their
    last stand side by side behind the prompt; each sees the prompt and those of its own word before
    it, at the positions that it would have alone, so that the prompt is computed once and shared.
    Where one word begins another, the end token counts too, of all words. `audio`: (n_clips,
    n_queries, dim).
    """
    answers = (
        [(*answer, llm.end) for answer in question.said] if question.ambiguous else question.said
    )
    question_inputs = llm.question(audio, question.prompt_tokens)
    inner = [answer[:-1] for answer in answers]
    if any(inner):
        behind = llm.embed([token for answer in inner for token in answer]).expand(
            len(audio), -1, -1
        )
        mask, places = _side_by_side(question_inputs.shape[1], [len(answer) for answer in inner])
        inputs = torch.cat([question_inputs, behind], dim=1)
        n = len(audio)
        logits = llm.logits(
            inputs,
            1 + behind.shape[1],
            mask.expand(n, 1, -1, -1).to(llm.device),
            places.expand(n, -1).to(llm.device),
        )
    else:
        logits = llm.logits(question_inputs, keep=1)

    each = _read(logits.log_softmax(dim=-1), answers, reading)
    by_label = torch.split(each, [len(words) for words in question.words], dim=1)
    return torch.stack([words_of_label.logsumexp(dim=1) for words_of_label in by_label], dim=1)


def _read(log_probability: Tensor, answers: Sequence[Tokens], reading: Reading) -> Tensor:
    """Sum over tokens: the first of each word at position 0, the others at the word's own positions
    behind it.
    """
    columns, start = [], 1
    for answer in answers:
        at = [0, *range(start, start + len(answer) - 1)]
        start += len(answer) - 1
        column = log_probability[:, at, list(answer)].sum(dim=1)
        columns.append(column / len(answer) if reading == "mean" else column)

    return torch.stack(columns, dim=1)


def _side_by_side(n_before: int, lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return who sees whom, bool (n, n), and the position of each, int64 (n,), for answers behind
    one question.
    """
    n = n_before + sum(lengths)
    sees = torch.ones(n, n, dtype=torch.bool).tril()
    places, start = [*range(n_before)], n_before

    for length in lengths:
        sees[start : start + length, n_before:start] = False
        places += range(n_before, n_before + length)
        start += length

    return sees, torch.tensor(places)


@torch.no_grad()
def generate(
    llm: FrozenLanguageModel, audio: Tensor, question: Question, max_new_tokens: int = 4
) -> list[str]:
    """Return what the LLM writes after [bos, audio, prompt], greedily: lower case, without spaces
    around, one a clip.

    `max_new_tokens`, or what the longest label and an end need. Whether it is a label is for the
    reader to say.
    """
    from transformers import GenerationConfig

    making: Any = GenerationConfig  # it has no types
    inputs = llm.question(audio, question.prompt_tokens)
    most = max(max_new_tokens, 1 + max(map(len, question.answers)))
    config = making(
        max_new_tokens=most, do_sample=False, eos_token_id=llm.end, pad_token_id=llm.end
    )
    mask = torch.ones(inputs.shape[:2], dtype=torch.int64, device=llm.device)
    written = llm.module.generate(
        inputs_embeds=inputs, attention_mask=mask, generation_config=config
    )

    return [
        str(llm.tokenizer.decode(tokens, skip_special_tokens=True)).strip().lower()
        for tokens in written
    ]
