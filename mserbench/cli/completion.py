"""`mserbench completion`: a script by which a shell completes commands, options and names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mserbench.cli._completing import Place

# Nothing is asked of the program at a press of the key: it would start once a press.
_ABOUT = (
    "# Completes the command line of mserbench. It knows the commands, models and tasks of the\n"
    "# day on which 'mserbench completion' wrote it: write it anew after installing a plugin.\n"
)
_BASH = """\
_mserbench() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
    local place="" words="" before="" number

    for ((number = 1; number < COMP_CWORD; number++)); do
        case "$place/${{COMP_WORDS[number]}}" in
            {paths}) place="$place/${{COMP_WORDS[number]}}" ;;
        esac
    done

    case "$place $previous" in
{values}
        *) case "$place" in
{words}
        esac ;;
    esac

    # Names stand in lists with commas between: the last of them is completed.
    if [[ "$current" == *,* ]]; then before="${{current%,*}},"; fi
    COMPREPLY=($(compgen -P "$before" -W "$words" -- "${{current##*,}}"))
}}
complete -o default -F _mserbench mserbench
"""
_FISH = """\
function __mserbench_at
    set -l place ""
    for word in (commandline -opc)[2..-1]
        if contains -- "$place/$word" {paths}
            set place "$place/$word"
        end
    end
    test "$place" = "$argv[1]"
end

# Names stand in lists with commas between: the last of them is completed.
function __mserbench_names
    set -l before (string replace -r '[^,]*$' '' -- (commandline -ct))
    printf "$before%s\\n" $argv
end

"""


@click.command(name="completion", short_help="print a script that completes the command line")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script by which bash, zsh or fish completes commands, options, models and tasks.

    bash: mserbench completion bash > ~/.local/share/bash-completion/completions/mserbench

    zsh: mserbench completion zsh > ~/.mserbench.zsh, and 'source ~/.mserbench.zsh' in .zshrc

    fish: mserbench completion fish > ~/.config/fish/completions/mserbench.fish
    """
    from mserbench.cli import program
    from mserbench.cli._completing import places

    writers: dict[str, Callable[[Sequence[Place]], str]] = {
        "bash": _bash,
        "zsh": _zsh,
        "fish": _fish,
    }
    click.echo(_ABOUT + writers[shell](tuple(places(program))), nl=False)


def _bash(everywhere: Sequence[Place]) -> str:
    paths = "|".join(f'"{place.path}"' for place in everywhere if place.words)

    # An option that takes a value of no known names completes to files: no words at all.
    values = [
        f'        "{place.path} {flag.flag}") words="{" ".join(flag.values)}" ;;'
        for place in everywhere
        for flag in place.flags
        if flag.takes_value
    ]
    words = [f'            "{place.path}") words="{_words(place)}" ;;' for place in everywhere]

    return _BASH.format(paths=paths, values="\n".join(values), words="\n".join(words))


def _words(place: Place) -> str:
    commands = [name for name, _ in place.commands]
    return " ".join([*commands, *place.values, *(flag.flag for flag in place.flags)])


def _zsh(everywhere: Sequence[Place]) -> str:
    # The shell's own bridge to scripts for bash, so that there is one list of words.
    return "autoload -Uz compinit bashcompinit\ncompinit -u\nbashcompinit\n" + _bash(everywhere)


def _fish(everywhere: Sequence[Place]) -> str:
    paths = " ".join(place.path for place in everywhere if place.words)
    lines: list[str] = []

    for place in everywhere:
        at = f"complete -c mserbench -n '__mserbench_at \"{place.path}\"'"
        lines += [f"{at} -f -a {name} -d {_quoted(title)}" for name, title in place.commands]
        if place.values:
            lines.append(f"{at} -f -a '(__mserbench_names {' '.join(place.values)})'")

        for flag in place.flags:
            value = _fish_value(flag.values) if flag.takes_value else ""
            lines.append(f"{at} -l {flag.flag.lstrip('-')}{value} -d {_quoted(flag.about)}")

    return _FISH.format(paths=paths) + "\n".join(lines) + "\n"


def _fish_value(values: Sequence[str]) -> str:
    return f" -x -a '(__mserbench_names {' '.join(values)})'" if values else " -r"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
