"""Remakes the connectors that ship: `python -m mserbench_mser_llm.remake_weights --data D`.

Each is trained as its card says, by one thread, so that the same bits come again. Real corpora come
from D or $MSERBENCH_DATA, the demo corpus is made on the spot; the frozen parts and minilm-l6 must
be here (`mserbench weights get NAME`). The shipped ones stay until all new ones are there; with
`--out FOLDER` they stay as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

import mserbench
from mserbench.disk import folders
from mserbench_mser_llm import WEIGHTS

FOLDER = Path(__file__).parent / "weights"


def main() -> None:
    """Train each connector on its sources, with the preset `mini` as it is."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--data", type=Path, help="folder of the real corpora")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the new connectors")
    parser.add_argument("--only", choices=WEIGHTS, help="this one alone, into --out")
    arguments = parser.parse_args()
    if arguments.only and arguments.out == FOLDER:
        parser.error("--only wants --out: the folder of the shipped ones is written as a whole")

    chosen = [arguments.only] if arguments.only else list(WEIGHTS)
    # Sums over several threads are added in another order, and the last bits differ.
    torch.set_num_threads(1)
    with folders.whole(arguments.out) as new:
        for name in chosen:
            mserbench.train("mser-llm", WEIGHTS[name].split(","), new / name, data=arguments.data)


if __name__ == "__main__":
    main()
