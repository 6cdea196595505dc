"""What a build is asked for, and the record of it: equal records, equal sets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from mserbench.cards import Exposure
from mserbench.options import told
from mserbench.running.translators import inputs_of, translator_class, translator_options
from mserbench.translator import Translator, TranslatorCard
from mserbench_m5ser.building.agreement import Judge
from mserbench_m5ser.building.filters import Filters
from mserbench_m5ser.building.plan import PART_CLIPS
from mserbench_m5ser.building.protected import LANGUAGES, PARTS
from mserbench_m5ser.building.sources import Material
from mserbench_m5ser.building.work import Job

VERSION = "1"  # raised when the same request gives other rows or other bytes
_LIBRARIES = ("numpy", "pyarrow", "soundfile", "soxr")


@dataclass(frozen=True)
class Request:
    """What the command was given.

    `options` are those of the translator, as they are typed; `protect` further languages that may
    not be spoken; `judge` a model that must hear the emotion of the source.
    """

    sources: tuple[str, ...]
    languages: tuple[str, ...]
    translator: str
    options: Mapping[str, str] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    judge: Judge | None = None
    protect: tuple[str, ...] = ()
    allow_partial: bool = False
    part_clips: int = PART_CLIPS

    @cached_property
    def kind(self) -> type[Translator]:
        """The class of the translator. Raises as `translator_class`."""
        return translator_class(self.translator)

    @cached_property
    def settings(self) -> Any:
        """The options of the translator. Raises UsageError for one that it does not have."""
        return translator_options(self.translator, self.options)

    @cached_property
    def card(self) -> TranslatorCard:
        """The card of the translator with these options."""
        return self.kind.describe(self.settings)

    def exposure(self) -> tuple[tuple[Exposure, ...], bool]:
        """Return what is handed on to every model that is trained on the set, and whether that is
        known to be all: what the translator heard, and the model that chose among its clips.
        """
        parts, complete = self.card.exposure, self.card.exposure_complete
        if self.judge is not None:
            judge_card = self.judge.ready().card
            parts += judge_card.exposure
            complete = complete and judge_card.exposure_complete

        return parts, complete

    def job(self, language: str) -> Job:
        """Return what a worker needs to know to translate into a language."""
        return Job(
            self.translator, self.card.version, self.options, language, self.filters, self.judge
        )

    def record(self, material: Material) -> dict[str, Any]:
        """Return all that decides the bytes of the set: no path, no time, no worker."""
        parts, complete = self.exposure()
        inputs = inputs_of(self.kind, self.settings)
        record = {
            "sources": list(material.records),
            "languages": list(self.languages),
            "translator": {
                "name": self.translator,
                "title": self.card.title,
                "version": self.card.version,
                "licence": self.card.licence,
                "options": without_folders(told(self.settings)),
                "prosody": self.card.prosody,
                "voice": self.card.voice,
                # Other weights in the same folder are another translator.
                **({"inputs": inputs} if inputs else {}),
            },
            "exposure": [_exposure(part) for part in parts],
            "exposure_complete": complete,
            "filters": self.filters.record(),
            "agree_by": self.judge.ready().record() if self.judge else None,
            "protected": {
                "languages": sorted({*LANGUAGES, *self.protect}),
                "parts": [part.name for part in PARTS],
            },
            "clips_a_shard": self.part_clips,
            "versions": versions(),
        }
        # As JSON gives it back, so that it equals the record that was read from a file.
        as_read: dict[str, Any] = json.loads(json.dumps(record))
        return as_read


def versions() -> dict[str, str]:
    """Return the versions of the code that decides bytes."""
    from importlib import metadata

    import soundfile

    return {
        "m5ser": VERSION,
        "libsndfile": soundfile.__libsndfile_version__,
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def without_folders(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with absolute paths told by their last part: a path tells of a machine."""
    return {name: _last_part(value) for name, value in options.items()}


def _last_part(value: Any) -> Any:
    if not isinstance(value, str | Path):
        return value

    text = str(value)
    is_path = PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
    return PureWindowsPath(text).name if is_path or text.startswith("~") else text


def _exposure(part: Exposure) -> dict[str, Any]:
    record = dataclasses.asdict(part)
    record["languages"], record["clips"] = list(part.languages), sorted(part.clips)
    return record
