"""How a command ends that did not end well: one sentence on stderr, and an exit code."""

from __future__ import annotations

import errno
import os
import sys

import click

from mserbench.cli import _streams
from mserbench.errors import DataError, MserbenchError, words
from mserbench.report import screens

_INTERRUPTED = 130  # 128 + SIGINT, as shells count
_EXTRA = "unexpected extra argument"  # click's words
_GONE = (errno.ENOENT, errno.ESTALE)


def report(error: Exception) -> int:
    """Tell an error in one sentence; returns the exit code."""
    # A broken package may show as any error of whoever imported it, so it is looked for first.
    error = _misfit(error) or error
    if isinstance(error, MserbenchError):
        return _told(str(error), error.exit_code)
    if isinstance(error, click.NoSuchOption):
        near = f"; did you mean {' or '.join(error.possibilities)}?" if error.possibilities else ""
        return _told(f"option {error.option_name!r} is not known{near or ': --help lists all'}", 2)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return _told(_of_what_is_missing(error.param), error.exit_code)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.ctx.get_help() if error.ctx else str(error))
        return 2
    if isinstance(error, click.ClickException):
        sentence = error.format_message()
        # A pattern may name more than one expects: `runs/a-* runs/b-*`.
        remedy = ": --help tells how many are expected" if _EXTRA in sentence else ""
        return _told(f"{sentence}{remedy}", error.exit_code)
    # So click calls Ctrl-C, and the end of stdin at a question.
    if isinstance(error, click.exceptions.Abort):
        return interrupted()
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has enough, as `head` does.
        _give_up()
        return 0
    if isinstance(error, OSError):
        return _told(_of_the_system(error), DataError.exit_code)
    if isinstance(error, MemoryError):
        sentence = "there is not enough memory for this: give it more, or smaller data"
        return _told(f"{sentence} ({words(error)})", MserbenchError.exit_code)

    _told(f"mserbench itself failed ({words(error)}): add --debug and report what it shows", 4)
    return 4


def _of_what_is_missing(parameter: click.Parameter) -> str:
    """Return a sentence on what a command needs and was not given, with what lists its values."""
    if not isinstance(parameter, click.Option):
        return f"{parameter.human_readable_name} is missing: --help tells what is expected"

    option = parameter.opts[0]
    listing = {"--model": "mserbench models", "--task": "mserbench tasks"}.get(option)
    return f"option {option} is missing: " + (f"{listing!r} lists all" if listing else "give it")


def interrupted() -> int:
    """Tell that Ctrl-C ended the command; returns the exit code."""
    _say("interrupted: what was done is kept, the same command goes on")
    return _INTERRUPTED


def ended(code: int) -> int:
    """Write out what is still held back for stdout; returns the exit code, of a full disk another.

    Python does that at its very end too, where a failure would be a traceback and a code of its
    own.
    """
    try:
        sys.stdout.flush()
        _streams.results().flush()
    except BrokenPipeError:
        _give_up()
    except (OSError, ValueError) as error:  # ValueError: somebody closed it
        _give_up()
        # What failed before has been told, and is this very fault in most cases.
        if code == 0 and isinstance(error, OSError):
            return _told(_of_the_system(error), DataError.exit_code)

    return code


def _of_the_system(error: OSError) -> str:
    """Return a sentence on what the system refused, be it a file or the output."""
    reason = error.strerror or words(error)
    if error.errno in _GONE and error.filename is None and not _has_working_folder():
        return "the working folder is gone: change to another one, and start again"
    if error.filename is None:
        return f"the output or a file cannot be written ({reason}): make room, and start again"

    return (
        f"{str(error.filename)!r} cannot be read or written ({reason}): mend that or make room, or "
        "give another place, such as by --out, --data or MSERBENCH_CACHE"
    )


def _has_working_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False

    return True


def _misfit(error: Exception) -> Exception | None:
    """Return the sentence for packages that do not fit one another, wherever the error of that came
    through.
    """
    from mserbench.plugins import misfits

    return None if isinstance(error, MserbenchError) else misfits.told(error)


def _told(sentence: str, code: int) -> int:
    _say(f"error: {sentence}")
    return code


def _say(text: str) -> None:
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):  # nobody can be told, but the exit code is
        return


def _give_up() -> None:
    """Let nothing more be written, as Python flushes once more at its end, which must not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in {screens.raw(_streams.results()), screens.raw(sys.stdout)}:
        os.dup2(nowhere, stream.fileno())

    os.close(nowhere)
