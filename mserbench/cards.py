"""Cards: what a corpus and a model say of themselves to a reader, a download and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ExposureKind = Literal["emotion-labels", "speech", "text"]
Access = Literal["open", "request", "bundled", "generated"]


@dataclass(frozen=True)
class Division:
    """A published way to divide a corpus: a csv file that gives each value of a field a part.

    `table` is `"package:file"`; its first column is named like a field of `Utterance` or a key of
    `extra` (`session`, `speaker`, `split`, `id`), its second is `part`; the value `*` stands for
    all others. `kind`: in a `split` the part `train` is for training, `test` for testing; of
    `folds` each is tested once, by a model trained on the others. `sha256` is that of the file.
    `source` says who published or uses it.
    """

    title: str
    table: str
    sha256: str
    kind: Literal["split", "folds"]
    source: str
    rows: tuple[tuple[str, str], ...] = ()  # in place of a file; `table` then names the field


@dataclass(frozen=True)
class Remote:
    """A file of an open corpus at its publisher; `hash` as in `md5:...`, `bytes` its size."""

    url: str
    hash: str
    bytes: int


@dataclass(frozen=True)
class CorpusCard:
    """What a person must know of a corpus: source, licence, citation, and the counts to expect.

    `counts` maps the name of a known variant to its histogram of raw labels; where `releases_vary`,
    another histogram is not an error, since not all releases are known. `hours` is the published
    length. `family` joins releases that share speakers (RAVDESS speech and song): for the verdict
    they are one corpus. `skipped` maps a pattern (fnmatch, on the path) of files that do not belong
    or are known to be bad to the reason. `editions` maps the digest of a complete index to the name
    of that edition. `keys` names a file with the beginning of each clip's audio key, so that files
    which are not the published ones can be named. `divisions` are the published splits and folds by
    name. `files` are what `data download` fetches, `hub` a dataset id it exports. `exposure` is
    what the models that made its speech were exposed to: who trains on it is exposed to that too.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    speakers: int | None
    licence: str
    access: Access
    source: str
    how_to_get: str
    unpack: str
    citation: str
    counts: Mapping[str, Mapping[str, int]]
    releases_vary: bool = False
    hours: float | None = None
    family: str = ""
    skipped: Mapping[str, str] = field(default_factory=dict)
    # `"package:file"` with one expected id a line; `{001..030}` stands for each number.
    inventory: str | None = None
    editions: Mapping[str, str] = field(default_factory=dict)
    # `"package:file"` with a short key for each id of the inventory (`mserbench.data.published`).
    keys: str | None = None
    divisions: Mapping[str, Division] = field(default_factory=dict)
    files: tuple[Remote, ...] = ()
    hub: str = ""
    synthetic: bool = False
    notes: str = ""
    # Of what made synthetic speech; complete is None where nothing was said of it.
    exposure: tuple[Exposure, ...] = ()
    exposure_complete: bool | None = None

    @property
    def same_as(self) -> str:
        """The name under which the verdict knows this corpus and its related releases."""
        return self.family or self.name


@dataclass(frozen=True)
class Exposure:
    """A corpus (or "unknown") that a model was trained on, and what it learnt from it.

    `kind`: `emotion-labels` (trained on emotion labels), `speech` (heard), `text` (read).
    `evidence` says where that is known from. `clips` are the audio keys of the training clips,
    where they are known.
    """

    corpus: str
    languages: tuple[str, ...]
    kind: ExposureKind
    evidence: str
    clips: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelCard:
    """Who made a model, what it is, and everything it was exposed to, its base models included.

    `exposure_complete` is True only where the list is known to hold all it was trained on, base
    models included. `development` names the corpora that its defaults were chosen on, or whose
    figures were seen while they were. `basis`: how it is known what the model was trained on, where
    that is not its own word: the verdict's reasons tell it. `recipe`: the commands that make the
    model again, of one that no plugin brings.
    """

    name: str
    title: str
    version: str
    licence: str
    citation: str
    exposure: tuple[Exposure, ...]
    exposure_complete: bool
    # Left out of the text of a card, so that a key made of that text does not change by it.
    development: tuple[str, ...] = field(default=(), repr=False)
    basis: str = field(default="", repr=False)
    recipe: str = field(default="", repr=False)
