"""Parts of small experiments, as TOML, of which several tests make their tables."""

from __future__ import annotations

SEEDS_AND_LABELS = """\
seeds = [0, 1]
labels = ["happy", "sad", "angry", "disgust", "fear"]
"""


def toml_halves(name: str, task: str) -> str:
    """Return a corpus that is tested whole, each half by who was trained on the other."""
    return f"""\
[corpora.{name}]
test = "{task}"
folds = ["halves.a", "halves.b"]
"""


def toml_setting(name: str, source: str, target: str, *others: str) -> str:
    """Return what is trained on and tested on; `others` are further corpora, of which none is
    the source.
    """
    more = f"others = {list(others)}\n".replace("'", '"') if others else ""
    return f"""\
[[settings]]
name = "{name}"
source = ["{source}"]
{more}target = "{target}"
"""


def toml_system(name: str, model: str, train: str, *lines: str) -> str:
    """Return a system that is trained on what `train` names; `lines` are what else it says."""
    return "\n".join(
        [
            "[[systems]]",
            f'name = "{name}"',
            f'model = "{model}"',
            f'train = ["{train}"]',
            *lines,
            "",
        ]
    )
