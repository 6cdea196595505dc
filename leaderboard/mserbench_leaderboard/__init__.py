"""The commands `mserbench leaderboard` and `mserbench submit`, registered by hook."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import CommandEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_commands() -> Iterable[CommandEntry]:
    """Register the commands."""
    return [
        CommandEntry(
            "leaderboard",
            "mserbench_leaderboard.command:command",
            "rewrite the leaderboard from its runs, or compare",
            group="Score",
        ),
        CommandEntry(
            "submit",
            "mserbench_leaderboard.submit:command",
            "check a folder of predictions before a pull request",
            group="Score",
        ),
    ]
