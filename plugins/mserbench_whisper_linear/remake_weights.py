"""Remakes the weights that ship with `whisper-linear`: part of `make weights`.

    python -m mserbench_whisper_linear.remake_weights --data D

Wants `mserbench weights get whisper-base`. The old ones stay until all new ones are there. --out
FOLDER writes elsewhere, to try it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mserbench_training.models.shipping import remake
from mserbench_whisper_linear import BY_SPEAKER, PEOPLE, WEIGHTS

FOLDER = Path(__file__).parent / "weights"


def main() -> None:
    """Train on each list of sources, plain, by speaker, and for people."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    remake(arguments.out, WEIGHTS, BY_SPEAKER, PEOPLE, {"whisper-linear": ""}, arguments.data)


if __name__ == "__main__":
    main()
