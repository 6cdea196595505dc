"""Remakes the seeded `*-paper2.csv` splits: `python -m mserbench_tasks.remake_splits [FOLDER]`.

Paper 2 gives the sizes of its splits of four emotions, but not their ids. Here the recordings of
each emotion are ordered by the SHA-256 of `mserbench paper2: ID`; the first go to `test`, the next
to `dev`, all others to `train`. No generator of random numbers is involved, so that every version
of Python draws the same. The paper gives one size of all emotions for `dev`; it is shared out as
the whole corpus is, by largest remainder. Prints the SHA-256 of each file, which the card of its
corpus names.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import defaultdict
from pathlib import Path

from mserbench.data.labelled import labelled_utterances

SEED = "mserbench paper2"
# By table: the task of the whole corpus, test recordings of each emotion, dev recordings of all.
SPLITS = {
    "emodb": ("emodb-4", {"neutral": 9, "happy": 8, "sad": 7, "angry": 14}, 35),
    "cafe": ("cafe-4", {"neutral": 6, "happy": 12, "sad": 12, "angry": 12}, 42),
    "esd": ("esd-zh-4", {"neutral": 350, "happy": 350, "sad": 350, "angry": 350}, 1400),
    "urdu": ("urdu-4", {"neutral": 20, "happy": 20, "sad": 20, "angry": 20}, 20),
}


def main() -> None:
    """Write all tables into the folder of the command line and print their hashes."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "splits")
    folder = parser.parse_args().folder

    for name in SPLITS:
        data = table(name)
        (folder / f"{name}-paper2.csv").write_bytes(data)
        sys.stdout.write(f"{name}-paper2.csv {hashlib.sha256(data).hexdigest()}\n")


def table(name: str) -> bytes:
    """Return the table of one corpus: `id,part`, sorted by id, with `*` for the training part."""
    task, test, dev = SPLITS[name]
    ids: dict[str, list[str]] = defaultdict(list)
    for utterance, label in labelled_utterances(task):
        ids[label].append(utterance.id)

    parts: dict[str, str] = {}
    for label, quota in shares(
        {label: len(members) for label, members in ids.items()}, dev
    ).items():
        drawn = sorted(ids[label], key=_rank)
        parts |= dict.fromkeys(drawn[: test[label]], "test")
        parts |= dict.fromkeys(drawn[test[label] : test[label] + quota], "dev")

    rows = [f"{identity},{part}" for identity, part in sorted(parts.items())]
    return "".join(f"{row}\n" for row in ["id,part", *rows, "*,train"]).encode()


def shares(sizes: dict[str, int], total: int) -> dict[str, int]:
    """Share out `total` in proportion to `sizes`, what is left to the largest remainders."""
    exact = {label: total * size / sum(sizes.values()) for label, size in sizes.items()}
    quotas = {label: int(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (quotas[label] - exact[label], label))

    for label in by_remainder[: total - sum(quotas.values())]:
        quotas[label] += 1

    return quotas


def _rank(identity: str) -> str:
    return hashlib.sha256(f"{SEED}: {identity}".encode()).hexdigest()


if __name__ == "__main__":
    main()
