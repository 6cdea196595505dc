"""Remakes the weights that ship with the baselines: `make weights` with $MSERBENCH_DATA set.

`make weights` runs `python -m mserbench_baselines.remake_weights`. Real corpora come from
$MSERBENCH_DATA, the demo corpus is made on the spot. The files change only where data, features or
classifier do; the old ones stay until all new ones are there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mserbench
from mserbench.disk import folders
from mserbench_baselines import WEIGHTS

FOLDER = Path(__file__).parent / "weights"


def main() -> None:
    """Train each model on each list of sources, plain and normalised by speaker."""
    argparse.ArgumentParser(description=str(__doc__)).parse_args()

    with folders.whole(FOLDER) as new:
        for model in ("logmel", "egemaps"):
            for name, sources in WEIGHTS.items():
                mserbench.train(model, sources, new / model / name)
                mserbench.train(
                    model,
                    sources,
                    new / model / f"{name}-speaker",
                    options={"normalise": "speaker"},
                )


if __name__ == "__main__":
    main()
