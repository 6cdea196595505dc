"""`mserbench.plot`: what a model makes of the clips of its runs, as a picture with its numbers."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.embeddings import FIELDS
from mserbench.embeddings.gathering import Cloud, gather
from mserbench.embeddings.projection import Projection, Separation, separation, separation_within
from mserbench.errors import MissingExtra, UsageError
from mserbench.report.watched import watched
from mserbench.results.runs import Run

if TYPE_CHECKING:
    import pandas as pd

MEASURED = ("emotion", "language", "speaker")  # always, whatever is drawn
WITHIN = "emotion within a language"


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture by t-SNE, which a notebook displays; the numbers are of the vectors themselves.

    `png` holds the bytes of the picture, `separations` the silhouettes by field.
    """

    cloud: Cloud
    placed: Projection
    separations: Mapping[str, Separation]
    png: bytes

    def save(self, path: str | Path) -> None:
        """Write the PNG. Raises OSError where it cannot be written."""
        Path(path).write_bytes(self.png)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a clip: id, task, x, y, and its fields; missing where one is not known."""
        import pandas as pd

        fields = {field: self.cloud.values(field) for field in FIELDS}
        ids = [point.id for point in self.cloud.points]
        tasks = [point.task for point in self.cloud.points]
        x, y = self.placed.places.T
        return pd.DataFrame({"id": ids, "task": tasks, "x": x, "y": y, **fields})

    def __repr__(self) -> str:
        parts = [
            f"{field} {separated.silhouette:.3f}"
            for field, separated in self.separations.items()
            if separated.silhouette is not None
        ]
        return f"<Picture of {len(self.cloud.points)} clips; silhouettes: {', '.join(parts)}>"

    def _repr_png_(self) -> bytes:
        return self.png


def plot(
    runs: Run | str | Path | Iterable[Run | str | Path],
    by: Sequence[str] = ("emotion", "speaker"),
    *,
    also: Sequence[str] = (),
    data: str | Path | None = None,
    weights: str | Path | None = None,
    device: str = "auto",
    limit: int | None = None,
    seed: int = 0,
) -> Picture:
    """Draw the vectors that the model of some runs gives their clips, by t-SNE (docs/plot.md).

    Several runs, or folders of runs, must be of one model and the same weights. `by`: a panel each,
    of `FIELDS`; `also`: names of tasks whose clips are drawn too; the others as in `evaluate`.
    Raises UsageError, also for a model that gives no vectors, DataError where audio is not what was
    scored, and MissingExtra without matplotlib.
    """
    wrong = [field for field in by if field not in FIELDS]
    if wrong or isinstance(by, str) or not by:
        raise UsageError(f"by is {by!r}, but a list of {', '.join(FIELDS)} was expected")

    several = [runs] if isinstance(runs, Run | str | Path) else list(runs)
    if not several:
        raise UsageError("runs is an empty list, but one or more were expected")

    require_matplotlib()
    from mserbench.embeddings import picture, projection

    folders = [run.folder if isinstance(run, Run) else Path(run) for run in several]
    with watched("embeddings") as report:
        cloud = gather(
            folders,
            also,
            None if data is None else Path(data),
            None if weights is None else str(weights),
            device,
            limit,
            report,
        )

    placed = projection.tsne(cloud.vectors, seed)
    separations = measured(cloud, by)
    drawn = picture.draw(cloud, placed, by, separations, seed)
    return Picture(cloud, placed, separations, drawn)


def measured(cloud: Cloud, fields: Sequence[str]) -> dict[str, Separation]:
    """Return the silhouettes of the fields drawn, and of those that every report holds."""
    fields_measured = dict.fromkeys((*MEASURED, *fields))
    separations = {
        field: separation(cloud.vectors, cloud.values(field)) for field in fields_measured
    }
    # Of one language it would be the silhouette of the emotions again.
    if separations["language"].groups > 1:
        separations[WITHIN] = separation_within(
            cloud.vectors, cloud.values("emotion"), cloud.values("language")
        )

    return separations


def require_matplotlib() -> None:
    """Raise MissingExtra without it: it would be missed after minutes of work."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("drawing embeddings", "matplotlib", "plots")
