"""What every registered translator must say of itself, and how they are listed."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mserbench.cli.translators import command
from mserbench.languages import UNNAMED
from mserbench.options import describe_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TranslatorEntry
from mserbench.translator import Translator, TranslatorCard

EVALUATED = {"fa", "ru", "el"}
OURS = ("clone", "espeak", "seamless-expressive", "seamless-m4t")


def translators() -> list[tuple[str, type[Translator]]]:
    entries = registry.entries(TranslatorEntry)
    return [(name, registry.resolve(entry)) for name, entry in entries.items()]


@pytest.fixture(params=OURS)
def card(request: pytest.FixtureRequest) -> TranslatorCard:
    translator: type[Translator] = registry.resolve(registry.entry(TranslatorEntry, request.param))
    return translator.describe(translator.Options())


def test_those_that_ship_are_registered() -> None:
    assert set(OURS) <= {name for name, _ in translators()}


def test_a_card_names_its_translator(card: TranslatorCard) -> None:
    assert card.name in OURS
    for text in (card.title, card.version, card.licence, card.citation):
        assert text.strip() == text != ""

    assert card.prosody in ("yes", "partly", "no")
    assert card.voice in ("yes", "partly", "no")


def test_targets_are_languages_and_none_that_is_evaluated(card: TranslatorCard) -> None:
    assert card.languages
    assert len(set(card.languages)) == len(card.languages)
    for language in card.languages:
        assert re.fullmatch("[a-z]{2}", language)
        assert language not in UNNAMED

    assert not EVALUATED & set(card.languages)
    assert "en" not in card.languages, "it is what is translated"


def test_what_was_heard_has_evidence(card: TranslatorCard) -> None:
    for heard in card.exposure:
        assert heard.kind == "speech"
        assert heard.evidence.strip()
        assert heard.languages

    # Nobody says of these base models all that they heard.
    assert card.name == "espeak" or (card.exposure and not card.exposure_complete)


def test_options_have_help() -> None:
    for name, translator in translators():
        for option in describe_options(translator.Options):
            assert option.help, (name, option.name)


def test_batches_and_devices_are_told() -> None:
    for _, translator in translators():
        assert translator.batch_size >= 1
        assert set(translator.devices) <= {"cpu", "cuda"}
        assert "cpu" in translator.devices


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_list_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(command, [])

    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= columns
    for word in ("prosody", "voice", "licence", "needs"):
        assert word in result.output


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("name", OURS)
def test_one_is_told_with_its_options(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(command, [name])
    lines = result.output.splitlines()
    # A link or a file name has no place to be broken at.
    long = [line for line in lines if len(line) > columns]

    assert result.exit_code == 0, result.output
    assert all(" " not in line.strip() for line in long)
    translator: type[Translator] = registry.resolve(registry.entry(TranslatorEntry, name))
    for option in describe_options(translator.Options):
        assert any(line.startswith(f"{option.name}  ") for line in lines)


def test_json_tells_all() -> None:
    listed = json.loads(CliRunner().invoke(command, ["--json"]).output)
    by_name = {row["name"]: row for row in listed}
    assert by_name["seamless-m4t"]["needs"]["transformers"] == "train"
    assert "weights of" in by_name["seamless-m4t"]["requires"][0]
    assert by_name["clone"]["languages"] == ["de", "es", "fr", "it"]

    told = json.loads(CliRunner().invoke(command, ["seamless-expressive", "--json"]).output)
    assert told["card"]["voice"] == "yes"
    assert told["card"]["exposure"][0]["evidence"]
    assert {option["option"] for option in told["options"]} >= {"environment", "gated_model_dir"}


def test_an_unknown_name_gives_the_nearest() -> None:
    result = CliRunner().invoke(command, ["seamless-mt4"])
    assert "did you mean 'seamless-m4t'" in str(result.exception)


def test_listing_loads_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from mserbench.cli.translators import "
        "command; result = CliRunner().invoke(command, ['--json']); assert not result.exit_code; "
        "print(sorted({'torch', 'transformers', 'pocket_tts', 'parselmouth'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
