"""Remakes the weights that ship with the baselines: `make weights` with $MSERBENCH_DATA set.

`make weights` runs `python -m mserbench_baselines.remake_weights`. Real corpora come from
$MSERBENCH_DATA or --data, the demo corpus is made on the spot. The files change only where data,
features or classifier do; the old ones stay until all new ones are there. --out FOLDER writes
elsewhere, to try it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mserbench_baselines import BY_SPEAKER, PEOPLE, WEIGHTS
from mserbench_training.models.shipping import remake

FOLDER = Path(__file__).parent / "weights"


def main() -> None:
    """Train each model on each list of sources, plain, by speaker, and for people."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    models = {"logmel": "logmel", "egemaps": "egemaps"}
    remake(arguments.out, WEIGHTS, BY_SPEAKER, PEOPLE, models, arguments.data)


if __name__ == "__main__":
    main()
