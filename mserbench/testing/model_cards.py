"""Checks of what a model says of itself: its card, what it was trained on and chosen on."""

from __future__ import annotations

from typing import get_args

from mserbench.cards import ExposureKind
from mserbench.testing.findings import require, require_languages
from mserbench.testing.probe import Probe


def check_card(probe: Probe) -> str:
    """Check that the card says who made the model, and calls it by its name."""
    card = probe.card
    empty = [name for name in ("name", "title", "version", "licence") if not getattr(card, name)]
    require(
        not empty,
        f"fields {empty} of the card are empty: say who made the model, under which licence",
    )
    require(bool(probe.kind.version), "Model.version is empty: change it whenever scores change")
    # A class that is not registered yet has no name but its own.
    named = probe.kind.__name__ == probe.name or card.name == probe.name
    require(
        named,
        f"its card calls it {card.name!r}, but it is registered as {probe.name!r}: use one name",
    )

    return f"{card.title}, version {card.version}, {card.licence}" + (
        "" if card.citation else "; nothing to cite"
    )


def check_exposure(probe: Probe) -> str:
    """Check that each thing it was trained on has a kind, languages and evidence."""
    card = probe.card
    for exposure in card.exposure:
        place = f"exposure to {exposure.corpus!r}"
        require(
            exposure.kind in get_args(ExposureKind),
            f"{place}: kind {exposure.kind!r} is not one of {get_args(ExposureKind)}",
        )
        require_languages(exposure.languages, place)
        require(
            bool(exposure.evidence), f"{place}: 'evidence' is empty: say where this is known from"
        )

    if not card.exposure_complete:
        return (
            "not known to be complete, which is allowed: the verdict of its runs is then never "
            "'zero-shot'"
        )

    unknown = [
        exposure.kind
        for exposure in card.exposure
        if exposure.corpus == "unknown" and exposure.kind == "emotion-labels"
    ]
    require(
        not unknown, "called complete, but one corpus is 'unknown': set exposure_complete to False"
    )
    return f"complete, {len(card.exposure)} item(s)"


def check_development(probe: Probe) -> str:
    """Check that the corpora its defaults were chosen on are names."""
    chosen_on = probe.card.development
    are_names = isinstance(chosen_on, tuple) and all(
        isinstance(name, str) and name for name in chosen_on
    )
    require(
        are_names,
        f"development is {chosen_on!r}: give a tuple of names, as 'mserbench corpora' has them",
    )
    if not chosen_on:
        return "says that no corpus was looked at while its defaults were chosen"

    return f"its defaults were chosen on {', '.join(chosen_on)}: runs there are marked"
