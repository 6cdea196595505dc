"""What a reader is told of the options of every model: on the pages, at a terminal, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mserbench.options import OptionDescription, describe_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry, TranslatorEntry
from mserbench.running.lookup import described_class

PAGES = Path(__file__).parents[2] / "docs/options"
MODELS = list(registry.entries(ModelEntry))
TRANSLATORS = list(registry.entries(TranslatorEntry))
REBUILT = ("mser-llm", "supcon-w2v2")  # the models of the two papers


def options(model: str) -> list[OptionDescription]:
    pytest.importorskip("torch", reason="pip install 'mserbench[train]'")
    return describe_options(described_class(model).Options)


@pytest.mark.parametrize("model", MODELS)
def test_every_option_says_what_it_does_and_what_its_default_rests_on(model: str) -> None:
    """A choice that is not told cannot be judged."""
    assert [option.name for option in options(model) if not option.help.endswith(".")] == []
    assert [option.name for option in options(model) if not option.evidence] == []
    assert [option.name for option in options(model) if option.evidence.endswith(".")] == []


@pytest.mark.parametrize("model", REBUILT)
def test_a_number_is_of_the_paper_or_said_to_be_assumed_or_chosen(model: str) -> None:
    """An assumption that reads like the paper's would make a reproduction of what never was."""
    words = ("the paper", "assumed", "chosen", "figures")
    for option in options(model):
        assert option.evidence.startswith(words) or option.name == "preset", option.name


def test_assumptions_of_the_papers_are_not_told_as_theirs() -> None:
    """Of these the papers say nothing (fact sheet of the methods)."""
    not_in_paper = {
        "mser-llm": ("num_queries", "margin", "same_weight", "decoding_weight", "steps", "warmup"),
        "supcon-w2v2": ("temperature", "reversal_strength", "learning_rate", "lora_rank"),
    }
    for model, names in not_in_paper.items():
        evidence = {option.name: option.evidence for option in options(model)}
        assert [name for name in names if not evidence[name].startswith("assumed")] == []

    stated = {option.name: option.evidence for option in options("supcon-w2v2")}
    for name in ("alpha", "beta", "cross_language_weight", "batch_languages", "batch_samples"):
        assert stated[name].startswith("the paper"), name


@pytest.mark.parametrize("model", REBUILT)
def test_presets_are_told_with_every_option(model: str) -> None:
    options_class = described_class(model).Options
    for option in options(model)[1:]:
        assert list(option.presets) == list(options_class.PRESETS)
        assert option.presets["paper"] == getattr(options_class.PRESETS["paper"], option.name)


@pytest.mark.parametrize("model", MODELS)
def test_the_committed_page_is_what_the_code_says(cli, model: str) -> None:
    """A reader of the page must not be told an old default."""
    options(model)
    done = cli("models", model, "--markdown")
    page = PAGES / f"{model}.md"
    assert page.read_text(encoding="utf-8") == done.out, (
        f"remake it: mserbench models {model} --markdown > docs/options/{model}.md"
    )


def test_there_is_no_page_of_a_model_that_is_gone() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(MODELS)
    assert {path.stem for path in (PAGES / "translators").iterdir()} == set(TRANSLATORS)


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_the_committed_page_of_a_translator_is_what_the_code_says(cli, translator: str) -> None:
    done = cli("translators", translator, "--markdown")
    page = PAGES / "translators" / f"{translator}.md"
    assert page.read_text(encoding="utf-8") == done.out, (
        f"remake it: mserbench translators {translator} --markdown > "
        f"docs/options/translators/{translator}.md"
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(
    cli, monkeypatch: pytest.MonkeyPatch, model: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    page = cli("models", model).out
    assert [line for line in page.splitlines() if len(line) > width] == []
    assert all(f"\n{option.name}  " in page for option in options(model))


def test_presets_stand_side_by_side_where_they_fit(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = cli("models", "mser-llm").out
    assert (
        "\nlearning_rate  number\n    paper 1e-05        small 0.0001       mini 0.0003        "
        "tiny 0.003\n" in page
    )
    assert "\nnum_queries  whole number, at least 1\n" in page
    assert "\nqformer_layers  whole number, at least 1\n    paper 12 " in page
    assert "    all presets: false\n" in page
    assert "\npreset  tiny or mini or small or paper\n" in page


def test_a_script_reads_the_same(cli) -> None:
    records = json.loads(cli("models", "mser-llm", "--json").out)
    assert list(records[0]) == ["option", "type", "default", "presets", "help", "evidence"]
    bert = next(record for record in records if record["option"] == "bert")
    assert (bert["type"], bert["default"]) == ("str or none", None)
    assert bert["presets"]["mini"] == "minilm-l6"
    assert bert["evidence"].startswith("the paper says BERT")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("logmel", "--markdown", "--json"), "--markdown and --json were both given"),
        (("--markdown",), "--markdown prints the page of one model: name it"),
    ],
)
def test_what_cannot_be_printed_is_refused(cli, arguments: tuple[str, ...], complaint: str) -> None:
    done = cli("models", *arguments)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
