"""The card beside shipped weights (`NAME.json`): what they answer, how far they were tried."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why


@dataclass(frozen=True)
class Tried:
    """A task that weights were put to: its UA in percent, and whether anything was chosen on it."""

    task: str
    ua: float
    development: bool


@dataclass(frozen=True)
class WeightsCard:
    """What weights answer, and how far they were tried.

    `hash`: SHA-256 of the weights that this is said of, as their manifest has it. `stress`: what
    the stress suite says of them, by the name of the figure, in points of UA; empty: not measured.
    """

    hash: str
    labels: tuple[str, ...]
    tried: tuple[Tried, ...] = ()
    stress: tuple[tuple[str, float], ...] = ()


def card_path(folder: Path) -> Path:
    """Return where the card of a weights folder lies: beside it, as its files are hashed."""
    return folder.with_name(f"{folder.name}.json")


def write_card(folder: Path, card: WeightsCard) -> None:
    """Write the card beside a weights folder."""
    record = {**asdict(card), "stress": dict(card.stress)}
    write_atomic(card_path(folder), json.dumps(record, indent=1) + "\n")


def read_card(folder: Path) -> WeightsCard | None:
    """Return the card of a weights folder, None where there is none.

    Raises DataError where it cannot be read.
    """
    path = card_path(folder)
    try:
        return _card(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"card of weights {str(path)!r} cannot be read ({why(error)}): restore it, or remake "
            f"the weights"
        ) from error


def _card(record: dict[str, Any]) -> WeightsCard:
    return WeightsCard(
        str(record["hash"]),
        tuple(record["labels"]),
        tuple(
            Tried(str(row["task"]), float(row["ua"]), bool(row["development"]))
            for row in record["tried"]
        ),
        tuple((str(name), float(value)) for name, value in record["stress"].items()),
    )
