"""A model that was made, with its full exposure, and what of it decides the key and the verdict of
a run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mserbench.cards import ModelCard
from mserbench.contracts import Task
from mserbench.data import lookup
from mserbench.errors import ModelError, UsageError
from mserbench.model import Described, Model, short_name
from mserbench.options import told
from mserbench.plugins import blame, registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results import exposure, recording, runs
from mserbench.results.manifest import Manifest, read_manifest
from mserbench.results.record import ModelPart, WeightsPart
from mserbench.running import recipes
from mserbench.running.adapting import Adaptation
from mserbench.running.cards import checked_card
from mserbench.running.lookup import shipped_weights
from mserbench.running.source import files_of, names_path, source_of


@dataclass(frozen=True)
class Identity:
    """What a run's key and record say of a model; known before the model is made, where its class
    tells it.

    `name`: that of the run's folder. `card`: with the exposure of the weights. `options`: as
    records hold them. `weights`: name, hash, whether they ship with the model's plugin, and, where
    it can be said, what they were trained with and the command that remakes them (docs/results.md);
    None for a model without. `source`: the digest of its code, empty for runs from before it was
    part of the key. `files`: those of what options that are paths name, and of other contents that
    decide scores. `address`: the short name of what the model is made of, empty without.
    """

    name: str
    card: ModelCard
    version: str
    options: dict[str, Any]
    weights: WeightsPart | None
    transductive: bool
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    def record(self) -> ModelPart:
        """Return what `run.json` holds of the model."""
        return recording.model_part(
            self.card,
            self.version,
            self.options,
            self.weights,
            None,
            self.source,
            self.files,
            self.address,
        )

    def key(self, task: Task, digest: str | None, adaptation: Adaptation | None = None) -> str:
        """Return the key of a run on a task, the audio of whose clips has this digest, after the
        model was adapted.
        """
        model = self.record().to_json()
        # All that decides predictions and verdict: a corrected model card must not show an old
        # verdict again.
        deciding = ("name", "version", "options", "exposure", "exposure_complete")
        identity = {
            **{name: model[name] for name in deciding},
            **({"development": model["development"]} if model["development"] else {}),
            # Left out of what has none, so that runs of before keep their keys.
            **({"basis": self.card.basis} if self.card.basis else {}),
            **({"source": self.source} if self.source else {}),
            **({"files": dict(self.files)} if self.files else {}),
            **({"adapted": adaptation.identity} if adaptation else {}),
            "weights": self.weights.hash if self.weights else None,
            "transductive": self.transductive,
            "task": recording.task_hash(task.hash, digest),
        }

        return runs.run_key(identity)


@dataclass(frozen=True)
class Subject:
    """A model ready to run, with its full exposure; `weights`, `source`, `files` and `address` as
    in `Identity`, and the manifest of the weights.

    `recorded`: its options as records hold them, where they are not `told` of its own.
    """

    name: str
    model: Model
    card: ModelCard
    weights: WeightsPart | None
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None
    address: str = ""
    recorded: Mapping[str, Any] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options as records hold them."""
        return told(self.model.options) if self.recorded is None else dict(self.recorded)

    @property
    def identity(self) -> Identity:
        """What decides the key of its runs."""
        version, transductive = self.model.version, self.model.transductive
        return Identity(
            self.name,
            self.card,
            version,
            self.options,
            self.weights,
            transductive,
            self.source,
            self.files,
            self.address,
        )


def of_instance(model: Model) -> Subject:
    """Take a model that the caller made; its weights count for the key and the verdict as any
    others.
    """
    with as_model_error(type(model).__name__, "telling its card"):
        card = checked_card(model.card, type(model).__name__)

    kind = type(model)
    with as_model_error(card.name, "telling what its contents are"):
        files = files_of(model.options, contents=kind.contents(model.options))
        address = kind.address_name(model.options)

    source, name = source_of(kind), called(card.name, address)
    options = recorded_options(model.options, kind, address)
    if model.weights is None:
        return Subject(
            name, model, full_card(card, None), None, source, files, None, address, options
        )

    folder = Path(model.weights)
    manifest = read_manifest(folder)
    record = weights_record(folder.name, manifest, registry.entries(ModelEntry).get(card.name))

    return Subject(
        name, model, full_card(card, manifest), record, source, files, manifest, address, options
    )


def called(model: str, address: str) -> str:
    """Return the name of a model with the short name of its address, where it has one."""
    return f"{model}:{address}" if address else model


def recorded_options(options: Any, kind: type[Model], address: str) -> dict[str, Any]:
    """Return options as records hold them: of a model with an address, no path of this machine.

    What a path holds is told by digests, so that a folder may move and its runs are found again.
    """
    values = told(options)
    if not kind.address:
        return values

    short = {
        name: short_name(value)
        for name, value in values.items()
        if isinstance(value, str) and name != kind.address and names_path(value)
    }
    return {**values, **short, kind.address: address}


def weights_record(name: str, manifest: Manifest, entry: ModelEntry | None) -> WeightsPart:
    """Return what a run tells of its weights; of shipped ones also where a copy of their folder was
    named.
    """
    # By hash, not by name: a copy of a shipped folder holds the same weights.
    digest = manifest.weights_hash
    shipped = entry is not None and digest in (
        read_manifest(shipped_weights(entry, own)).weights_hash for own in entry.weights
    )
    return WeightsPart(
        name=name,
        hash=digest,
        shipped=shipped,
        trained=tuple(recipes.trained(manifest)),
        recipe=recipes.command(manifest, name),
    )


def full_card(card: ModelCard, manifest: Manifest | None) -> ModelCard:
    """Return a checked card with what weights were trained on, each corpus under the name its
    releases share.
    """
    return exposure.with_families(exposure.card_with_manifest(card, manifest), lookup.family)


def require_as_described(described: Described, model: Model, name: str) -> None:
    """Raise ModelError where a model is not what its class said before: its runs would not be found
    again.
    """
    for fact in dataclasses.fields(described):
        before, now = getattr(described, fact.name), getattr(model, fact.name)
        if before != now:
            raise ModelError(
                f"model {name!r} calls its {fact.name} {now!r}, but 'describe' of its class "
                f"said {before!r} before it was made: let both rest on one function"
            )


def as_model_error(model: str, doing: str) -> AbstractContextManager[None]:
    """Turn whatever a model's own code raises into a ModelError that names the model and the
    step.
    """
    return blame.blamed(f"model {model!r} failed while {doing}", ModelError)


def pick_device(kind: type[Model], name: str, device: str) -> str:
    """Return the device for a model, `auto` if it has a choice to make. Raises UsageError for one
    it has not.
    """
    if device == "auto":
        return "auto" if len(kind.devices) > 1 else kind.devices[0]
    if device.partition(":")[0] not in kind.devices:
        raise UsageError(
            f"model {name!r} runs on {' or '.join(kind.devices)}, not on {device!r}: give "
            f"another --device"
        )

    return device


def device_for(kind: type[Model], device: str) -> str:
    """Return the device of a worker's job: the one it has, or the model's own where it cannot
    use that one.
    """
    return device if device.partition(":")[0] in kind.devices else kind.devices[0]
