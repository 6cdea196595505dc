"""The losses of mser-llm: the emotion-aware contrastive loss (Eq 1), and its sum with the decoding
loss (Eqs 2-3).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from mserbench_mser_llm.choices import LossOptions as LossOptions


def emotion_contrastive(features: Tensor, emotions: Tensor, options: LossOptions) -> Tensor:
    """Return the emotion-aware contrastive loss (arXiv 2503.21806, Eq 1): float32, a scalar of 0 or
    more.

    Over all ordered pairs of a batch, with S the cosine similarity and y = 1 for one emotion, else
    0:

        L = sum_ij [ w1 y_ij (1 - S_ij) + w2 (1 - y_ij) max(0, S_ij - m) ]

    or its mean. Pairs of a clip with itself add nothing, but count in the mean unless
    `exclude_self`. `features`: float, (n, dim), of any length but zero. `emotions`: int64, (n,). A
    batch of one gives 0.
    """
    z = F.normalize(features.float(), dim=1)
    similarity = z @ z.T
    same = emotions[:, None] == emotions[None, :]
    apart = options.different_weight * F.relu(similarity - options.margin)
    pairs = torch.where(same, options.same_weight * (1 - similarity), apart)

    # 1 - S of a clip with itself is rounding alone.
    pairs = pairs.masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), 0.0)
    if options.reduction == "sum":
        return pairs.sum()

    n = len(z)
    return pairs.sum() / max(1, n * (n - 1) if options.exclude_self else n * n)


def total_loss(
    features: Tensor,
    emotions: Tensor,
    answer_losses: Tensor,
    n_answer_tokens: Tensor,
    options: LossOptions,
    name: str = "decoding",
) -> dict[str, Tensor]:
    """Return `decoding`, `contrastive` (where it has a weight) and `total` = contrastive + lambda
    decoding (Eqs 2-3).

    All of the global batch: `answer_losses`, float32, (n,), is the cross-entropy of each clip's
    answer, summed over its `n_answer_tokens`, int64, (n,); decoding is the mean over all tokens.
    `name`: what stands in its place.
    """
    decoding = answer_losses.sum() / n_answer_tokens.sum()
    losses = {name: decoding}
    total = options.decoding_weight * decoding
    if options.contrastive:
        losses["contrastive"] = emotion_contrastive(features, emotions, options)
        total = total + losses["contrastive"]

    return {**losses, "total": total}
