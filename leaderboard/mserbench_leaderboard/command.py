"""`mserbench leaderboard`: rewrite the board from its runs, remake and compare it, or add runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common
from mserbench.errors import DataError, UsageError

if TYPE_CHECKING:
    from mserbench.stress.record import Stressed
    from mserbench_leaderboard.board import Section
    from mserbench_leaderboard.entries import BoardRun

README = "README.md"
TRANSLATED = "docs/README.*.md"  # from the folder that the board lies in
PAGE = "index.html"
FRONT_START, FRONT_END = "<!-- board -->", "<!-- /board -->"


@click.command(name="leaderboard", short_help="rewrite the leaderboard from its runs, or compare")
@click.option(
    "--replay",
    is_flag=True,
    help="Recompute every number from its predictions; write nothing; exit 1 if any differs.",
)
@click.option("--check", is_flag=True, hidden=True)
@click.option(
    "--add",
    "added",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="RUN_DIR",
    help="A finished run to take in; repeatable.",
)
@click.option(
    "--rescore",
    is_flag=True,
    help="Compute metrics and intervals of all records anew, those added too, as after a "
    "change of the statistics.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("leaderboard"),
    show_default=True,
    help="Folder of the board.",
)
@click.option(
    "--pictures/--no-pictures",
    default=True,
    show_default=True,
    help="Draw, or check for, confusion matrices.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write, or check, DIR/index.html: the board as one page to look at.",
)
@_common.json_option
def command(
    replay: bool,
    check: bool,
    added: Sequence[Path],
    rescore: bool,
    folder: Path,
    pictures: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Write README.md and pictures of the board from its runs in results and stress, or compare
    them with what these give.

    The table of the best runs also goes into a README.md beside it, between <!-- board --> and
    <!-- /board -->, and into its translations, docs/README.*.md, whose first row stays.
    """
    if check:
        raise UsageError("--check of the leaderboard is --replay now: give that")
    if replay and (added or rescore):
        raise UsageError("--replay writes nothing, and --add and --rescore do: give one of them")
    if replay:
        findings, notes = replay_board(folder, pictures, html), doubts_of(folder)
        count = f"{len(findings)} finding(s) in {str(folder)!r}"
        _tell({"findings": findings, "notes": notes}, [*findings, *notes, count], as_json)
        if findings:
            raise click.exceptions.Exit(1)
        return

    # In this order: a run that is added may be computed anew, and the page shows what came of it.
    copied = add(folder, added) if added else []
    rescored = rescore_all(folder) if rescore else []
    runs, drawn = rewrite(folder, pictures, html)
    report = {
        "readme": str(folder / README),
        "runs": runs,
        "added": [str(path) for path in copied],
        "drawn": len(drawn),
        "rescored": [str(path) for path in rescored],
    }
    notes = doubts_of(folder, copied) if copied else []
    report["notes"] = notes
    if html:
        report["page"] = str(html / PAGE)
    lines = [*(f"added {str(path)!r}" for path in copied), *notes]
    lines += [f"computed anew: {str(path)!r}" for path in rescored]
    lines.append(f"{str(folder / README)!r}: {runs} run(s), {len(drawn)} picture(s) drawn")
    lines += [f"{report['page']!r}: open it in a browser"] if html else []
    _tell(report, lines, as_json)


def rewrite(
    folder: Path, pictures: bool = True, html: Path | None = None
) -> tuple[int, list[Path]]:
    """Write the board, and its page into the folder `html`; return the number of runs and the
    pictures drawn.

    Raises DataError with every fault of the runs, before anything is written; MissingExtra without
    matplotlib.
    """
    from mserbench.disk.files import write_atomic
    from mserbench_leaderboard import pictures as matrices
    from mserbench_leaderboard import systems

    entries, texts, problems = _board(folder, html)
    if problems:
        listed = "\n  - ".join(
            [f"the board {str(folder)!r} is not written, as of its runs", *problems]
        )
        raise DataError(listed)

    drawn = matrices.update(folder, systems.of(entries)) if pictures else []
    for path, text in texts.items():
        write_atomic(path, text)

    return len(entries), drawn


