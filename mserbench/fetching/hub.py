"""A dataset of the Hugging Face hub, or a local copy of it, to audio files and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.errors import DataError, words
from mserbench.fetching import reach
from mserbench.fetching.staging import Stage, relative, staging
from mserbench.plugins import misfits

if TYPE_CHECKING:
    import datasets

Report = Callable[[int, int], None]  # rows done and rows in all; 0 where that is not known

_MOST = 200 * 2**30  # bytes that any dataset may hold

# The columns of RESD, the one dataset of the hub that a card names: where a recording goes, its
# bytes, and what its table keeps. The text may be missing, the emotion must be there.
_PATH = "path"
_AUDIO = "speech"
_COLUMNS = ("emotion", "text")


def export(source: str | Path, root: Path, report: Report = lambda done, total: None) -> None:
    """Write each split into `root` as `SPLIT.csv` and `SPLIT/PATH`, the audio bytes as stored.

    `source` is the id of a dataset, or a folder (a `Path`) with its parquet files or what
    `save_to_disk` wrote. `root` is whole or untouched. Raises MissingExtra without `datasets`,
    DataError where the dataset cannot be had, lacks a column or audio, or holds a path that leads
    out of its folder.
    """
    name = f"dataset {str(source)!r}"
    splits = _splits(source, name)

    with staging(root, name, _MOST) as stage:
        for split, rows in splits.items():
            if relative(split) is None or "/" in split:
                raise stage.refusal(split, "is no name of a split")

            columns = _present_columns(split, rows, name)
            _export_split(split, _undecoded(rows), columns, stage, report)


def _splits(source: str | Path, name: str) -> Mapping[str, Any]:
    """Load the splits of a dataset by name, never running code of it."""
    with misfits.optional(f"exporting {name}", "datasets", "hub"):
        import datasets

    if (
        isinstance(source, str)
        and not reach.is_hub_offline()
        and (away := reach.hub_fault(source, "datasets"))
    ):
        raise DataError(
            f"{name} cannot be loaded, the hub could not be reached ({away}): look at the "
            "connection, or give a local copy of its parquet files with --from"
        )

    try:
        with reach.quiet_hub():
            loaded = _local(source) if isinstance(source, Path) else datasets.load_dataset(source)
    except Exception as error:  # the library and those below it raise errors of many kinds
        misfits.refuse(error)
        raise DataError(
            f"{name} cannot be loaded ({words(error, 200)}): look at the "
            "connection, or give a local copy of its parquet files with --from"
        ) from error

    return loaded if isinstance(loaded, dict) else {str(loaded.split or "train"): loaded}


def _local(folder: Path) -> Any:
    """Open what `save_to_disk` wrote, else the files, which are read without copying them."""
    import datasets

    if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
        return datasets.load_from_disk(str(folder))
    return datasets.load_dataset(str(folder.resolve()), streaming=True)


def _present_columns(
    split: str, rows: datasets.Dataset | datasets.IterableDataset, name: str
) -> list[str]:
    """Return the columns of the table that this dataset has. Raises DataError."""
    columns = rows.column_names or []
    lacking = [column for column in (_PATH, _AUDIO, _COLUMNS[0]) if column not in columns]
    if lacking:
        raise DataError(
            f"{name}, split {split!r}: the columns {lacking} were expected, but it has {columns}: "
            "this is another dataset or another version of it, see 'mserbench data show' of the "
            "corpus"
        )

    return [column for column in _COLUMNS if column in columns]


def _undecoded(rows: Any) -> Any:
    """Return the rows with the audio as stored; the library's decoder wants FFmpeg."""
    import datasets

    return rows.cast_column(_AUDIO, datasets.Audio(decode=False))


def _export_split(split: str, rows: Any, columns: list[str], stage: Stage, report: Report) -> None:
    """Write the audio of a split, and its table at the end."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["path", *columns])
    total = getattr(rows, "num_rows", 0)

    for number, row in enumerate(_rows(rows, stage, split), start=1):
        path, audio = row[_PATH], (row[_AUDIO] or {}).get("bytes")
        if not isinstance(path, str) or relative(path) is None:
            raise stage.refusal(str(path), "is no path inside its folder")
        if not audio:
            raise stage.refusal(path, "has no audio bytes")

        stage.write(f"{split}/{path}", [audio])
        # A row of a label file is one line: see mserbench.tables.
        table.writerow([path, *(" ".join(str(row[column] or "").split()) for column in columns)])
        report(number, total)

    stage.write(f"{split}.csv", [text.getvalue().encode("utf-8")])


def _rows(rows: Iterable[Any], stage: Stage, split: str) -> Iterable[Any]:
    """Yield the rows; damaged files show only here. Raises DataError for them."""
    # Not a `for`: a fault of the files must be told from one of whoever takes the rows.
    pending = iter(rows)
    while True:
        try:
            row = next(pending)
        except StopIteration:
            return
        except Exception as error:  # as above
            misfits.refuse(error)
            raise DataError(
                f"{stage.source}, split {split!r}: its files cannot be read "
                f"({words(error, 200)}): get them again"
            ) from error

        yield row
