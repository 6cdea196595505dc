"""Options that came later: keys, manifests and weights from before them stay good."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mserbench import evaluate, train
from mserbench.errors import UsageError
from mserbench.options import (
    check_ranges,
    completed,
    describe_options,
    later,
    make_options,
    option,
    optional,
    told,
)
from mserbench.results.manifest import read_manifest
from mserbench.running.choosing import find_weights
from mserbench.running.lookup import model_class, model_entry
from mserbench.running.spec import Spec

TASK = "emodb-sample"
Install = Callable[..., Path]


@dataclass(frozen=True)
class Options:
    rate: float = 0.1
    fast: bool = field(default=True, metadata=later(before=False))
    mode: str = field(default="a", metadata=later(before="a", always_told=True))


def test_a_later_option_is_told_unless_it_does_what_was_done_before() -> None:
    """Else every key would move with every new option, and finished runs be made again."""
    assert told(Options()) == {"rate": 0.1, "fast": True, "mode": "a"}
    assert told(Options(fast=False)) == {"rate": 0.1, "mode": "a"}


def test_records_from_before_are_completed_by_what_was_done_then() -> None:
    """Not by today's default; and nothing else is made up."""
    assert completed({"rate": 0.5}, Options) == {"rate": 0.5, "fast": False, "mode": "a"}
    assert completed({"fast": True, "strange": 1}, Options) == {
        "fast": True,
        "mode": "a",
        "strange": 1,
    }


def test_an_option_over_presets_came_later_where_its_setting_did() -> None:
    """None is what the preset has."""
    fields = {field.name: field for field in dataclasses.fields(Options)}
    over = dataclasses.make_dataclass(
        "Over", [(name, object, optional(old)) for name, old in fields.items()]
    )
    assert told(over()) == {"rate": None, "mode": None}
    assert told(over(fast=False)) == {"rate": None, "fast": False, "mode": None}


GROWN = """
    from dataclasses import dataclass, field
    from mserbench.options import later

    @dataclass(frozen=True)
    class Old:
        rate: float = 0.1

    @dataclass(frozen=True)
    class New:
        rate: float = 0.1
        fast: bool = field(default=False, metadata=later(before=False))

    class Grown(Trainee):
        Options = Old

        @property
        def card(self):
            return _card("grown")
"""


def test_keys_and_manifests_do_not_move_with_a_new_option(plugin: Install, tmp_path: Path) -> None:
    """The run of yesterday is found again today; asked otherwise, it is another run."""
    plugin(GROWN, models=["Grown"])
    kind = model_class("grown")
    weights = train("grown", [TASK], tmp_path / "w")
    before = evaluate("grown", TASK, weights=weights, out=tmp_path / "runs")
    kind.Options = kind.predict.__globals__["New"]
    assert evaluate("grown", TASK, weights=weights, out=tmp_path / "runs").folder == before.folder
    retrained = read_manifest(train("grown", [TASK], tmp_path / "w2"))
    assert retrained.options == read_manifest(weights).options == {"rate": 0.1}
    fast = evaluate("grown", TASK, weights=weights, options={"fast": "true"}, out=tmp_path / "runs")
    assert fast.folder != before.folder
    assert fast.record.model.options == {"rate": 0.1, "fast": True}


def test_shipped_weights_older_than_an_option_are_preferred_by_the_others() -> None:
    """`mix` and `centres` are younger than these weights: asked with normalise=speaker, those of it
    are taken.
    """
    entry = model_entry("whisper-linear")
    kind = model_class("whisper-linear")
    for normalise, suffix in (("training", ""), ("speaker", "-speaker")):
        settings = make_options(kind, {"normalise": normalise}, "whisper-linear")
        name, _ = find_weights("whisper-linear", kind, settings, None, None)
        # Without a task those for people come first, if nothing else is asked for.
        first = next(iter(entry.weights))
        assert name == (f"{first}{suffix}" if suffix else "whisper-linear-people")


@dataclass(frozen=True)
class Ranged:
    rate: float = option(0.1, "How fast.", "assumed", within="above 0")
    part: str = option("none", "Which.", "the paper", metadata=later(before="none"))


def test_an_option_is_declared_where_its_default_stands() -> None:
    rate, part = describe_options(Ranged)
    assert (rate.words, rate.default, rate.help) == ("number, above 0", 0.1, "How fast.")
    assert (part.words, part.default, part.evidence) == ("text", "none", "the paper")
    assert told(Ranged()) == {"rate": 0.1}


def test_a_number_out_of_its_range_is_refused() -> None:
    check_ranges(Ranged())
    with pytest.raises(UsageError, match=r"rate is .*, but must be above 0"):
        check_ranges(Ranged(rate=0.0))


def test_the_word_none_is_a_value_where_the_setting_over_a_preset_takes_it() -> None:
    """Else `bert=none` is read as not given, and what the preset has is taken unseen."""
    fields = {field.name: field for field in dataclasses.fields(Ranged)}
    over = dataclasses.make_dataclass(
        "Over",
        [
            ("rate", float | None, optional(fields["rate"])),
            ("part", str | None, optional(fields["part"])),
            ("plain", str | None, None),
        ],
        frozen=True,
    )
    kind = type("Kind", (), {"Options": over})
    texts = {"rate": "none", "part": "none", "plain": "none"}
    options = make_options(kind, texts, "mine")  # type: ignore[arg-type]
    assert (options.rate, options.part, options.plain) == (None, "none", None)
    assert [option.words for option in describe_options(over)] == [
        "number, above 0",
        "text",
        "text or none",
    ]


@pytest.mark.parametrize("model", ["logmel", "whisper-linear"])
def test_weights_bring_the_options_that_they_are_bound_to(model: str) -> None:
    """If normalise had to be typed beside weights whose name says it, the first try would fail."""
    name = next(name for name in model_entry(model).weights if name.endswith("-speaker"))
    spec = Spec.of(model, None, name)
    assert spec.options == (("normalise", "speaker"),)
    assert spec == Spec.of(model, None, name, {"normalise": "speaker"})

    plain = Spec.of(model, None, name.removesuffix("-speaker"))
    assert plain.options == ()
    with pytest.raises(UsageError, match="were trained with normalise=speaker: leave it away"):
        Spec.of(model, None, name, {"normalise": "training"})


def test_a_run_needs_no_option_beside_weights_that_have_it(tmp_path: Path) -> None:
    run = evaluate("logmel", TASK, weights="demo-speaker", out=tmp_path / "runs")
    assert run.record.model.options["normalise"] == "speaker"
    assert "transductive" in run.marks
    with pytest.raises(UsageError, match="trained with normalise=training: leave it away"):
        evaluate(
            "logmel", TASK, weights="demo", options={"normalise": "speaker"}, out=tmp_path / "runs"
        )
