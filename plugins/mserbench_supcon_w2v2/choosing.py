"""Remakes the choices of the presets `small` and `logmel` on the source corpora alone.

`python -m mserbench_supcon_w2v2.choosing --help` says what each flag does;
`mserbench_training.leaving_out` has how. The presets took their layer from `whisper-linear`, whose
choice had seen RAVDESS; --layers chooses it again, by the highest mean over the three sources and
two seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mserbench_supcon_w2v2.model import SupconW2V2
from mserbench_training.leaving_out import Choices, run

ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "as the preset has it": {},
    "without the contrastive loss": {"alpha": 0.0},
    "without the adversary": {"beta": 0.0},
    "without both": {"alpha": 0.0, "beta": 0.0},
    "without both, shuffled batches": {"alpha": 0.0, "beta": 0.0, "sampler": "shuffled"},
}
LAYERS: Mapping[str, Mapping[str, Any]] = {
    f"layer{'s' if '-' in layers else ''} {layers}": {"layers": layers}
    for layers in ("1", "2", "3", "1-3")
}
VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "small": {
        "stopped by held-out speakers": {"held_out": 0.15, "steps": 1000, "evaluate_every": 25},
        "100 steps": {"steps": 100},
        "1000 steps": {"steps": 1000},
        "the mean over all frames alone": {"pooling": "mean"},
        "adapter on frames": {"adaptation": "adapter"},
        "standardised by frames": {"standardise": "frames"},
        "dropout 0.5": {"dropout": 0.5},
        "temperature 0.3": {"temperature": 0.3},
        "adversary at 1": {"beta": 1.0},
        "learning rate 3e-4": {"learning_rate": 3e-4},
        "learning rate 3e-3": {"learning_rate": 3e-3},
        "weight decay 1": {"weight_decay": 1.0},
        "label smoothing 0.1": {"label_smoothing": 0.1},
        "shuffled batches": {"sampler": "shuffled"},
        "a tenth of each frame hidden": {"mask_width": 102},
    },
    "logmel": {
        "stopped by held-out speakers": {"held_out": 0.15, "steps": 1000, "evaluate_every": 25},
        "100 steps": {"steps": 100},
        "without dropout": {"dropout": 0.0},
        "parts hidden": {"mask_width": 20, "mask_seconds": 0.5},
        "two augmented copies": {"copies": 2},
        "learning rate 3e-4": {"learning_rate": 3e-4},
        "frames half as long, 6 s heard": {"reduce": 4, "crop_seconds": 6.0},
        "pooled with loud frames": {"pooling": "mean+loud"},
    },
}
CHOICES = {
    preset: Choices(SupconW2V2, ABLATIONS, more, LAYERS) for preset, more in VARIANTS.items()
}

if __name__ == "__main__":
    run(str(__doc__), CHOICES)
