"""A network on frozen parts that moves a target onto its sources, and knows how far that lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.errors import DataError, UsageError
from mserbench.model import Remoteness, TrainingItem
from mserbench_training.frames.frame_reader import FrameReader
from mserbench_training.frames.move import Move
from mserbench_training.models.adapting import PRIOR, SCALE_FROM
from mserbench_training.models.corpora import FEWEST, STILL, Corpora
from mserbench_training.models.described_network import DescribedNetwork
from mserbench_training.models.model_file import read_array, short_lists
from mserbench_training.models.speakers import Statistics

# Of a label of a corpus, drawn by keys, which are digests: more would tell no other mean, and the
# frames of each are read from disk.
CLIPS_A_LABEL = 200

# Of the largest distance between training corpora: of four acted corpora, each left out, RAVDESS
# lies 1.10 times as far; two far ones lie 1.3 times as far.
_MARGIN = 1.2


@dataclass(frozen=True, eq=False)
class Places:
    """Where training corpora lie in what a frozen encoder gives, and where a network expects clips.

    Vectors of clips are flat here: (n_layers * n_views * dim,); `shape` is that of one. `origin` is
    that of the corpora of the first stage, which the network was built on.
    """

    corpora: Corpora | None  # None: of weights from before they were kept
    origin: Statistics
    shape: tuple[int, ...]

    @classmethod
    def measured(cls, reader: FrameReader, items: Sequence[TrainingItem]) -> Places:
        """Return the places of training items; at most `CLIPS_A_LABEL` clips of each label of each
        corpus are heard.
        """
        chosen: dict[tuple[str, str], list[TrainingItem]] = defaultdict(list)
        for item in sorted(items, key=lambda item: (item.clip.key, item.corpus, item.label)):
            if len(chosen[item.corpus, item.label]) < CLIPS_A_LABEL:
                chosen[item.corpus, item.label].append(item)

        heard = [item for key in sorted(chosen) for item in chosen[key]]
        vectors = reader.vectors([item.clip for item in heard])
        corpora = Corpora.of(
            vectors.reshape(len(vectors), -1),
            [item.label for item in heard],
            [item.corpus for item in heard],
        )

        return cls(corpora, corpora.origin, vectors.shape[1:])

    @classmethod
    def before_they_were_kept(cls, centre: NDArray[np.float64]) -> Places:
        """Return what old weights know: the mean of all training clips, and no deviation."""
        mean = centre.reshape(-1)
        return cls(None, Statistics(mean, np.full_like(mean, np.inf)), centre.shape)

    def going_on_from(self, start: Places) -> Places:
        """Return these places with those of the stage before, whose origin the network keeps."""
        if self.corpora is None or start.corpora is None:
            return Places(self.corpora, start.origin, self.shape)

        mine, before = self.corpora, start.corpora
        new = [row for row, name in enumerate(mine.names) if name not in before.names]
        both = replace(
            mine,
            names=(*before.names, *(mine.names[row] for row in new)),
            means=np.concatenate([before.means, mine.means[new]]),
            deviations=np.concatenate([before.deviations, mine.deviations[new]]),
            counts=np.concatenate([before.counts, mine.counts[new]]),
        )

        return Places(both, start.origin, self.shape)

    def moves(self, origin: Statistics) -> dict[str, Move]:
        """Return by corpus what brings its clips to an origin, each corpus by itself."""
        if self.corpora is None:
            return {}

        rows = zip(self.corpora.names, self.corpora.means, self.corpora.deviations, strict=True)
        return {
            name: self._move(Statistics(mean, np.where(deviation > 0, deviation, np.inf)), origin)
            for name, mean, deviation in rows
        }

    def move_of(self, vectors: NDArray[np.float64]) -> Move:
        """Return what brings a target to the origin, by unlabelled clips (n_clips, *shape)."""
        rows = np.sort(vectors.reshape(len(vectors), -1), axis=0)
        share = len(rows) / (len(rows) + PRIOR)
        mean = self.origin.mean + share * (rows.mean(axis=0) - self.origin.mean)
        deviation = rows.std(axis=0)
        varies = deviation > STILL * np.abs(rows).max(axis=0)
        is_known = varies & np.isfinite(self.origin.scale) & (len(rows) >= SCALE_FROM)
        scale = np.where(is_known, deviation, self.origin.scale)

        return self._move(Statistics(mean, scale), self.origin)

    def remoteness(self, vectors: NDArray[np.float64]) -> Remoteness | None:
        """Return how far the mean of clips (n_clips, *shape) lies from each corpus, in deviations
        of a corpus: the root of the mean square over numbers, less what chance brings.

        Every number counts, also those that move no answer, so the reach has a margin.
        """
        if self.corpora is None or len(self.corpora.names) < FEWEST:
            return None

        scale, means = self.corpora.origin.scale, self.corpora.means
        rows = vectors.reshape(len(vectors), -1)
        mean = np.sort(rows, axis=0).mean(axis=0)
        # Of a single clip the deviation is not known: that of the training stands for it.
        deviation = rows.std(axis=0, ddof=1) if len(rows) > 1 else scale
        varied = np.isfinite(scale)
        chance = float(np.mean((deviation[varied] / scale[varied]) ** 2)) / len(rows)
        squares = [float(np.mean(((mean - place) / scale) ** 2)) - chance for place in means]
        reach = max(
            float(np.mean(((place - other) / scale) ** 2))
            for place, other in combinations(means, 2)
        )
        nearest = int(np.argmin(squares))

        return Remoteness(
            max(0.0, squares[nearest]) ** 0.5, _MARGIN * reach**0.5, self.corpora.names[nearest]
        )

    def _move(self, place: Statistics, origin: Statistics) -> Move:
        # A number that never varied in one of the two keeps its size.
        varies = np.isfinite(place.scale) & np.isfinite(origin.scale)
        factor = np.where(varies, origin.scale, 1.0) / np.where(varies, place.scale, 1.0)
        added = origin.mean - place.mean * factor

        return Move(
            factor.reshape(self.shape).astype(np.float32),
            added.reshape(self.shape).astype(np.float32),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what the record of weights holds of them."""
        if self.corpora is None:
            return {}

        origin = {"mean": self.origin.mean, "scale": self._finite_scale()}
        return {
            "corpora": self.corpora.to_json(),
            "origin": {name: short_lists(values) for name, values in origin.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any], shape: tuple[int, ...]) -> Places:
        """Read what `to_json` gave. Raises DataError naming the entry that is not as it should
        be.
        """
        n_numbers = int(np.prod(shape))
        corpora = Corpora.from_json(record["corpora"], n_numbers)
        entry = record.get("origin")
        origin = entry if isinstance(entry, Mapping) else {}
        mean, scale = (read_array(origin, name, (n_numbers,)) for name in ("mean", "scale"))
        if (scale < 0).any():
            raise DataError("'origin' has a scale below 0: train the model again")

        return cls(corpora, Statistics(mean, np.where(scale > 0, scale, np.inf)), shape)

    def _finite_scale(self) -> NDArray[np.float64]:
        return np.where(np.isfinite(self.origin.scale), self.origin.scale, 0.0)


