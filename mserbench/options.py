"""Options of a model: declared, described, read from a command line, told in records."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from mserbench.errors import UnknownName, UsageError, why

if TYPE_CHECKING:
    from mserbench.model import Model
    from mserbench.translator import Translator

# Keys of a field's metadata. Other metadata that a plugin puts there is left alone.
_BEFORE, _ALWAYS = "before", "always_told"
_HELP, _EVIDENCE, _GROUP, _RANGE = "help", "evidence", "group", "range"
_OVER_PRESET = "over_preset"
_CONDUCT = "conduct"

RANGES: Mapping[str, Callable[[float], bool]] = {
    "at least 1": lambda value: value >= 1,
    "above 0": lambda value: value > 0,
    "0 or more": lambda value: value >= 0,
    "in [0, 1)": lambda value: 0 <= value < 1,
    "in [0, 1]": lambda value: 0 <= value <= 1,
    "in [-1, 1], as cosines are": lambda value: -1 <= value <= 1,
}
"""The ranges that a number may be declared to lie in, as errors and descriptions word them."""

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclasses.dataclass(frozen=True)
class OptionDescription:
    """One option as a reader meets it: what it may be, what it is if nothing is given, and why.

    `type` is as errors name it, `words` as a sentence would, with the range. `over_preset`: where
    it is not given, the value of a preset is taken, which `presets` holds of each; the `default` is
    then None.
    """

    name: str
    type: str
    words: str
    default: Any
    over_preset: bool
    presets: Mapping[str, Any]
    help: str
    evidence: str
    group: str


def option(
    default: Any,
    help: str,  # noqa: A002 - the word that argparse and click have for it
    evidence: str = "",
    *,
    within: str = "",
    group: str = "",
    conduct: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """Declare an option where its default stands: a field of a frozen dataclass.

    `help` says what it does, `evidence` what its default rests on: a section of a paper, figures,
    or that it is assumed. `within` is one of RANGES, for `check_ranges`. `group` is the title of
    the options from this one on. `conduct`: it says how the work is done and changes no answer, as
    a number of threads or a budget, so that it is part of no record and no key. `metadata` is that
    of `later`, for an option that came later.
    """
    told_of = {_HELP: help, _EVIDENCE: evidence, _GROUP: group}
    marks = {**({_RANGE: within} if within else {}), **({_CONDUCT: True} if conduct else {})}
    return dataclasses.field(default=default, metadata={**told_of, **marks, **(metadata or {})})


def later(*, before: Any, always_told: bool = False) -> dict[str, Any]:
    """Return the metadata of a field of options or settings that was added when weights and runs
    were about.

    `before`: the value that does what the code did then. Records leave the field out where it has
    that value, so that the keys made of them stay what they were, unless it is `always_told`, as
    where records have held it since.
    """
    return {_BEFORE: before, _ALWAYS: always_told}


def optional(field: dataclasses.Field[Any]) -> Any:
    """Declare the field that may give a value for another, or None for none given.

    Help, evidence and group are the other's; it came later if that one did.
    """
    came_later = {_BEFORE: None} if _BEFORE in field.metadata else {}
    return dataclasses.field(
        default=None, metadata={**field.metadata, **came_later, _OVER_PRESET: True}
    )


def check_ranges(options: Any) -> None:
    """Raise UsageError for the first option that lies outside of the range declared for it."""
    for field in dataclasses.fields(options):
        declared = field.metadata.get(_RANGE)
        value = getattr(options, field.name)
        if declared and not RANGES[declared](value):
            raise UsageError(
                f"option {field.name} is {value}, but must be {declared}: give another value"
            )


def told(options: Any) -> dict[str, Any]:
    """Return a dataclass of options as records hold it, JSON-ready."""
    values = dataclasses.asdict(options)
    # Left out so that keys made of records before the option came stay what they were.
    silent = [
        field.name
        for field in dataclasses.fields(options)
        if _BEFORE in field.metadata
        and not field.metadata[_ALWAYS]
        and values[field.name] == field.metadata[_BEFORE]
    ]
    silent += [field.name for field in dataclasses.fields(options) if _CONDUCT in field.metadata]

    return {name: value for name, value in values.items() if name not in silent}


def completed(record: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return recorded options of the dataclass `kind` with those that came later and are not named.

    Nothing else is mended: what else is missing, unknown or of the wrong type stays so.
    """
    before = {
        field.name: field.metadata[_BEFORE]
        for field in dataclasses.fields(kind)
        if _BEFORE in field.metadata
    }
    # No record holds those, so any value does.
    before |= {
        field.name: field.default
        for field in dataclasses.fields(kind)
        if _CONDUCT in field.metadata
    }

    return {**before, **record}


