"""A model made ready to run: its class, options and weights resolved, its exposure joined with their manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mserbench.contracts import ModelCard
from mserbench.data.dataset import Dataset
from mserbench.errors import DataError, ModelError, MserbenchError, UsageError
from mserbench.model import Model, TrainableModel
from mserbench.options import completed, told
from mserbench.plugins import misfits, registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.report import progress
from mserbench.results import exposure
from mserbench.results.record import WeightsPart
from mserbench.running import recipes


@dataclass(frozen=True)
class Subject:
    """A model ready to run, with its full exposure.

    `weights`: name, hash, whether they ship with the model's plugin, and, where it can be said, what they were trained
    with and the command that remakes them (docs/results.md); None for a model without.
    """

    name: str
    model: Model
    card: ModelCard
    weights: WeightsPart | None

    @property
    def options(self) -> dict[str, Any]:
        """The options as records hold them."""
        return told(self.model.options)


def load_subject(
    model: str | Model,
    target: Dataset | None,
    weights: str | Path | None,
    options: Mapping[str, str],
    device: str,
) -> Subject:
    """Make the model and join its card with the manifest of its weights. Raises UsageError and ModelError.

    `target` decides which of the shipped weights are taken where none are named; it may be None.
    """
    if isinstance(model, Model):
        return _of_instance(model)
    with progress.doing(f"importing {model}"):
        kind = registry.model_class(model)
    settings = registry.make_options(kind, dict(options), model)
    name, folder = find_weights(model, kind, settings, weights, target)
    manifest = exposure.read_manifest(folder) if folder else None
    if manifest and manifest.get("model") != model:
        raise DataError(f"weights {str(folder)!r} are of model {manifest.get('model')!r}, not of {model!r}")
    with progress.doing(f"loading {model}"), as_model_error(model, "loading"):
        made = kind(settings, folder, pick_device(kind, model, device))
        card = made.card
    record = _weights_record(name, manifest, registry.model_entry(model)) if manifest and name else None
    return Subject(model, made, _full_card(card, manifest), record)


def _of_instance(model: Model) -> Subject:
    """Take a model that the caller made; its weights count for the key and the verdict as any others."""
    card = model.card
    if model.weights is None:
        return Subject(card.name, model, _full_card(card, None), None)
    folder = Path(model.weights)
    manifest = exposure.read_manifest(folder)
    record = _weights_record(folder.name, manifest, registry.entries(ModelEntry).get(card.name))
    return Subject(card.name, model, _full_card(card, manifest), record)


def _weights_record(name: str, manifest: Mapping[str, Any], entry: ModelEntry | None) -> WeightsPart:
    """Return what a run tells of its weights; of those that ship also where a copy of their folder was named."""
    digest = exposure.weights_hash(manifest)
    shipped = entry is not None and digest in (
        exposure.weights_hash(exposure.read_manifest(registry.shipped_weights(entry, one))) for one in entry.weights
    )
    return WeightsPart(
        name=name,
        hash=digest,
        shipped=shipped,
        trained=tuple(recipes.trained(manifest)),
        recipe=recipes.command(manifest, name),
    )


def _full_card(card: ModelCard, manifest: Mapping[str, Any] | None) -> ModelCard:
    return exposure.with_families(exposure.card_with_manifest(card, manifest), registry.family)


def find_weights(
    model: str, kind: type[Model], settings: Any, wanted: str | Path | None, target: Dataset | None
) -> tuple[str | None, Path | None]:
    """Return name and folder of the weights to use, or (None, None) for a model without.

    Where none are wanted but the model needs some, the preferred ones of those shipped with it are taken.
    Raises UsageError where there are none, or some are wanted of a model that takes none.
    """
    entry = registry.model_entry(model)
    if wanted is not None:
        if not issubclass(kind, TrainableModel) and not kind.needs_weights:
            raise UsageError(f"model {model!r} takes no weights: leave --weights away")
        path = Path(wanted)
        return (path.name, path) if path.is_dir() else (str(wanted), registry.shipped_weights(entry, str(wanted)))
    if not kind.needs_weights:
        return None, None
    if not entry.weights:
        raise UsageError(f"model {model!r} needs weights and ships none: train some and give --weights")
    return _preferred(entry, settings, target)


def _preferred(entry: ModelEntry, settings: Any, target: Dataset | None) -> tuple[str, Path]:
    """Return the shipped weights whose options are the most like these, and of those whose verdict is the strictest.

    Of equal ones those trained on the same kind of speech, real or synthetic, then the plugin's order. Without a
    target there is no verdict: the first ones trained with these options.
    """
    ranked = []
    for position, name in enumerate(entry.weights):
        folder = registry.shipped_weights(entry, name)
        manifest = exposure.read_manifest(folder)
        trained, asked = completed(manifest.get("options", {}), type(settings)), asdict(settings)
        n_others = sum(trained.get(option) != value for option, value in asked.items())
        ranked.append(((n_others, *_distance(entry, manifest, target), position), name, folder))
    _, name, folder = min(ranked)
    return name, folder


def _distance(entry: ModelEntry, manifest: Mapping[str, Any], target: Dataset | None) -> tuple[int, bool]:
    """Return how far from zero-shot weights are on a target, and whether they learnt another kind of speech."""
    if target is None:
        return 0, False
    card = _full_card(ModelCard(entry.name, entry.title, "", "", "", (), True), manifest)
    verdict = exposure.judge(card, target.task, target.card, target.names).verdict
    synthetic = all(source.get("synthetic", False) for source in exposure.sources_of(manifest))
    return exposure.VERDICTS.index(verdict), synthetic != target.card.synthetic


@contextmanager
def as_model_error(model: str, doing: str) -> Iterator[None]:
    """Turn whatever a model's own code raises into a ModelError that names the model and the step."""
    try:
        yield
    except MserbenchError:
        raise
    except Exception as error:
        misfits.refuse(error)
        raise ModelError(
            f"model {model!r} failed while {doing} ({type(error).__name__}: {error}): --debug shows where"
        ) from error


def pick_device(kind: type[Model], name: str, wanted: str) -> str:
    """Return the device for a model, `auto` if it has a choice to make. Raises UsageError where it has not `wanted`."""
    if wanted == "auto":
        return "auto" if len(kind.devices) > 1 else kind.devices[0]
    if wanted.partition(":")[0] not in kind.devices:
        raise UsageError(
            f"model {name!r} runs on {' or '.join(kind.devices)}, not on {wanted!r}: give another --device"
        )
    return wanted
