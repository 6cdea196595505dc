"""The command that remakes weights, said from their manifest: no path of a machine, no device, no
time.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from mserbench.data import lookup
from mserbench.errors import MserbenchError
from mserbench.options import completed, make_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results.manifest import Manifest, Stage
from mserbench.results.record import TrainingPart
from mserbench.running.lookup import described_class

_WEIGHTS = "weights "  # how a manifest tells of weights to go on from: this, and their hash


def trained(manifest: Manifest) -> list[TrainingPart]:
    """Return the trainings behind weights as the record of a run tells them, the first one first.

    Each tells `on`, `options`, and where there is anything to tell `validated_on`, `partial` and
    `chosen_on`. Options that are not set are left out; `preset` is the one that was taken, named or
    not. An empty list where a step is not told as it should be.
    """
    stages, parts = manifest.stages, []
    for stage in stages if all(_is_told(stage) for stage in stages) else ():
        options = {
            name: named(value) if isinstance(value, str) else value
            for name, value in (stage.options or {}).items()
            if value is not None and name != "init"
        }
        preset = options.get("preset") or _usual_preset(stage.model or "")
        part = TrainingPart(
            on=stage.on,
            options=options | ({"preset": preset} if preset else {}),
            validated_on=stage.validated_on,
            partial=stage.partial,
            chosen_on=stage.chosen_on,
        )
        parts.append(part)

    return parts


def _usual_preset(model: str) -> str | None:
    """Return the preset that a model takes where none is named; None where it has none, or is not
    installed.
    """
    if model not in registry.entries(ModelEntry):
        return None

    usual: str | None = getattr(described_class(model).Options, "DEFAULT_PRESET", None)
    return usual


def command(manifest: Manifest, out: str = "weights") -> str | None:
    """Return the line that trains weights like these into the folder `out`, below the current one.

    Options are given that differ from today's defaults. A training that went on from other weights
    is told with theirs before it, joined by `&&`. Folders and files that a user named by an
    absolute path are expected in the current folder. None where it cannot be said: the model is not
    installed or has other options now, the manifest does not tell what came before, or a value
    cannot be typed at a command line.
    """
    out = "weights" if out in ("", ".", "..") or out.startswith("-") else out
    trainings = manifest.stages
    places = [f"{out}-{number}" for number in range(1, len(trainings))] + [out]
    lines = [
        _line(step, place, start)
        for step, place, start in zip(trainings, places, ["", *places[:-1]], strict=True)
    ]
    line = " && ".join(line for line in lines if line is not None)

    return line if None not in lines and line.isprintable() else None


def named(name: str) -> str:
    """Return the name of a task or a folder without the folders above it, if it is an absolute
    path.
    """
    return f"./{PureWindowsPath(name).name}" if _is_absolute(name) else name


def named_task(name: str) -> str:
    """Return the name of a task; of a TOML file of one's own, or of the folder of a set, without
    the folders above it.
    """
    whole, colon, part = name.partition(":")
    # Absolute, as `.` is a folder of a name too.
    base = os.path.basename(os.path.abspath(whole)) if lookup.own_file(whole) else whole
    return f"{base}{colon}{part}"


def _is_absolute(text: str) -> bool:
    return (
        PurePosixPath(text).is_absolute()
        or PureWindowsPath(text).is_absolute()
        or text.startswith("~")
    )


def _line(step: Stage, out: str, start: str) -> str | None:
    """Return the command of one step, which goes on from the weights in `start` where that is a
    folder.
    """
    if step.model is None or step.options is None:
        return None

    options = _options(step.model, step.options, start)
    names = (step.on, step.validated_on, step.chosen_on or ())
    if options is None or not step.on or not all(_can_be_listed(tasks) for tasks in names):
        return None

    words = ["mserbench", "train", "--model", step.model, "--on", ",".join(step.on)]
    words += ["--validate-on", ",".join(step.validated_on)] if step.validated_on else []
    words += (
        ["--chosen-on", ",".join(step.chosen_on) or "none"] if step.chosen_on is not None else []
    )

    for name, text in options.items():
        words += (
            [f"--{name}", text] if name in ("preset", "init") else ["--option", f"{name}={text}"]
        )

    words += ["--allow-partial"] if step.partial else []
    return shlex.join([*words, "--out", out])


def _options(model: str, recorded: Mapping[str, Any], start: str) -> dict[str, str] | None:
    """Return the options that differ from the defaults as they are typed, or None where they cannot
    be.
    """
    if model not in registry.entries(ModelEntry):
        return None

    kind = described_class(model)
    recorded = completed(recorded, kind.Options)
    init = recorded.get("init")
    goes_on = isinstance(init, str) and init.startswith(_WEIGHTS)

    # A step that went on needs the one before it, and the first step has none.
    if goes_on != bool(start):
        return None

    options = {
        name: named(value) if isinstance(value, str) else value for name, value in recorded.items()
    }
    options |= {"init": start} if goes_on else {}
    try:
        defaults = dataclasses.asdict(make_options(kind, {}, model))
        texts = {
            name: _typed(value)
            for name, value in options.items()
            if name not in defaults or value != defaults[name]
        }
        # Read back, as only what comes out the same again is a command that remakes the weights.
        read_back = dataclasses.asdict(make_options(kind, texts, model))
    except MserbenchError:
        return None

    stripped = all(text == text.strip() for text in texts.values())
    return texts if stripped and read_back == {**defaults, **options} else None


def _typed(value: object) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _can_be_listed(names: Sequence[str]) -> bool:
    """Whether names survive being typed as a comma list."""
    plain = all(
        name and name == name.strip() and "," not in name and not name.startswith("-")
        for name in names
    )

    return plain and len(set(names)) == len(names)


def _is_told(stage: Stage) -> bool:
    return stage.model is not None and stage.options is not None
