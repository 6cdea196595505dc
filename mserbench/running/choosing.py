"""The weights that a model takes: those that are named, or of those that ship with it the ones that
fit best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mserbench.cards import ModelCard
from mserbench.data.dataset import Dataset
from mserbench.errors import UsageError
from mserbench.model import Model, TrainableModel
from mserbench.options import completed, make_options
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results import exposure
from mserbench.results.manifest import Manifest, read_manifest
from mserbench.running import leaks
from mserbench.running.lookup import model_entry, shipped_weights
from mserbench.running.subject import full_card

FOR_PEOPLE = "people"
"""How the names of weights end that learnt from all corpora at hand, for who has no task."""


def find_weights(
    model: str, kind: type[Model], settings: Any, named: str | Path | None, target: Dataset | None
) -> tuple[str | None, Path | None]:
    """Return name and folder of the weights to use, or (None, None) for a model without.

    Where none are named but the model needs some, the preferred ones of those shipped with it are
    taken. Raises UsageError where there are none, or some are named of a model that takes none.
    """
    entry = model_entry(model)
    if named is not None:
        if not issubclass(kind, TrainableModel) and not kind.needs_weights:
            raise UsageError(f"model {model!r} takes no weights: leave --weights away")

        path = Path(named)
        if path.is_dir():
            return path.name, path
        return str(named), shipped_weights(entry, str(named))

    if not kind.needs_weights:
        return None, None
    if not entry.weights:
        raise UsageError(
            f"model {model!r} needs weights and ships none: train some and give --weights"
        )

    return _preferred(entry, settings, target)


def with_bound_options(
    model: str, kind: type[Model], texts: Mapping[str, str], manifest: Manifest
) -> dict[str, str]:
    """Return typed options with those that weights bind to what they were trained with.

    One that was not given takes their value. Raises UsageError for one that contradicts it, as
    scores would then look like scores and mean nothing.
    """
    trained = completed(manifest.options or {}, kind.Options)
    settings = asdict(make_options(kind, dict(texts), model))
    bound = dict(texts)

    for option in kind.bound_by_weights:
        if option not in trained or settings.get(option) == trained[option]:
            continue
        if option in texts:
            raise UsageError(
                f"option {option} of model {model!r} is {texts[option]!r}, but its weights were "
                f"trained with {option}={trained[option]}: leave it away, or give other weights"
            )

        bound[option] = str(trained[option])

    return bound


def _preferred(entry: ModelEntry, settings: Any, target: Dataset | None) -> tuple[str, Path]:
    """Return the shipped weights whose options are the most like these, of those the ones with the
    strictest verdict.

    Of equal ones those trained on the same kind of speech, real or synthetic, then the plugin's
    order. If nothing else is asked for, those for people come before all others: without a target,
    and on real speech that is zero-shot for them too, as more sources are then there for nothing.
    """
    plain = settings == type(settings)()
    ranked = []
    for position, name in enumerate(entry.weights):
        folder = shipped_weights(entry, name)
        manifest = read_manifest(folder)
        trained = completed(manifest.options or {}, type(settings))
        n_others = sum(trained.get(option) != value for option, value in asdict(settings).items())
        distance = _distance(entry, manifest, target)
        for_others = not (plain and name.endswith(FOR_PEOPLE) and distance == (0, False))
        # The position last: it decides among equal ones only.
        ranked.append(((for_others, n_others, *distance, position), name, folder))

    _, name, folder = min(ranked)
    return name, folder


def _distance(entry: ModelEntry, manifest: Manifest, target: Dataset | None) -> tuple[int, bool]:
    """Return how far from zero-shot weights are on a target, and whether they learnt another kind
    of speech.
    """
    if target is None:
        return 0, False

    # Only its exposure is looked at, which is all in the manifest.
    bare = ModelCard(entry.name, entry.title, "", "", "", (), True)
    card = full_card(bare, manifest)
    verdict = leaks.judged(card, target).verdict
    synthetic = all(source.synthetic for source in manifest.all_sources)

    return exposure.VERDICTS.index(verdict), synthetic != target.card.synthetic
