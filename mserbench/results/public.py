"""What public checkpoints were trained on: a reviewed file, and how a model is found in it."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from mserbench.cards import Exposure, ModelCard
from mserbench.disk import outside
from mserbench.errors import DataError, UnknownName, why
from mserbench.results import own_cards

FILE = "public.toml"
PREFIX = "registry:"  # of a card that is an entry of the registry
UNREAD = ", a page that was not read"

Way = Literal["id", "hash", "folder", "made from", "name", "card"]
"""How a model was found: by its id on the hub, by the hash of its weights, by the name of its
folder, by what its configuration says that it was made from, by the name that a server or a program
gives it, or because the user named the entry.
"""
_TOLD: Mapping[Way, str] = {
    "id": "what it learnt is told by entry {entry!r} of the registry",
    "hash": "the hash of its weights is that of entry {entry!r} of the registry",
    "folder": "only the name of its folder says that it is entry {entry!r} of the registry, which "
    "is a claim: that its list is complete is not taken from there",
    "made from": "its configuration says that it was made from {sought!r}, entry {entry!r} of the "
    "registry; what it learnt after that nobody says",
    "name": "only the name {sought!r} that it is given says that it is entry {entry!r} of the "
    "registry, which is a claim: that its list is complete is not taken from there",
    "card": "the user says that it is entry {entry!r} of the registry",
}
# What these find is the very checkpoint, or vouched for by the user.
_SURE: tuple[Way, ...] = ("id", "hash", "card")


@dataclass(frozen=True)
class Part:
    """A corpus that a checkpoint was trained on; `is_read`: a copy of the page of the evidence was
    read and says so.
    """

    exposure: Exposure
    is_read: bool


@dataclass(frozen=True)
class Claim:
    """What others say of a checkpoint on some tasks, such as `zero-shot`, and where they do."""

    tasks: tuple[str, ...]
    says: str
    evidence: str
    is_read: bool


@dataclass(frozen=True)
class PublicModel:
    """An entry: one checkpoint, or several of one training.

    `ids` on the hub; `sha256` of weights files (hex); `reported_as`: its names among published
    results; `bases` are the entries that it was made from; `complete`: whether `parts` name all
    corpora with labels of emotion, those of its bases apart.
    """

    name: str
    title: str
    ids: tuple[str, ...]
    sha256: tuple[str, ...]
    reported_as: tuple[str, ...]
    bases: tuple[str, ...]
    complete: bool
    checked: date
    remark: str
    parts: tuple[Part, ...]
    claims: tuple[Claim, ...]

    @property
    def is_read(self) -> bool:
        """Whether all evidence of what it was trained on was read, that of its bases apart."""
        return all(part.is_read for part in self.parts)


@dataclass(frozen=True)
class Match:
    """An entry and how it was found; `sought`: the words that named it."""

    model: PublicModel
    way: Way
    sought: str = ""


@dataclass(frozen=True)
class Registry:
    """The entries by name, in the order of the file, and the corpora that are not installed here
    (`outside`).
    """

    models: Mapping[str, PublicModel]
    outside: tuple[str, ...]

    def named(self, name: str) -> PublicModel:
        """Return an entry by its name, by an id of the hub, or by the last part of an id where no
        other entry has it. Raises UnknownName.
        """
        if name in self.models:
            return self.models[name]

        for model in self.models.values():
            if name.casefold() in map(str.casefold, model.ids):
                return model

        alike = [model for model in self.models.values() if _is_last_part(name, model)]
        if len(alike) == 1:
            return alike[0]

        raise UnknownName("entry of the registry", name, self.models, "'mserbench exposures list'")

    def find(
        self,
        *,
        identifier: str = "",
        hashes: Iterable[str] = (),
        folder: str = "",
        made_from: str = "",
        name: str = "",
    ) -> Match | None:
        """Return the entry of a model by the surest that is known of it, None where nothing is.

        `hashes`: SHA-256 (hex) of its weights files; `folder`: the last part of its path; `name`:
        how a server or a program calls it.
        """
        weights = set(hashes)
        # What proves which checkpoint it is comes before what only says so.
        for model in self.models.values():
            if _is_id(identifier, model):
                return Match(model, "id", identifier)
            if weights & set(model.sha256):
                return Match(model, "hash")

        # A folder's name, cautiously: whole, and only as a claim.
        for model in self.models.values():
            if _is_last_part(folder, model):
                return Match(model, "folder", folder)

        # After the folder, which may tell of a later training than the configuration does.
        for model in self.models.values():
            if _is_id(made_from, model):
                return Match(model, "made from", made_from)
            if _is_id(name, model) or _is_last_part(name, model):
                return Match(model, "name", name)

        return None

    def card(self, match: Match, name: str) -> ModelCard:
        """Return the card of a model that was found, with all that its bases learnt."""
        model = match.model
        lineage = [model, *self.lineage(model)]
        # Of what bears a name nobody knows what it learnt beside the entry's list.
        is_complete = match.way in _SURE and all(ancestor.complete for ancestor in lineage)

        return ModelCard(
            name=name,
            title=model.title,
            version="unknown",
            licence="unknown",
            citation="",
            exposure=tuple(_exposures(lineage)),
            exposure_complete=is_complete,
            basis=_TOLD[match.way].format(entry=model.name, sought=match.sought),
        )

    def lineage(self, model: PublicModel) -> list[PublicModel]:
        """Return the bases of an entry, theirs too, each once."""
        ancestors: dict[str, PublicModel] = {}
        waiting = list(model.bases)
        # A registry that is being checked may have a circle.
        while waiting:
            base = self.models[waiting.pop(0)]
            if base.name not in ancestors:
                ancestors[base.name] = base
                waiting += base.bases

        return list(ancestors.values())


def card_named(text: str, name: str) -> ModelCard:
    """Return the card that a user means: an entry, `registry:NAME`, or a file of their own.

    Raises UnknownName for no entry, DataError for a file that cannot be read, and UsageError for a
    name of the model that none can have.
    """
    if not text.startswith(PREFIX):
        return own_cards.read_card(Path(text), name)

    # A card of one's own is refused by the same rule.
    own_cards.require_name(name)
    entries = registry()
    return entries.card(Match(entries.named(text.removeprefix(PREFIX)), "card"), name)


@functools.cache
def registry() -> Registry:
    """Return the registry that ships with the package."""
    text = (resources.files("mserbench.results") / FILE).read_text(encoding="utf-8")
    return parse(text, FILE)


def read(path: Path) -> Registry:
    """Return a registry of somebody's own. Raises DataError where it cannot be read."""
    try:
        text = outside.read(path, outside.SETTINGS).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"registry {str(path)!r} cannot be read: {why(error)}") from error

    return parse(text, str(path))


