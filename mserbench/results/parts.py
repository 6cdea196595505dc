"""Typed parts of JSON files: read once with every value checked, and written back just as they were
read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin, get_type_hints

Check = Callable[[Any], bool]
Reader = Callable[[Any, str], Any]
"""Takes a value and its path in the file; raises ValueError."""
_PartT = TypeVar("_PartT", bound="Part")


@dataclass(frozen=True, kw_only=True)
class Part:
    """An object of a JSON file.

    Each field says by `Annotated[type, reader]` how its value is checked and read. A field with a
    default may be missing in the file, and is not written while it holds that default and the file
    did not have it. What a stranger or a later version added is kept.
    """

    unknown: Mapping[str, Any] = field(default_factory=dict)
    """What stands beside the fields, under its keys."""

    key_order: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The keys as they were read, so that a file which is written again changes in no other way."""

    @classmethod
    def from_json(cls, value: object, path: str = "") -> Self:
        """Read an object that stands at `path` of a file. Raises ValueError in one sentence."""
        if not isinstance(value, dict):
            raise ValueError(f"{path!r} is missing or no object")

        readers, values = _readers(cls), {}

        for name, (reader, may_be_missing) in readers.items():
            if name in value or not may_be_missing:
                place = f"{path}.{name}" if path else name
                values[name] = reader(value.get(name, _Missing.HERE), place)

        # A stranger's file is written back as it came: what we do not know is not ours to drop.
        unknown = {key: extra for key, extra in value.items() if key not in readers}
        return cls(**values, unknown=unknown, key_order=tuple(value))

    def to_json(self) -> dict[str, Any]:
        """Return what the file holds: keys in the order in which they were read, then new ones."""
        own = {
            attribute.name: _plain(getattr(self, attribute.name))
            for attribute in fields(self)
            if attribute.name in _readers(type(self))
            and self._is_written(attribute.name, attribute.default)
        }
        everything = {**own, **self.unknown}
        order = dict.fromkeys([*(key for key in self.key_order if key in everything), *everything])

        return {key: everything[key] for key in order}

    def _is_written(self, name: str, default: object) -> bool:
        return default is MISSING or name in self.key_order or getattr(self, name) != default


class _Missing:
    """Stands for a value that a file does not have; shown as None, which it is for who reads the
    error.
    """

    HERE: _Missing

    def __repr__(self) -> str:
        return "None"


_Missing.HERE = _Missing()


_READERS: dict[type, dict[str, tuple[Reader, bool]]] = {}
"""How fields are read, by the kind of part, as one is first read."""


def _readers(kind: type[Part]) -> dict[str, tuple[Reader, bool]]:
    """Return how each field of a part is read, and whether it may be missing."""
    # Type hints are resolved once: a board reads hundreds of records.
    if kind not in _READERS:
        _READERS[kind] = _readers_of(kind)
    return _READERS[kind]


def _readers_of(kind: type[Part]) -> dict[str, tuple[Reader, bool]]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        attribute.name: (_reader_of(hints[attribute.name]), attribute.default is not MISSING)
        for attribute in fields(kind)
        if attribute.name not in ("unknown", "key_order")
    }


def _reader_of(hint: Any) -> Reader:
    if get_origin(hint) is Annotated:
        reader: Reader = get_args(hint)[1]
        return reader

    return part(hint)


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, (tuple, list)) else value


def checked(is_valid: Check, read: Callable[[Any], Any] | None = None) -> Reader:
    """Return a reader of values that a check passes; `read` turns them into what the part holds."""

    def reader(value: Any, path: str) -> Any:
        if not is_valid(value):
            raise invalid(value, path)
        return value if read is None else read(value)

    return reader


def part(kind: type[_PartT]) -> Reader:
    """Return a reader of an object."""
    return kind.from_json


def part_or_null(kind: type[_PartT]) -> Reader:
    """Return a reader of an object or null."""

    def reader(value: Any, path: str) -> _PartT | None:
        if value is not None and not isinstance(value, dict):
            raise invalid(value, path)
        return None if value is None else kind.from_json(value, path)

    return reader


def parts(kind: type[_PartT]) -> Reader:
    """Return a reader of a list of objects."""

    def reader(value: Any, path: str) -> tuple[_PartT, ...]:
        if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
            raise invalid(value, path)
        return tuple(kind.from_json(member, f"{path}[{at}]") for at, member in enumerate(value))

    return reader


def each(names: tuple[str, ...], is_valid: Check) -> Reader:
    """Return a reader of an object that holds a valid value under each name; others may stand
    beside.
    """

    def reader(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{path!r} is missing or no object")

        for name in names:
            if name not in value or not is_valid(value[name]):
                raise invalid(value.get(name), f"{path}.{name}")

        return value

    return reader


def invalid(value: object, path: str) -> ValueError:
    """Return the error of a value that is not what its field wants."""
    # A stranger's value may be as long as the file, and an error is one sentence.
    text = repr(value)
    return ValueError(
        f"{path!r} is {text if len(text) <= 60 else f'{text[:60]}...'}, which is no valid value"
    )


def is_text(value: object) -> bool:
    """Whether this is text that can be printed and written: half a character is good JSON, but
    cannot.
    """
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def is_name(value: object) -> bool:
    """Whether this is text that can be a name, and that leads nowhere where a path is made of it:
    no step of it is empty, `.` or `..`.
    """
    return is_text(value) and not {"", ".", ".."} & set(re.split(r"[/\\]", str(value)))


def is_flag(value: object) -> bool:
    """Whether this is true or false."""
    return isinstance(value, bool)


def is_count(value: object) -> bool:
    """Whether this is a whole number from 0 on that a float holds exactly."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def is_fraction(value: object) -> bool:
    """Whether this is a number from 0 to 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def is_amount(value: object) -> bool:
    """Whether this is a finite number from 0 on."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 <= value < float("inf")
    )


def are_texts(value: object) -> bool:
    """Whether this is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def are_facts(value: object) -> bool:
    """Whether this is an object of texts, finite numbers, flags, nulls, and lists and objects of
    them.
    """
    return isinstance(value, dict) and _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(is_text(key) and _is_plain(member) for key, member in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    # Python reads and writes NaN as JSON, and nobody else does.
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int) or is_text(value)


TEXT = checked(is_text)
NAME = checked(is_name)
TEXTS = checked(are_texts, tuple)
FLAG = checked(is_flag)
COUNT = checked(is_count)
FRACTION = checked(is_fraction)
OBJECT = checked(lambda value: isinstance(value, dict))
