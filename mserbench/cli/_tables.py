"""What `mserbench experiment` is asked for: wishes, folders of sets, the command that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.cli import _common
from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.experiments.definition import Wishes


def wishes(preset: str, seeds: str, only: str, settings: str, options: Sequence[str]) -> Wishes:
    """Return what the command line asks for. Raises UsageError for what is not understood."""
    from mserbench.experiments.definition import Wishes

    numbers = _common.names(seeds, "seeds") if seeds else []
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(
            f"--seeds is {seeds!r}, but whole numbers with commas between were expected"
        )

    by_model: dict[str, dict[str, str]] = {}
    for key, value in _common.pairs(options).items():
        model, dot, option = key.rpartition(".")
        if not dot:
            raise UsageError(
                f"--option {key}={value} is not understood: MODEL.KEY=VALUE was expected"
            )

        # People type `mser_llm` for `mser-llm`, as Python has it.
        by_model.setdefault(model.replace("_", "-"), {})[option] = value

    return Wishes(
        preset=preset,
        seeds=tuple(int(number) for number in numbers),
        systems=tuple(_common.names(only, "only")) if only else (),
        settings=tuple(_common.names(settings, "settings")) if settings else (),
        options=by_model,
    )


def folders(sources: Sequence[str]) -> dict[str, str]:
    """Return the folders of sets by name. Raises UsageError for a text without '='."""
    by_name = {}
    for text in sources:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"--source {text!r} is not understood: NAME=FOLDER was expected")

        by_name[name] = folder

    return by_name


def typed(name: str, wishes: Wishes, allow_partial: bool) -> str:
    """Return the command that remakes the table, without what tells of a machine."""
    words = ["mserbench experiment", Path(name).name]
    flags = {
        "--preset": wishes.preset,
        "--seeds": ",".join(map(str, wishes.seeds)),
        "--only": ",".join(wishes.systems),
        "--settings": ",".join(wishes.settings),
    }
    words += [f"{flag} {value}" for flag, value in flags.items() if value]
    settings_given = [
        (model, key, value)
        for model, options in wishes.options.items()
        for key, value in options.items()
    ]
    words += [f"--option {model}.{key}={value}" for model, key, value in settings_given]

    return " ".join([*words, *(["--allow-partial"] if allow_partial else [])])