def replay_board(folder: Path, pictures: bool = True, html: Path | None = None) -> list[str]:
    """Return a sentence for each thing that is damaged, stale, or not what the predictions say;
    write nothing.
    """
    from mserbench_leaderboard import audit, stressed, systems
    from mserbench_leaderboard import pictures as matrices

    entries, texts, findings = _board(folder, html)
    for entry in entries:
        findings += audit.findings(entry)

    stresses, _ = stressed.collect(folder)
    findings += stressed.findings(stresses)

    # A page may be stale though all its runs are sound, as after another run was added.
    remedy = (
        "run 'mserbench leaderboard'"
        if html is None
        else (f"run 'mserbench leaderboard --html {html}'")
    )
    findings += [
        f"{str(path)!r} is not what its runs give: {remedy}"
        for path, text in texts.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if pictures:
        rows = systems.of(entries)
        findings += [
            f"picture {matrices.place(row)!r} is missing: {remedy}"
            for row in matrices.missing(folder, rows)
        ]
        findings += [
            f"picture {str(path)!r} belongs to no run: {remedy}"
            for path in matrices.superfluous(folder, rows)
        ]

    return findings


def doubts_of(folder: Path, only: Sequence[Path] = ()) -> list[str]:
    """Return what a person should look at in the runs of a board, or in some of them by folder."""
    from mserbench_leaderboard import doubts, published, store

    entries, _ = store.collect(folder / store.RESULTS)
    reported = published.judged(published.read(folder / published.FILE))
    chosen = [entry for entry in entries if not only or entry.run.folder in only]
    return [
        doubt
        for entry in chosen
        for doubt in doubts.doubts(
            entry,
            [neighbour for neighbour in entries if neighbour.question.name == entry.question.name],
            [result for result in reported if result.task == entry.question.name],
        )
    ]


def rescore_all(folder: Path) -> list[Path]:
    """Write the metrics and intervals of each record anew where they are others; return the folders
    of those runs.

    Predictions stay as they are. Raises DataError with every run that cannot be read; then nothing
    is written.
    """
    from mserbench.results import runs
    from mserbench_leaderboard import store

    entries, problems = store.collect(folder / store.RESULTS)
    if problems:
        raise DataError("\n  - ".join(["nothing was computed anew, as of the runs", *problems]))

    changed = []
    for entry in entries:
        before = (entry.run.folder / runs.RECORD).read_bytes()
        runs.rewrite_record(runs.rescored(entry.run))
        if (entry.run.folder / runs.RECORD).read_bytes() != before:
            changed.append(entry.run.folder)

    return changed


def add(folder: Path, added: Sequence[Path]) -> list[Path]:
    """Copy finished runs into the results, after all of them passed every check; return their new
    folders.

    Raises DataError with all reasons why a run is refused; then nothing is copied.
    """
    from mserbench_leaderboard import admission, store

    results = folder / store.RESULTS
    with store.tidied(results):
        standing, problems = store.collect(results)
        entries = [store.load(path.resolve()) for path in added]

        # Each is judged beside those before it too, as two that contradict one another must not go
        # in.
        for entry in entries:
            problems += admission.refusals(entry, standing)
            standing.append(entry)

        if problems:
            raise DataError("\n  - ".join(["nothing was added:", *problems]))

        return [store.copy(entry, results) for entry in entries]


def _board(folder: Path, html: Path | None) -> tuple[list[BoardRun], dict[Path, str], list[str]]:
    """Return the entries, the texts of the files to write (none where there are problems), and the
    problems.
    """
    from mserbench_leaderboard import (
        board,
        drawing,
        published,
        registered,
        render,
        store,
        stressed,
    )
    from mserbench_leaderboard.site import page

    results = folder / store.RESULTS
    if not results.is_dir() or results.is_symlink():
        raise DataError(
            f"{str(folder)!r} has no folder {store.RESULTS!r}: "
            f"name the folder of a leaderboard with --dir"
        )

    entries, problems = store.collect(results)
    sections, more = board.build(
        entries, published.judged(published.read(folder / published.FILE)), registered.question
    )
    stresses, faults = stressed.collect(folder)
    problems += [*more, *faults]
    if problems:
        return entries, {}, problems

    readme = render.board(sections, stresses)
    texts = {folder / README: readme, **_front_pages(folder, sections, stresses)}
    texts |= stressed.for_cards(folder, stresses, (entry.run for entry in entries))
    if picture := drawing.picture(sections):
        texts[folder / drawing.PLACE] = picture
    if html:
        texts[html / PAGE] = page.text(sections, folder, html, stresses)

    return entries, texts, []


def _front_pages(
    folder: Path, sections: Sequence[Section], stresses: Sequence[Stressed]
) -> dict[Path, str]:
    """Return the README beside the board, and its translations in docs, with the table of the best
    runs: those that have a place for one.
    """
    from mserbench.report import markdown
    from mserbench_leaderboard import summary

    # Whoever comes by the front page would take synthetic speech for a result.
    real = [section for section in sections if not section.question.synthetic]
    around = folder.resolve().parent
    pages: dict[Path, str] = {}
    for path in [around / README, *sorted(around.glob(TRANSLATED))]:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        head, start, after_start = text.partition(FRONT_START)
        before, end, tail = after_start.partition(FRONT_END)
        if not (start and end):
            continue

        way = Path(os.path.relpath(folder.resolve() / README, path.parent)).as_posix()
        table = markdown.block(summary.table_of(real, way, stresses))
        if path.name != README:
            table = _headed_as(before.strip(), table)
        pages[path] = f"{head}{start}\n\n{table}\n\n{end}{tail}"

    return pages


def _headed_as(before: str, table: str) -> str:
    """Return a table of Markdown with the first row that it had before, which a person translated:
    if it has as many columns still.
    """
    titles, _, rows = table.partition("\n")
    translated = before.partition("\n")[0]
    fits = translated.count("|") == titles.count("|")
    return f"{translated if fits else titles}\n{rows}"


def _tell(report: dict[str, object], lines: Sequence[str], as_json: bool) -> None:
    if as_json:
        _common.print_json(report)
    else:
        click.echo("\n".join(lines))
