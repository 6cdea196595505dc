"""Losses of the trained models: cross-entropy, and a contrastive loss that knows languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

UNKNOWN = -100
"""Code of a label or speaker that is not known: it contributes nothing to a loss."""

Weighting = Literal["none", "balanced"]


def cross_entropy(
    logits: Tensor, codes: Tensor, class_weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    """Return the mean cross-entropy over the known codes: float32, a scalar; 0 where none is known.

    `logits`: float, (n, n_classes). `codes`: int64, (n,), in [0, n_classes) or `UNKNOWN`.
    `class_weights`: float, (n_classes,); the mean is then weighted. `label_smoothing` in [0, 1). In
    float32 whatever the precision given.
    """
    # A mean over nothing would be NaN. This 0 depends on the logits still, so that a backward pass
    # finds its way and all processes exchange the same gradients.
    if not bool((codes != UNKNOWN).any()):
        return logits.float().sum() * 0.0
    return F.cross_entropy(
        logits.float(), codes, class_weights, ignore_index=UNKNOWN, label_smoothing=label_smoothing
    )


def class_weights(
    codes: Sequence[int], n_classes: int, weighting: Weighting = "balanced"
) -> Tensor | None:
    """Return a weight for each class, n / (n_classes * n_c): float32, (n_classes,).

    None for the weighting "none". n_classes counts those that have clips, so that the mean weight
    over the clips is 1. A class without clips has weight 0: it is never asked for.
    """
    if weighting == "none":
        return None

    counts = torch.bincount(
        torch.tensor(list(codes), dtype=torch.int64), minlength=n_classes
    ).double()
    present = int((counts > 0).sum())
    weights = counts.sum() / (max(present, 1) * counts.clamp(min=1))

    return torch.where(counts > 0, weights, 0.0).float()


def language_aware_contrastive(
    embeddings: Tensor,
    emotions: Tensor,
    languages: Tensor,
    cross_language_weight: float = 2.5,
    temperature: float = 0.07,
) -> Tensor:
    """Return the language-aware supervised contrastive loss (supcon-w2v2, Eqs 7-8): a scalar.

    For each anchor i with positives P(i), the others of its emotion, and A(i), all others, with z =
    h/|h|:

        L_i = - 1/sum_p w_ip * sum_p w_ip * log( exp(z_i.z_p / t) / sum_a exp(z_i.z_a / t) )

    where w_ip is `cross_language_weight` if the languages differ, else 1; the mean over the anchors
    that have positives. With weight 1 it is the supervised contrastive loss with the mean outside
    the logarithm (Khosla et al., NeurIPS 2020, Eq 2). The divisor sum_p w_ip, not |P(i)|, is what
    secondary descriptions agree on.

    `embeddings`: float, (n, dim), of any length. `emotions`, `languages`: int64, (n,). An anchor
    without positives contributes nothing; where there is none with, the loss is 0 with gradient 0.
    Raises ValueError for a temperature or weight that is not above 0.
    """
    if not (temperature > 0 and cross_language_weight > 0):
        raise ValueError(
            f"temperature is {temperature} and cross_language_weight "
            f"{cross_language_weight}, but both must be above 0"
        )

    z = F.normalize(embeddings.float(), dim=1)
    weights = _pair_weights(emotions, languages, cross_language_weight)
    total = weights.sum(dim=1)
    has_positives = total > 0

    if not bool(has_positives.any()):
        return z.sum() * 0.0  # As in `cross_entropy`: 0, with a gradient of 0.

    # Not -inf on the diagonal: a batch of one would have no finite number in its row, and NaN as
    # gradient.
    itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    similarity = (z @ z.T / temperature).masked_fill(itself, torch.finfo(z.dtype).min)
    log_probability = similarity - similarity.logsumexp(dim=1, keepdim=True)
    per_anchor = -(weights * log_probability.masked_fill(itself, 0.0)).sum(dim=1) / total.clamp(
        min=1e-12
    )

    return per_anchor[has_positives].mean()


def _pair_weights(emotions: Tensor, languages: Tensor, cross_language_weight: float) -> Tensor:
    """Return w_ip of each ordered pair: float32, (n, n); 0 where p is no positive of i."""
    positive = emotions[:, None] == emotions[None, :]
    positive.fill_diagonal_(False)
    same_language = languages[:, None] == languages[None, :]

    return positive * torch.where(same_language, 1.0, cross_language_weight)
