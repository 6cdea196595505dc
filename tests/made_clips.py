"""Clips of filtered noise that a model learns to tell apart in seconds, and items made of them."""

from __future__ import annotations

import numpy as np

from mserbench.contracts import Clip
from mserbench.model import TrainingItem

LABELS = ["neutral", "happy", "sad"]


def clip(number: int, seconds: float = 0.4) -> Clip:
    """Noise through a filter that the number decides; `LABELS[number % 3]` is its label."""
    # A wider filter leaves lower sounds: the label can be heard, and no level gives it away.
    noise = np.random.default_rng(number).normal(0, 0.1, round(16_000 * seconds)).astype(np.float32)
    shaped = (
        np.convolve(noise, np.hanning(3 + 4 * (number % 3)), "same").astype(np.float32).clip(-1, 1)
    )
    return Clip(f"{number}-{seconds}", f"seed-{number}", seconds, lambda: shaped)


def items(n: int = 36, first: int = 0) -> list[TrainingItem]:
    """Items of three labels, two languages and four speakers, two of each language."""
    return [
        TrainingItem(
            clip(i, 0.3 + 0.01 * (i % 7)),
            LABELS[i % 3],
            f"s{i // 3 % 4}",
            ("de", "it")[i // 3 % 2],
            "corpus",
        )
        for i in range(first, first + n)
    ]