class CentredNetwork(DescribedNetwork):
    """`adapt` and `remoteness` of a model whose trained part hears what a frozen encoder gives.

    Clips are moved in the reader: after the cache, before anything that was trained.
    """

    _places: Places | None = None

    def adapt(self, clips: Sequence[Clip]) -> None:
        """Move all clips that are heard from here on by the mean of these, shrunk to the sources',
        and from 30 clips on by their deviation too.

        Raises UsageError without clips, where the encoder itself was trained, so that no frozen
        part tells where corpora lie, and where weights from before hold no mean of their sources.
        """
        reader = self._reader()
        if reader is None:
            raise UsageError(
                f"model {self.name!r} cannot adapt with adaptation=inside, as the encoder itself "
                f"was trained: leave --adapt out, or take weights of another preset"
            )
        if self._places is None:
            raise UsageError(
                f"weights {str(self.weights)!r} hold no mean of their training clips, so model "
                f"{self.name!r} cannot adapt: leave --adapt out, or train again"
            )

        if not clips:
            raise UsageError(
                f"model {self.name!r} was given no clip to adapt to: give one or more, or leave "
                f"--adapt out"
            )

        reader.fill(clips)
        reader.move = self._places.move_of(reader.vectors(clips))

    def remoteness(self, clips: Sequence[Clip]) -> Remoteness | None:
        """Return how far clips lie from each training corpus in what the frozen encoder gives.

        None where weights do not tell, or fewer than three corpora were trained on.
        """
        reader = self._reader()
        if reader is None or self._places is None or not clips:
            return None
        return self._places.remoteness(reader.vectors(clips))

    def _reader(self) -> FrameReader | None:
        """Return what reads the clips of loaded weights, None where it gives no frozen frames."""
        raise NotImplementedError


def places_of(
    folder: Path, record: Mapping[str, Any], centre: NDArray[np.float64], is_measured: bool
) -> Places | None:
    """Return what the record of weights tells; of one from before, the `centre` by which they
    standardise, in the shape of a clip's vector, if that was measured. Raises DataError where the
    record is damaged.
    """
    if "corpora" not in record:
        return Places.before_they_were_kept(centre) if is_measured else None

    try:
        return Places.from_json(record, centre.shape)
    except DataError as error:
        raise DataError(f"weights {str(folder)!r} cannot be used: {error}") from error


def centre_each(
    reader: FrameReader, places: Places, origin: Statistics, items: Sequence[TrainingItem]
) -> None:
    """Let a training hear clips as if all corpora lay at `origin`, each corpus moved by itself.

    Clips of another corpus, as held-out ones may be, are heard unmoved, as a blind target is.
    """
    moves = places.moves(origin)
    reader.own_moves = {item.clip.key: moves[item.corpus] for item in items if item.corpus in moves}
