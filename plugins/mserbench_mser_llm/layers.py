"""How several layers of the speech encoder are mixed into one: standardised, by learned shares."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerMix(nn.Module):
    """An average over layers with learned shares, equal at first, of frames standardised by
    `centre` and `spread`.

    `centre`, `spread`: float32, (n_layers, n_views, dim), buffers, 0 and 1 unless the settings ask
    for the statistics of training. With one view they are those of all frames, with several each
    frame has its own. The shares are a softmax over one number a layer (SUPERB: Yang et al.,
    Interspeech 2021).
    """

    def __init__(self, n_layers: int, dim: int, n_views: int = 1) -> None:
        super().__init__()
        self.centre: Tensor
        self.spread: Tensor
        self.register_buffer("centre", torch.zeros(n_layers, n_views, dim))
        self.register_buffer("spread", torch.ones(n_layers, n_views, dim))
        self.weights = nn.Parameter(torch.zeros(n_layers)) if n_layers > 1 else None

    def shares(self) -> Tensor:
        """Return the share of each layer, of sum 1: (n_layers,)."""
        return self.centre.new_ones(1) if self.weights is None else self.weights.softmax(dim=0)

    def forward(self, hidden: Tensor) -> Tensor:
        """Mix (n_clips, n_layers, n_frames, dim) to (n_clips, n_frames, dim)."""
        scale = self.shares()[:, None, None] / self.spread
        # Not ((hidden - centre) / spread).sum(): that would make every standardised layer in
        # memory.
        if scale.shape[1] == 1:
            mixed = torch.einsum("bltd,ld->btd", hidden, scale[:, 0])
        else:
            mixed = torch.einsum("bltd,ltd->btd", hidden, scale)

        return mixed - (scale * self.centre).sum(dim=0)
