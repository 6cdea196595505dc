"""Checks of a model: what it returns, what it may depend on, and what it survives."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mserbench.errors import MserbenchError
from mserbench.labels import CANONICAL
from mserbench.model import Model
from mserbench.results.journal import Answer
from mserbench.testing import guard, sounds
from mserbench.testing.adapting import check_adaptation, check_remoteness
from mserbench.testing.described import check_described, check_source
from mserbench.testing.embeddings import check_embeddings
from mserbench.testing.findings import (
    Finding,
    NotChecked,
    Violation,
    not_checked,
    require,
    run_checks,
)
from mserbench.testing.model_cards import check_card, check_development, check_exposure
from mserbench.testing.probe import SAME, TOLERANCE, Probe, difference, probe_of
from mserbench.testing.sounds import Sound

_LABEL_SETS = (
    ("sad", "happy"),
    ("neutral", "happy", "sad", "angry"),
    (*CANONICAL, "calm", "boredom", "enthusiasm"),
)


def check_model(
    model: str | type[Model],
    weights: str | Path | None = None,
    options: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Check a model, by name or class, on synthetic clips made on the spot; it runs on the CPU
    where it can.

    `weights` is a folder or the name of shipped weights; without, the first that ship with the
    plugin are taken, and a model that has none is not checked. Raises UsageError for unknown names
    and options, MissingExtra where an optional package is absent, DataError where weights are
    damaged.
    """
    probe = probe_of(model, weights, options or {})
    findings: list[Finding] = []
    # A model that cannot be made fails once, not in each of the checks.
    for stage in ({"options": _options}, {"loads": _loads}, CHECKS):
        if all(finding.ok for finding in findings):
            findings += run_checks(stage, probe)
        else:
            findings += not_checked(stage, "not checked, as the model could not be made")

    return findings


def _options(probe: Probe) -> str:
    kind = probe.kind.Options
    frozen = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    require(
        frozen,
        f"Options is {kind!r}, but must be a frozen dataclass: options are part of a run's "
        "identity",
    )
    needed = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    require(
        not needed,
        f"options {needed} have no default: give each one, so that the model runs as it is",
    )
    values: dict[str, Any] = dataclasses.asdict(kind())
    # It raises for what the record of a run cannot hold.
    json.dumps(values)

    return f"{len(values)} option(s), a frozen dataclass with defaults"


def _loads(probe: Probe) -> str:
    address = probe.kind.address
    if address and not getattr(probe.settings(probe.kind), address):
        raise NotChecked(
            f"it is no model without an address: give one, as in {probe.name}:REST, or by option "
            f"{address}"
        )
    if probe.kind.needs_weights and probe.weights is None:
        raise NotChecked(
            "it needs weights and ships none: train some and give their folder as weights"
        )

    return f"loaded on {probe.model.device}" + (
        f" with weights {probe.weights.name!r}" if probe.weights else ""
    )


def _scores(probe: Probe) -> str:
    texts = [text for _, text in probe.usual if text]
    if texts:
        return f"{len(texts)} text answers for {len(texts)} clips, such as {texts[0]!r}"
    return f"finite scores of shape ({len(probe.usual)}, {len(CANONICAL)})"


def _same(probe: Probe, answers: Sequence[Answer], limit: float, breach: str, advice: str) -> str:
    largest = difference(probe.usual, answers)
    require(
        largest <= limit,
        f"{breach}: the largest difference is {largest:.2g} of the largest score ({advice})",
    )

    return f"largest difference {largest:.2g}"


def _determinism(probe: Probe) -> str:
    advice = (
        "draw by clip.seed alone, use clip.key for caches only, and let `prepare` replace what it "
        "gathered before"
    )
    second = probe.ask(sounds.ordinary())
    agreement = _same(
        probe, second, SAME, "the same clips have other scores the second time", advice
    )
    # What is drawn when a model is made shows in a new instance alone.
    fresh = probe.ask(sounds.ordinary(), model=probe.make())
    _same(probe, fresh, SAME, "the same clips have other scores in a new instance", advice)

    return f"{agreement}, in a second predict and in a new instance"