def parse(text: str, place: str) -> Registry:
    """Return a registry from TOML. Raises DataError naming the entry and the key at fault."""
    try:
        record = tomllib.loads(text)
    except ValueError as error:
        raise DataError(f"registry {place!r} is no TOML: {why(error)}") from error

    tables = record.get("model", [])
    models: dict[str, PublicModel] = {}
    for number, table in enumerate(tables, 1):
        model = _model(table, f"registry {place!r}, entry {table.get('name', number)!r}")
        if model.name in models:
            raise DataError(f"registry {place!r} has two entries {model.name!r}: rename one")

        models[model.name] = model

    # Only now: an entry may stand before its base.
    for model in models.values():
        missing = [base for base in model.bases if base not in models]
        if missing:
            raise DataError(
                f"registry {place!r}, entry {model.name!r}: its base {missing[0]!r} is no entry: "
                f"add it, or leave the base out"
            )

    return Registry(models, tuple(record.get("outside", [])))


def _model(table: Mapping[str, Any], place: str) -> PublicModel:
    return PublicModel(
        name=_value(table, "name", str, place),
        title=_value(table, "title", str, place),
        ids=_texts(table, "ids", place),
        sha256=_texts(table, "sha256", place),
        reported_as=_texts(table, "reported_as", place),
        bases=_texts(table, "base", place),
        complete=_value(table, "complete", bool, place),
        checked=_value(table, "checked", date, place),
        remark=str(table.get("remark", "")),
        parts=tuple(_part(part, place) for part in table.get("exposure", [])),
        claims=tuple(
            Claim(
                _texts(claim, "tasks", place),
                _value(claim, "says", str, place),
                _value(claim, "evidence", str, place),
                _value(claim, "evidence_checked", bool, place),
            )
            for claim in table.get("claim", [])
        ),
    )


def _part(table: Mapping[str, Any], place: str) -> Part:
    place = f"{place}, exposure to {table.get('corpus')!r}"
    exposure = Exposure(
        corpus=_value(table, "corpus", str, place),
        languages=_texts(table, "languages", place),
        kind=_value(table, "kind", str, place),
        evidence=_value(table, "evidence", str, place),
    )
    return Part(exposure, _value(table, "evidence_checked", bool, place))


def _value(table: Mapping[str, Any], key: str, kind: type, place: str) -> Any:
    value = table.get(key)
    if not isinstance(value, kind):
        raise DataError(f"{place}: {key!r} is {value!r}, but a {kind.__name__} was expected")

    return value


def _texts(table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise DataError(f"{place}: {key!r} is {values!r}, but a list of texts was expected")

    return tuple(values)


def _exposures(lineage: Iterable[PublicModel]) -> Iterator[Exposure]:
    """Yield what a model and its bases learnt, each with where that is known from."""
    for number, model in enumerate(lineage):
        of_base = f", of {model.name}, which it was made from" if number else ""
        for part in model.parts:
            # The verdict's reasons quote the evidence: there a reader must see how sure it is.
            evidence = f"{part.exposure.evidence}{'' if part.is_read else UNREAD}{of_base}"
            yield dataclasses.replace(part.exposure, evidence=evidence)


def _is_id(text: str, model: PublicModel) -> bool:
    return bool(text) and text.casefold() in map(str.casefold, model.ids)


def _is_last_part(text: str, model: PublicModel) -> bool:
    """Whether a name is that of a checkpoint without its owner, however it is written large."""
    # Servers and folders drop the owner; part of a name would match too much.
    last = [identifier.rpartition("/")[2].casefold() for identifier in model.ids]
    return bool(text) and text.casefold() in last
