"""Commands of plugins: whatever their code raises is one sentence that names the command."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import click

from mserbench.plugins import blame


def guarded(command: click.Command) -> click.Command:
    """Return a command that does the same, but whose parsing and doing fail as PluginError alone.

    click's own ways to end a command, such as `context.exit(3)` and its usage errors, stay.
    """
    name = command.name or "of no name"
    copied = copy.copy(command)
    # Of the instance, as a plugin's class may be any subclass; click asks the instance.
    for step in ("make_context", "invoke"):
        own: Callable[..., Any] = getattr(type(command), step).__get__(copied)
        setattr(copied, step, _guarded_step(own, name))

    return copied


def _guarded_step(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    def do(*arguments: Any, **more: Any) -> Any:
        with _blamed(name):
            return step(*arguments, **more)

    return do


def _blamed(name: str) -> AbstractContextManager[None]:
    ways_out = (click.ClickException, click.exceptions.Exit, click.exceptions.Abort, OSError)
    return blame.blamed(f"command {name!r}, of a plugin, failed", passed=ways_out)
