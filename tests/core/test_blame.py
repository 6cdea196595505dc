"""Whatever a plugin's code raises is one sentence of ours; what the user asks for stays his."""

from __future__ import annotations

import signal

import click
import pytest

from mserbench.cli._of_plugins import guarded
from mserbench.engine.processes import Ended
from mserbench.errors import DataError, PluginError, why, words
from mserbench.plugins import blame


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


DEEDS = [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), BaseException("odd"), Mute(), 1]


@pytest.mark.parametrize("deed", DEEDS[:5], ids=lambda deed: type(deed).__name__)
def test_all_that_code_raises_names_it(deed: BaseException) -> None:
    """If one kind came through, a plugin could end the program without a word, with code 0."""
    with pytest.raises(PluginError, match="corpus 'x' failed"), blame.blamed("corpus 'x' failed"):
        raise deed


@pytest.mark.parametrize("error", [DataError("ours"), Ended(143)], ids=["ours", "SIGTERM"])
def test_our_errors_and_a_launchers_end_pass(error: BaseException) -> None:
    """If SIGTERM became a model's error, no launcher could end a training in order."""
    with pytest.raises(type(error)), blame.blamed("model 'x' failed"):
        raise error


def test_the_users_interrupt_passes_and_his_handler_stays() -> None:
    """If Ctrl-C became a model's error, the user could not stop a run."""
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), blame.blamed("model 'x' failed"):
        signal.raise_signal(signal.SIGINT)

    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Mute(), "Mute, whose text cannot be made"),
        (ValueError("\x1b[31m\u202ered\ud800"), "ValueError: \\x1b[31m\\u202ered\\ud800"),
        (ValueError("two\nlines"), "ValueError: two lines"),
        (ValueError(""), "ValueError"),
    ],
)
def test_an_error_is_one_plain_line(error: Exception, text: str) -> None:
    """If its text went to a terminal as it is, an exception could move the cursor."""
    assert words(error) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Mute(), "Mute, whose text cannot be made"),
        (ValueError("\x1b[31mred\r\n"), "\\x1b[31mred"),
        (ValueError(""), "ValueError"),
        # Persian is written with joiners that nobody sees.
        (ValueError("\u0645\u06cc\u200c\u062e"), "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_the_text_of_an_error_stands_alone_too(error: Exception, text: str) -> None:
    """If it were raw, a library's text could break the line of the message that it stands in."""
    assert why(error) == text


def test_the_text_of_an_error_is_bounded() -> None:
    """If it were not, an array in an exception would fill the screen."""
    assert len(words(ValueError("x" * 5_000_000))) < 600
    assert len(why(ValueError("\x1b" * 5_000_000))) < 600


def _command(deed: object) -> click.Command:
    @click.command(name="own")
    @click.pass_context
    def command(context: click.Context) -> None:
        if isinstance(deed, BaseException):
            raise deed
        context.exit(3)

    return guarded(command)


@pytest.mark.parametrize("deed", DEEDS[:5], ids=lambda deed: type(deed).__name__)
def test_a_command_of_a_plugin_is_named(deed: BaseException) -> None:
    """If sys.exit in a command ended the program, its code would say what it likes."""
    with pytest.raises(PluginError, match="command 'own', of a plugin, failed"):
        _command(deed).main([], standalone_mode=False)


def test_a_command_may_end_by_the_ways_of_click() -> None:
    """If it could not, a plugin's command could not tell that a check found something."""
    assert _command(3).main([], standalone_mode=False) == 3
    with pytest.raises(click.UsageError):
        _command(click.UsageError("wrong")).main([], standalone_mode=False)
