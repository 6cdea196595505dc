"""Remakes the choices of the preset `mini` on source corpora: `python -m
mserbench_mser_llm.choosing`.

`--help` says what each flag does; `mserbench_training.leaving_out` has how.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mserbench_mser_llm.model import MserLlm
from mserbench_training.leaving_out import Choices, run

ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "as the preset has it": {},
    "without L_lec": {"same_weight": 0.0, "different_weight": 0.0},
    "last layer": {"layers": "last"},
    "taught by the LLM alone": {"aligned": 0.0},
    "taught by soft prompts alone": {"aligned": 1.0},
}
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "without noise": {"noise": 0.0},
    "noise 1": {"noise": 1.0},
    "noise 2": {"noise": 2.0},
    "last weights": {"averaged": 0.0},
    "frames": {"pooling": "none", "num_queries": 8},
    "dropout 0.3": {"dropout": 0.3},
    "one layer of Q-Former": {"qformer_layers": 1, "cross_frequency": 1},
    "Q-Former at random": {"bert": "none"},
    "150 steps": {"steps": 150},
}
CHOICES = {"mini": Choices(MserLlm, ABLATIONS, VARIANTS)}

if __name__ == "__main__":
    run(str(__doc__), CHOICES)