def _batches(probe: Probe) -> str:
    heard = sounds.ordinary()
    n = len(heard)
    advice = "mask the padding, and normalise each clip by itself"
    plans = {
        "alone": [[i] for i in range(n)],
        "beside others": [[i, n - 1 - i] for i in range(n // 2)],
    }

    agreements = []
    for name, plan in plans.items():
        breach = f"a clip {name} has another score"
        agreements.append(
            f"{name}: {_same(probe, probe.ask(heard, plan), TOLERANCE, breach, advice)}"
        )

    return "; ".join(agreements)


def _order(probe: Probe) -> str:
    shuffled = np.random.default_rng(0).permutation(len(sounds.ordinary()))
    answers = probe.ask([sounds.ordinary()[i] for i in shuffled])
    back = [answers[i] for i in np.argsort(shuffled)]

    return _same(
        probe,
        back,
        TOLERANCE,
        "the scores change with the order of the clips",
        "keep no state between clips",
    )


def _label_order(probe: Probe) -> str:
    answers = probe.ask(sounds.ordinary(), labels=CANONICAL[::-1])
    back = [(scores[::-1], text) for scores, text in answers]
    return _same(
        probe, back, TOLERANCE, "a label's score changes with the order of the labels", "go by name"
    )


def _label_sets(probe: Probe) -> str:
    for labels in _LABEL_SETS:
        probe.ask(sounds.ordinary()[:2], labels=labels)
    return (
        f"valid for sets of {', '.join(str(len(labels)) for labels in _LABEL_SETS)} labels, also "
        "never heard ones"
    )


def _extreme(probe: Probe, name: str) -> str:
    probe.ask([sounds.extremes()[name]])
    return "scored"


def _audio_unchanged(probe: Probe) -> str:
    heard = sounds.ordinary()
    clips = sounds.clips(heard, probe.model.transductive)
    probe.model.prepare(lambda: iter(clips))
    probe.model.predict(clips, CANONICAL)
    same = all(
        np.array_equal(clip.waveform, sound.waveform)
        for clip, sound in zip(clips, heard, strict=True)
    )
    require(same, "it writes into clip.waveform, which others may read: work on a copy")

    return "waveforms are left as they are"


def _other_clips(probe: Probe) -> str:
    heard = sounds.ordinary()
    if probe.model.transductive:
        return _groups(probe, heard)

    alone = [probe.ask([sound])[0] for sound in heard]
    breach = "a clip's score changes with the other clips that `prepare` sees"
    return _same(
        probe,
        alone,
        TOLERANCE,
        breach,
        "a model that uses statistics of the target says so by `transductive`",
    )


def _groups(probe: Probe, heard: Sequence[Sound]) -> str:
    renamed = [dataclasses.replace(sound, group=7 - sound.group) for sound in heard]
    breach = "the scores change when the speaker groups are numbered otherwise"
    agreement = _same(probe, probe.ask(renamed), TOLERANCE, breach, "the numbers mean nothing")

    try:
        probe.ask(heard, grouped=False)
    except MserbenchError as error:
        return (
            f"transductive; groups renumbered: {agreement}; refuses clips of unknown speakers "
            f"({error})"
        )

    return f"transductive; groups renumbered: {agreement}; scores clips of unknown speakers too"


def _seed(probe: Probe) -> str:
    reseeded = [dataclasses.replace(sound, seed=sound.seed[::-1]) for sound in sounds.ordinary()]
    if difference(probe.usual, probe.ask(reseeded)) > SAME:
        raise NotChecked(
            "its scores change with clip.seed, so whether it knows utterances by their seed stays "
            "open"
        )

    return "its scores do not depend on which utterance a clip is"


def _labels_out_of_reach(probe: Probe) -> str:
    names = guard.held_at_import(probe.kind)
    require(
        not names,
        f"its module holds {names}, from where labels can be read: a model sees clips alone",
    )
    with guard.out_of_reach(guard.label_modules(probe.kind)) as reached:
        try:
            # A new instance, as what it imports when it is made counts as well.
            probe.ask(sounds.ordinary()[:2], model=probe.make())
        except Exception as error:
            # Another failure is none of this check.
            if not reached:
                raise

            raise Violation(
                f"it fails without {reached[0]!r}, where labels are: a model sees clips alone"
            ) from error

    require(
        not reached,
        f"it reached for {sorted(set(reached))}, where labels are: a model sees clips alone",
    )

    return "works with corpora and tasks out of reach"


CHECKS: Mapping[str, Callable[[Probe], str]] = {
    "card": check_card,
    "exposure": check_exposure,
    "development": check_development,
    "described": check_described,
    "source": check_source,
    "scores": _scores,
    "determinism": _determinism,
    "batch invariance": _batches,
    "order invariance": _order,
    "label order": _label_order,
    "label sets": _label_sets,
    **{f"clip: {name}": partial(_extreme, name=name) for name in sounds.EXTREMES},
    "audio unchanged": _audio_unchanged,
    "other clips": _other_clips,
    "clip seed": _seed,
    "labels out of reach": _labels_out_of_reach,
    "embeddings": check_embeddings,
    "adaptation": check_adaptation,
    "remoteness": check_remoteness,
}
