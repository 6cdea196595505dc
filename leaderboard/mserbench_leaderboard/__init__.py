"""The command `mserbench leaderboard`: a table of runs that anyone can recompute, registered by
hook.
"""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import CommandEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_commands() -> Iterable[CommandEntry]:
    """Register the command."""
    return [
        CommandEntry(
            "leaderboard",
            "mserbench_leaderboard.command:command",
            "rewrite the leaderboard from its runs, or compare",
            group="Score",
        )
    ]
