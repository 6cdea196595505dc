"""Reads TOML tables strictly: every key known, every value of its kind, each mistake one sentence
with its place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.errors import UsageError, why


@dataclass(frozen=True)
class Table:
    """A table of a TOML file and where it stands in it, such as `settings 'EN-DE'`."""

    file: Path
    where: str
    values: Mapping[str, Any]

    def error(self, key: str, fault: str) -> UsageError:
        """Return the error that names file, place and key."""
        place = f"{self.where}, " if self.where else ""
        return UsageError(f"{str(self.file)!r}: {place}{key!r} {fault}")

    def require(self, keys: Sequence[str], needed: Sequence[str] = ()) -> None:
        """Raise UsageError for a key that is not known, and for a needed one that is not there."""
        import difflib  # slow to import, and wanted for a mistake alone

        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                hint = f"did you mean {near[0]!r}" if near else f"{', '.join(keys)} are"
                raise self.error(key, f"is no key that is known here: {hint}")

        for key in needed:
            if key not in self.values:
                raise self.error(key, "is missing: give it")

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"is {value!r}, but a text was expected")
        return value

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """Return a list of different texts; one text stands for a list of it."""
        value = self.values.get(key, list(default))
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
            raise self.error(key, f"is {value!r}, but a list of texts was expected")
        if len(set(value)) < len(value):
            raise self.error(key, f"is {value!r}, but each may be named once only")

        return tuple(value)

    def numbers(self, key: str, default: Sequence[int]) -> tuple[int, ...]:
        """Return a list of different whole numbers from 0, at least one."""
        value = self.values.get(key, list(default))
        right = (
            isinstance(value, list)
            and value
            # Not isinstance: true and false are whole numbers in Python.
            and all(type(number) is int and number >= 0 for number in value)
        )
        if not right or len(set(value)) < len(value):
            raise self.error(
                key, f"is {value!r}, but a list of different whole numbers was expected"
            )

        return tuple(value)

    def table(self, key: str) -> Table:
        """Return a table below this one, empty where there is none."""
        return self._table(
            key, self.values.get(key, {}), f"{self.where}.{key}" if self.where else key
        )

    def tables(self, key: str) -> list[Table]:
        """Return the tables by name below a key, or those of an array, each of which has a
        `name`.
        """
        value = self.values.get(key, [])
        if isinstance(value, Mapping):
            return [
                self._table(key, table, f"{key} {name!r}", {"name": name})
                for name, table in value.items()
            ]
        if not isinstance(value, list):
            raise self.error(key, f"is {value!r}, but tables [[{key}]] were expected")

        tables = []
        for at, table in enumerate(value, start=1):
            name = table.get("name") if isinstance(table, Mapping) else None
            place = f"{key} {name!r}" if isinstance(name, str) else f"{key} number {at}"
            tables.append(self._table(key, table, place))

        return tables

    def options(self, key: str) -> dict[str, str]:
        """Return options of a model as the command line would give them."""
        return {
            name: self._option(key, name, value) for name, value in self.table(key).values.items()
        }

    def options_by_model(self, key: str) -> dict[str, dict[str, str]]:
        """Return options of several models, each a table of its own."""
        models = self.table(key)
        return {name: models.options(name) for name in models.values}

    def _option(self, key: str, name: str, value: object) -> str:
        # Before the numbers, of which Python's true and false are two.
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int, float)):
            return str(value)

        raise self.error(
            key,
            f"has the option {name!r} = {value!r}, but a text, a number, true or false was "
            f"expected",
        )

    def _table(
        self, key: str, value: object, place: str, more: Mapping[str, str] | None = None
    ) -> Table:
        if not isinstance(value, Mapping):
            raise self.error(key, f"is {value!r}, but a table was expected")
        return Table(self.file, place, {**(more or {}), **value})


def read(file: Path) -> Table:
    """Read a TOML file. Raises UsageError where it cannot be read or is none."""
    try:
        # Some editors put a byte order mark first, which TOML does not know.
        return Table(
            file, "", tomllib.loads(outside.read(file, outside.SETTINGS).decode("utf-8-sig"))
        )
    except OSError as error:
        raise UsageError(
            f"{str(file)!r} cannot be read: {error.strerror or error}: give another file"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{str(file)!r} is no TOML file: {why(error)}: correct it") from error