def describe_options(options: type[Any]) -> list[OptionDescription]:
    """Return what a reader may know of each option of a class of options, in their order.

    A class that has presets tells them as `PRESETS`: by name, objects that have every option but
    `preset` as an attribute.
    """
    kinds = typing.get_type_hints(options)
    presets: Mapping[str, Any] = getattr(options, "PRESETS", {})
    described = []
    for field in dataclasses.fields(options):
        over_preset = _OVER_PRESET in field.metadata
        kind = _without_none(kinds[field.name]) if over_preset else kinds[field.name]
        described.append(
            OptionDescription(
                name=field.name,
                type=type_name(kinds[field.name]),
                words=", ".join(
                    filter(None, [type_name(kind, _WORDS), field.metadata.get(_RANGE)])
                ),
                default=None if field.default is dataclasses.MISSING else field.default,
                over_preset=over_preset,
                presets={
                    str(preset): getattr(settings, field.name)
                    for preset, settings in presets.items()
                    if over_preset and hasattr(settings, field.name)
                },
                help=field.metadata.get(_HELP, ""),
                evidence=field.metadata.get(_EVIDENCE, ""),
                group=field.metadata.get(_GROUP, ""),
            )
        )

    return described


def make_options(
    model: type[Model] | type[Translator],
    texts: Mapping[str, str],
    name: str,
    kind: Literal["model", "translator"] = "model",
) -> Any:
    """Turn `--option key=value` strings into the options dataclass of a model or a translator.

    Raises UsageError for an option that it does not have or a value of the wrong type.
    """
    kinds = typing.get_type_hints(model.Options)
    over_preset = {
        field.name for field in dataclasses.fields(model.Options) if _OVER_PRESET in field.metadata
    }
    values = {}
    for key, text in texts.items():
        if key not in kinds:
            # Translators have no page each: their listing is what there is to look at.
            listing = f"'mserbench models {name}'" if kind == "model" else "'mserbench translators'"
            raise UnknownName(f"option of {kind} {name!r}", key, kinds, listing)

        try:
            values[key] = _convert(kinds[key], text, over_preset=key in over_preset)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"option {key!r} of {kind} {name!r} is {text!r}, but "
                f"{type_name(kinds[key])} was expected"
            ) from error

    try:
        return model.Options(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"options of {kind} {name!r} are not valid: {why(error)}") from error


def type_name(kind: Any, names: Mapping[Any, str] | None = None) -> str:
    """Return how a person reads the type of an option: `float or none`, `training or speaker`.

    `names` are other names for plain types.
    """
    choices = typing.get_args(kind)
    if not choices:
        plain = "none" if kind is type(None) else str(getattr(kind, "__name__", kind))
        return (names or {}).get(kind, plain)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(str(choice) for choice in choices)
    return " or ".join(type_name(choice, names) for choice in choices)


def _without_none(kind: Any) -> Any:
    """Return the type of the setting itself, for that of an option which may also not be given."""
    return typing.Union[  # noqa: UP007 - a value here, not an annotation
        tuple(choice for choice in typing.get_args(kind) if choice is not type(None))
    ]


def _convert(kind: Any, text: str, over_preset: bool = False) -> object:
    if over_preset:
        # What the setting itself takes comes first: its value may be the word "none", which only
        # where the setting has no such value means that nothing is given.
        with contextlib.suppress(KeyError, ValueError):
            return _convert(_without_none(kind), text)

    choices = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return {str(choice): choice for choice in choices}[text]
    if choices:  # a union: the first kind that takes the text
        # Of a Literal that has a "none" of its own the word is meant, not the absence of a value.
        has_word_none = any("none" in typing.get_args(choice) for choice in choices)
        if type(None) in choices and text.lower() == "none" and not has_word_none:
            return None

        for choice in choices:
            with contextlib.suppress(KeyError, ValueError):
                return _convert(choice, text)

        raise ValueError(text)
    if kind is type(None):
        raise ValueError(text)
    if kind is bool:
        return {"true": True, "false": False}[text.lower()]

    return kind(text)
