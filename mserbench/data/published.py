"""Corpora that we have seen whole: which of their files are no longer the published ones."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from mserbench.cards import CorpusCard
from mserbench.data import corpus
from mserbench.data.index import Facts
from mserbench.errors import PluginError
from mserbench.plugins.packages import package_file

_BYTES = 6  # of each audio key: of a million recordings two are alike with a chance of 1 : 500
_WIDTH = _BYTES * 4 // 3  # characters in base64
_A_LINE = 12
_SHOWN = 3


@dataclass(frozen=True)
class Comparison:
    """How the clips that were heard differ from the published ones.

    `differing` maps the id of each clip with other audio to the id whose published audio it holds,
    or to nothing. `unseen`: so few are as we know them that this is another edition.
    """

    differing: Mapping[str, str] = field(default_factory=dict)
    unseen: bool = False

    def problems(self, card: CorpusCard) -> list[str]:
        """Return a sentence for each kind of difference, with how many files, and the first."""
        swapped = sorted(
            (identity, owner)
            for identity, owner in self.differing.items()
            if identity < owner and self.differing.get(owner) == identity
        )
        in_pairs = {identity for pair in swapped for identity in pair}
        instead = [
            f"{identity!r} holds {owner!r}"
            for identity, owner in self.differing.items()
            if owner and identity not in in_pairs
        ]
        strange = [repr(identity) for identity, owner in self.differing.items() if not owner]

        pairs = [f"{first!r} and {second!r}" for first, second in swapped]
        kinds = (
            ("pair(s) of files are swapped", pairs),
            ("file(s) hold the audio of another recording", instead),
            ("file(s) are not the audio that was published", strange),
        )  # fmt: skip
        return [
            f"{card.name}: {len(items)} {kind}: {_first(items)}: get them from the publisher again"
            for kind, items in kinds
            if items
        ]

    def notes(self, card: CorpusCard) -> list[str]:
        """Return what a reader must know of another edition, or nothing."""
        if not self.unseen:
            return []
        return [
            f"{card.name}: the audio is of no edition that we have seen, so that it cannot be told "
            "whether each file is as published"
        ]


def compare(card: CorpusCard, facts: Mapping[str, Facts]) -> Comparison:
    """Compare clips by id with what was published; nothing where the card knows no keys.

    Clips that could not be decoded are left out, and those that the inventory does not know.
    """
    keys_of_ids = short_keys(card)
    heard = {
        identity: short(clip.key)
        for identity, clip in facts.items()
        if clip.key and identity in keys_of_ids
    }
    equal = sum(keys_of_ids[identity] == key for identity, key in heard.items())
    if 2 * equal <= len(heard):
        return Comparison(unseen=bool(heard))

    owners = {key: identity for identity, key in keys_of_ids.items()}
    return Comparison(
        {
            identity: owners.get(key, "")
            for identity, key in sorted(heard.items())
            if keys_of_ids[identity] != key
        }
    )


def short_keys(card: CorpusCard) -> dict[str, str]:
    """Return the short audio key of each id of a corpus; empty where its card names none.

    Raises PluginError where there are not as many keys as ids.
    """
    if card.keys is None:
        return {}

    names = corpus.inventory(card)
    text = "".join(package_file(card.keys).read_text(encoding="ascii").split())
    if len(text) != _WIDTH * len(names):
        raise PluginError(
            f"file {card.keys!r} holds {len(text) / _WIDTH:g} audio keys, but corpus {card.name!r} "
            f"has {len(names)} ids: 'mserbench.data.published.packed' writes it"
        )

    return {name: text[_WIDTH * i : _WIDTH * (i + 1)] for i, name in enumerate(names)}


def short(key: str) -> str:
    """Return the beginning of an audio key (hex) as base64."""
    return base64.urlsafe_b64encode(bytes.fromhex(key[: 2 * _BYTES])).decode()


def packed(card: CorpusCard, facts: Mapping[str, Facts]) -> str:
    """Return the text of a file of keys: of every id of the inventory, in order.

    Raises KeyError where one was not heard.
    """
    keys = [short(facts[name].key) for name in corpus.inventory(card)]
    lines = ["".join(keys[start : start + _A_LINE]) for start in range(0, len(keys), _A_LINE)]
    return "".join(f"{line}\n" for line in lines)


def _first(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
