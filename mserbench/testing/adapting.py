"""The check of a model that adapts: that it hears just the clips that it is given, and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from mserbench.errors import MserbenchError, UsageError
from mserbench.model import Model, Remoteness
from mserbench.results.journal import Answer
from mserbench.testing import guard, sounds
from mserbench.testing.findings import NotChecked, Violation, require
from mserbench.testing.probe import SAME, TOLERANCE, Probe, difference
from mserbench.testing.sounds import Sound

_N_HEARD = 4  # of the six ordinary sounds, in other samples than those that are scored


def check_adaptation(probe: Probe) -> str:
    """Say what was seen of a model's adaptation, or that it has none. Raises Violation."""
    defines = probe.kind.adapt is not Model.adapt
    require(
        probe.kind.adapts == probe.telling.adapts == defines,
        f"'adapts' is {probe.kind.adapts} (before it is made {probe.telling.adapts}), but the "
        f"class {'defines' if defines else 'lacks'} 'adapt': let the two say the same",
    )
    if not defines:
        return "it does not adapt, which is allowed"
    if probe.model.transductive:
        return "it is transductive with these options, and is not adapted"

    heard = _heard()
    try:
        first = _answers(probe, heard)
    # Options and weights may decide whether a model adapts.
    except UsageError as reason:
        raise NotChecked(f"it does not adapt with these options and weights ({reason})") from reason

    _hears_just_these(probe, heard, first)
    _is_independent(probe, heard, first)
    _refuses_nothing(probe)
    _survives(probe)
    _knows_no_label(probe, heard)

    return (
        "hears just the clips that it is given, in any order; scores beside others, of a new "
        "instance and without adaptation are as ever; odd clips and none are dealt with"
    )


def check_remoteness(probe: Probe) -> str:
    """Say what a model tells of the distance of clips from its training. Raises Violation."""
    if probe.kind.remoteness is Model.remoteness:
        return "it does not tell how far clips lie, which is allowed"

    clips = sounds.clips(sounds.ordinary(), grouped=False)
    before = probe.make()
    remote, backwards = (before.remoteness(heard) for heard in (clips, clips[::-1]))
    if remote is None:
        return "it does not know how far clips lie, which is allowed"

    require(
        isinstance(remote, Remoteness) and bool(np.isfinite([remote.distance, remote.reach]).all()),
        f"it gave {str(remote)[:80]!r} as remoteness, but a Remoteness with finite distances was "
        f"expected",
    )
    scale = max(abs(remote.distance), remote.reach, 1e-12)
    require(
        backwards is not None and abs(backwards.distance - remote.distance) <= TOLERANCE * scale,
        "the distance changes with the order of the clips: take their mean alone",
    )
    _same(
        probe.usual, probe.ask(sounds.ordinary(), model=before), "asking how far clips lie changes"
    )

    return f"{remote.distance:.3g} from {remote.nearest}; its training reaches {remote.reach:.3g}"


def _heard(seed: int = 0) -> list[Sound]:
    """Return sounds to hear that are none of the ordinary ones, which are scored."""
    random = np.random.default_rng(seed)
    return [
        sounds.sound(
            np.clip(recording.waveform[::-1] * random.uniform(0.3, 0.9), -1, 1),
            f"heard {seed} {at}",
        )
        for at, recording in enumerate(sounds.ordinary()[-_N_HEARD:])
    ]


def _adapted(probe: Probe, heard: Sequence[Sound]) -> Model:
    model = probe.make()
    model.adapt(sounds.clips(heard, grouped=False))
    return model


def _answers(probe: Probe, heard: Sequence[Sound]) -> list[Answer]:
    return probe.ask(sounds.ordinary(), model=_adapted(probe, heard))


def _same(
    wanted: Sequence[Answer], answers: Sequence[Answer], doing: str, limit: float = SAME
) -> None:
    largest = difference(wanted, answers)
    require(
        largest <= limit,
        f"{doing} its scores: the largest difference is {largest:.2g} of the largest score",
    )


def _hears_just_these(probe: Probe, heard: Sequence[Sound], first: Sequence[Answer]) -> None:
    """Scores follow from the clips that were given, whatever another instance heard."""
    # An instance between the two that hears others: what is kept in a class would show.
    _answers(probe, _heard(seed=1))
    _same(first, _answers(probe, heard), "another instance that heard the same clips changes")
    turned = _answers(probe, list(heard)[::-1])
    _same(first, turned, "the order of the clips that are heard changes", TOLERANCE)

    untouched = probe.ask(sounds.ordinary(), model=probe.make())
    _same(probe.usual, untouched, "that another instance was adapted changes")
    _same(
        probe.usual, probe.ask(sounds.ordinary()), "that another instance was adapted later changes"
    )

    renamed = [dataclasses.replace(sound, seed=sound.seed[::-1]) for sound in heard]
    _same(first, _answers(probe, renamed), "which utterances are heard, by their seeds, changes")


def _is_independent(probe: Probe, heard: Sequence[Sound], first: Sequence[Answer]) -> None:
    """After it was adapted, a score still depends on its own clip alone."""
    model, ordinary = _adapted(probe, heard), sounds.ordinary()
    alone = [probe.ask([sound], model=model)[0] for sound in ordinary]
    _same(first, alone, "after 'adapt' the clips beside one change", TOLERANCE)

    again = probe.ask(ordinary, model=model)
    _same(first, again, "after 'adapt' what was predicted before changes", TOLERANCE)


def _refuses_nothing(probe: Probe) -> None:
    for name, clips in {"no clip": [], "None for a clip": [None]}.items():
        model, given = probe.make(), _given(clips)
        try:
            model.adapt(given)
        # None is no clip, and breaks in whatever way; an empty list must be told in a sentence.
        except Exception as error:
            if not clips and not isinstance(error, MserbenchError):
                raise Violation(
                    f"'adapt' with {name} raises {type(error).__name__}, but a UsageError in a "
                    f"sentence was expected"
                ) from error
            continue

        raise Violation(f"'adapt' takes {name} without a word: a UsageError was expected")


def _given(clips: Any) -> Any:
    return clips


def _survives(probe: Probe) -> None:
    """One clip, and clips of odd lengths and levels, leave finite scores: `ask` looks at them."""
    for odd in ([sounds.ordinary()[3]], *([sound] for sound in sounds.extremes().values())):
        _answers(probe, odd)

    _answers(probe, list(sounds.extremes().values()))


def _knows_no_label(probe: Probe, heard: Sequence[Sound]) -> None:
    with guard.out_of_reach(guard.label_modules(probe.kind)) as reached:
        _answers(probe, heard)

    require(
        not reached,
        f"'adapt' reached for {sorted(set(reached))}, where labels are: it is given clips alone",
    )
