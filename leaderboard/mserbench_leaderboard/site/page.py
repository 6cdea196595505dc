"""The page as one file: template, style, program and data in it, with a policy that lets nothing
else in.

Deterministic: the same board gives the same bytes. What strangers wrote stands in a block of JSON
alone, and the program puts it into the page as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mserbench.stress.record import Stressed
from mserbench_leaderboard.board import Section
from mserbench_leaderboard.site import across, content
from mserbench_leaderboard.store import RESULTS

FIRST = "en"  # the language that a page opens in, and that gives what another one lacks
PROGRAM = ("parts.js", "forest.js", "heat.js", "across.js", "card.js", "page.js")
"""The parts of the program, in the order in which they are joined."""

_SLOT = re.compile(r"\{\{(\w+)\}\}")

# In a block of JSON only these end the block, or begin a comment that hides its end. Two separators
# of lines are escaped too, as all that is not ASCII.
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def text(
    sections: Sequence[Section], board: Path, out: Path, stresses: Sequence[Stressed] = ()
) -> str:
    """Return the page of a board; `out` is the folder that it is to lie in.

    It links the predictions of runs, and the experiments, where it lies beside or below the board.

    Raises DataError as `across.elsewhere`.
    """
    results = _way_to(board / RESULTS, board, out)
    linked = across.elsewhere(board) if results else ()
    elsewhere = [(title, _way_to(path, board, out)) for title, path in linked]

    return render(content.of(sections, results, stresses, elsewhere))


def render(values: Mapping[str, Any]) -> str:
    """Return the page that shows some values, of the form that `content.of` returns."""
    style, program = _read("page.css"), "\n".join(_read(name) for name in PROGRAM)
    slots = {
        "policy": policy(style, program),
        "style": style,
        "program": program,
        "data": as_block(values),
        "words": as_block(words()),
    }

    # In one pass: a text of the data that looks like a slot must stay what it is.
    return _SLOT.sub(lambda match: slots[match[1]], _read("page.html"))


def policy(style: str, program: str) -> str:
    """Return the content security policy under which this style and program run, and no others.

    No address is allowed at all, so the page can neither fetch nor send.
    """
    return (
        f"default-src 'none'; script-src {_digest(program)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def as_block(values: object) -> str:
    """Return values as JSON that is safe within a script element, in ASCII, in one line."""
    dense = json.dumps(values, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return "".join(_UNSAFE.get(character, character) for character in dense)


@cache
def words() -> dict[str, dict[str, str]]:
    """Return the labels of the page by language and key, that in which it opens first."""
    folder = files(__package__) / "languages"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    names.sort(key=lambda name: name != f"{FIRST}.json")

    return {
        name.removesuffix(".json"): json.loads((folder / name).read_text(encoding="utf-8"))
        for name in names
    }


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _way_to(target: Path, board: Path, out: Path) -> str:
    """Return the relative path from the page to a part of the board; empty where that would tell of
    folders that are no part of it.
    """
    around, page = board.resolve().parent, out.resolve()
    if not page.is_relative_to(around):
        return ""

    return Path(os.path.relpath(target.resolve(), page)).as_posix()
