"""What a model to run is made from, by names alone: the key of its runs is known before the model
is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mserbench.cards import ModelCard
from mserbench.data.dataset import Dataset
from mserbench.errors import DataError, why
from mserbench.model import Described, Model
from mserbench.options import make_options
from mserbench.report import progress
from mserbench.results.manifest import Manifest, read_manifest
from mserbench.results.record import WeightsPart
from mserbench.running.cards import checked_card
from mserbench.running.choosing import find_weights, with_bound_options
from mserbench.running.lookup import addressed, described_class, model_class, model_entry
from mserbench.running.source import files_of, source_of
from mserbench.running.subject import (
    Identity,
    Subject,
    as_model_error,
    called,
    full_card,
    pick_device,
    recorded_options,
    require_as_described,
    weights_record,
)


@dataclass(frozen=True)
class Spec:
    """A model by name, its options as they are typed, the folder and the name of its weights, and a
    device.

    Pickled it is these names alone, whatever was made of it before: another process makes its own
    model.
    """

    model: str
    options: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None
    weights: str | None = None
    device: str = "auto"

    @classmethod
    def of(
        cls,
        model: str,
        target: Dataset | None = None,
        weights: str | Path | None = None,
        options: Mapping[str, str] | None = None,
        device: str = "auto",
    ) -> Spec:
        """Resolve names without making the model.

        `target` decides which of the shipped weights are taken where none are named; it may be
        None, and `model` may have an address (`NAME:REST`). Raises UnknownName, MissingExtra,
        UsageError for options, weights and devices that the model does not have, and DataError for
        weights that are damaged or another model's.
        """
        with progress.doing(f"importing {model}"):
            kind = described_class(model)

        model, texts = addressed(model, options or {})
        with as_model_error(model, "taking its options"):
            settings = make_options(kind, texts, model)

        name, folder = find_weights(model, kind, settings, weights, target)
        spec = cls(model, tuple(texts.items()), folder, name, pick_device(kind, model, device))
        # Read now, so that damaged weights are told before anything is made of them.
        if spec.manifest is None:
            return spec

        bound = with_bound_options(model, kind, texts, spec.manifest)
        return replace(spec, options=tuple(bound.items()))

    def __reduce__(self) -> tuple[Callable[..., Spec], tuple[Any, ...]]:
        return Spec, (self.model, self.options, self.folder, self.weights, self.device)

    @cached_property
    def kind(self) -> type[Model]:
        """The class that tells of the model, which cannot be made where the plugin has a light
        one.
        """
        return described_class(self.model)

    @cached_property
    def settings(self) -> Any:
        """The options as the model takes them."""
        return make_options(self.kind, dict(self.options), self.model)

    @property
    def called(self) -> str:
        """The name of the model, with the short name of its address where it has one."""
        return called(self.model, self._address)

    @cached_property
    def _address(self) -> str:
        with as_model_error(self.model, "telling what its address is called"):
            return self.kind.address_name(self.settings)

    @cached_property
    def recorded(self) -> dict[str, Any]:
        """The options as records hold them."""
        return recorded_options(self.settings, self.kind, self._address)

    @property
    def title(self) -> str | None:
        """The title of its card, such as the address that it is at; None where only the model that
        is made tells it.
        """
        return self._described.card.title if self._described else None

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest of the weights. Raises DataError where they are damaged, or those of another
        model.
        """
        if self.folder is None:
            return None

        manifest = read_manifest(self.folder)
        if manifest.model != self.model:
            raise DataError(
                f"weights {str(self.folder)!r} are of model {manifest.model!r}, not of "
                f"{self.model!r}"
            )

        return manifest

    @cached_property
    def identity(self) -> Identity:
        """What decides the key of its runs; the model is made for it only where its class does not
        tell.
        """
        told_before = self._described
        if told_before is None:
            return self.subject.identity
        return Identity(
            name=self.called,
            card=full_card(told_before.card, self.manifest),
            version=told_before.version,
            options=self.recorded,
            weights=self.weights_record,
            transductive=told_before.transductive,
            source=self._source,
            files=self._files,
            address=self._address,
        )

    @property
    def tells(self) -> bool:
        """Whether its identity is known without making the model."""
        return self._described is not None

    @cached_property
    def subject(self) -> Subject:
        """The model, made at the first asking. Raises ModelError where its own code fails."""
        return self.subject_of(*self._made())

    def for_a_worker(self) -> Subject:
        """Return the model made anew for a process that only answers, without what the key rests
        on: a server would be asked for that once more, and the files of a checkpoint read.
        """
        return Subject(self.called, *self._made(), None)

    def _made(self) -> tuple[Model, ModelCard]:
        """Make the model; returns it with its full card. Raises as `subject`."""
        with progress.doing(f"importing {self.model}"):
            kind = model_class(self.model)

        with progress.doing(f"loading {self.model}"), as_model_error(self.model, "loading"):
            model = kind(self.settings, self.folder, self.device)
            card = checked_card(model.card, self.model)

        if self._described is not None:
            require_as_described(self._described, model, self.model)

        return model, full_card(card, self.manifest)

    def anew(self) -> Subject:
        """Return the model made anew; the one that was made before is let go first."""
        # A cached property lies among the attributes; two models may not fit into memory.
        vars(self).pop("subject", None)
        return self.subject

    def subject_of(self, model: Model, card: ModelCard) -> Subject:
        """Return a model that was made from these names, with its full card."""
        weights = self.weights_record
        return Subject(
            self.called,
            model,
            card,
            weights,
            self._source,
            self._files,
            self.manifest,
            self._address,
            self.recorded,
        )

    @cached_property
    def _described(self) -> Described | None:
        with as_model_error(self.model, "loading"):
            described = self.kind.describe(self.settings, self.folder)
            if described is not None:
                checked_card(described.card, self.model)

            return described

    @cached_property
    def _source(self) -> str:
        # Of the class that tells, as a finished run is found before the other is imported.
        return source_of(self.kind)

    @cached_property
    def _files(self) -> dict[str, str]:
        with as_model_error(self.model, "telling what its contents are"):
            told_of = self.kind.contents(self.settings)

        try:
            return files_of(self.settings, contents=told_of)
        except OSError as error:
            raise DataError(
                f"a file or folder that an option of model {self.model!r} names cannot be read "
                f"({why(error)}): name another one"
            ) from error

    @cached_property
    def weights_record(self) -> WeightsPart | None:
        """What records hold of the weights; None where there are none."""
        if self.manifest is None or self.weights is None:
            return None
        return weights_record(self.weights, self.manifest, model_entry(self.model))
