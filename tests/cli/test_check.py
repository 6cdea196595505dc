"""`mserbench check`: each fault of a run has its exit status and its sentence."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.checking import again, conduct, reporting
from mserbench.checking.baselines import Envelope, Store
from mserbench.checking.outcome import Outcome, Status
from mserbench.results import runs
from mserbench.results.predictions import Prediction
from mserbench.results.record import MachinePart, RunRecord
from mserbench.results.runs import Run
from tests.conftest import ROOT

COMMITTED = ROOT / "leaderboard" / "results" / "emodb-sample"
SCHEMA_1 = ROOT / "tests" / "core" / "schema-1"
MACHINE = MachinePart(
    arithmetic="torch-float32", instructions="avx2", audio_seconds=100.0, product_seconds=0.002,
    memory_mb=500.0,
)  # fmt: skip
EPSILON = 1e-3
Change = Callable[[list[Prediction]], list[Prediction]]
OfRecord = Callable[[RunRecord], RunRecord]


@pytest.fixture
def first() -> Run:
    """A committed run, as if made on a machine that it tells of."""
    (folder,) = COMMITTED.glob("whisper-linear-01e3727cd865")
    run = runs.read(folder)
    seconds = {"prepare": 0.0, "predict": 10.0, "score": 0.1}
    return Run(folder, replace(run.record, machine=MACHINE, seconds=seconds))


@pytest.fixture
def store(tmp_path: Path, first: Run) -> Path:
    """A store with the baseline of that run."""
    finished = written(tmp_path / "first", first.record, first.rows)
    Store(tmp_path / "baselines").add(finished, Envelope(epsilon=EPSILON), "first baseline")
    return tmp_path / "baselines"


def written(folder: Path, record: RunRecord, rows: Sequence[Prediction]) -> Path:
    folder.mkdir(parents=True)
    clusters = record.clusters and record.clusters[: len(rows)]
    clusters = clusters and (*clusters, *[None] * (len(rows) - len(clusters)))
    counts = replace(record.counts, scored=len(rows))
    runs.finish(folder, replace(record, counts=counts, clusters=clusters), rows)
    return folder


@pytest.fixture
def check(cli, store: Path, first: Run, tmp_path: Path) -> Callable[..., Any]:
    """Check a changed run; returns what `--json` says, with the exit status."""

    def call(
        *options: str,
        rows: Change = lambda rows: rows,
        record: OfRecord = lambda record: record,
    ) -> Any:
        number = len(list(tmp_path.glob("runs-*")))
        folder = tmp_path / f"runs-{number}" / "emodb-sample" / "run"
        written(folder, record(first.record), rows(list(first.rows)))
        done = cli("check", folder.parent.parent, "--baseline", store, *options, "--json")
        answer = json.loads(done.out)
        assert answer["exit_code"] == done.code
        return answer

    return call


def only(answer: Any, code: int, status: Status) -> str:
    """Return the sentence of the only run, which ended as expected."""
    (run,) = answer["runs"]
    assert (answer["exit_code"], run["status"]) == (code, str(status)), run["sentence"]
    assert "\n" not in run["sentence"]
    sentence: str = run["sentence"]
    return sentence


def flipped(rows: list[Prediction], count: int, gap: float) -> list[Prediction]:
    """Answer `count` clips otherwise, the new answer leading the old one by a factor 1 + gap."""
    changed = []
    for row in rows[:count]:
        labels = [at for at, _ in enumerate(row.scores)]
        top = max(labels, key=lambda at: row.scores[at])
        second = max((at for at in labels if at != top), key=lambda at: row.scores[at])
        scores = [0.0] * len(row.scores)
        scores[second], scores[top] = (1 + gap) / (2 + gap), 1 / (2 + gap)
        changed.append(replace(row, scores=tuple(scores), prediction=LABELS[second]))

    return [*changed, *rows[count:]]


LABELS = ("neutral", "happy", "sad", "angry", "disgust", "fear", "boredom")


def test_the_same_answers_pass(check) -> None:
    assert "all 70 answers" in only(check(), 0, Status.SAME)


def test_a_flip_off_ties_fails_and_is_listed_with_scores_and_margins(check) -> None:
    answer = check(rows=lambda rows: flipped(rows, 2, 0.5))
    assert "2 of 70 answers flipped off ties" in only(answer, 1, Status.CHANGED)
    (flip, _) = answer["runs"][0]["comparison"]["flips"]
    assert flip["id"] == "03a01Fa"
    assert (flip["label"], flip["before"], flip["after"]) == ("happy", "neutral", "happy")
    assert flip["margin_after"] == pytest.approx(0.405, abs=1e-3)  # log 1.5
    assert not flip["tie"]


def test_a_flip_at_a_tie_passes_where_both_runs_have_it(cli, first: Run, tmp_path: Path) -> None:
    labels = first.labels

    def tied(lead: float, winner: int) -> list[Prediction]:
        scores = [0.0] * len(labels)
        scores[0], scores[1] = 0.5, 0.5
        scores[winner] += lead / 2
        scores[1 - winner] -= lead / 2
        row = replace(first.rows[0], scores=tuple(scores), prediction=labels[winner])
        return [row, *first.rows[1:]]

    before = written(tmp_path / "before", first.record, tied(2e-4, 0))
    Store(tmp_path / "store").add(before, Envelope(epsilon=EPSILON), "first baseline")
    written(tmp_path / "runs" / "same", first.record, tied(2e-4, 1))
    done = cli("check", tmp_path / "runs", "--baseline", tmp_path / "store")
    assert done.code == 0
    assert "1 answers flipped at ties" in " ".join(done.out.split())

    # The same flip where the run itself is sure is none of a tie.
    written(tmp_path / "sure" / "same", first.record, tied(0.2, 1))
    assert cli("check", tmp_path / "sure", "--baseline", tmp_path / "store").code == 1


def test_flips_at_ties_never_fail_though_all_are_losses(cli, tmp_path: Path, first: Run) -> None:
    """The score gate must not count what was excused."""

    def tied(winner: str) -> list[Prediction]:
        scores = {**dict.fromkeys(first.labels, 0.0), "neutral": 0.5, "sad": 0.5}
        return [
            replace(row, label="neutral", prediction=winner, scores=tuple(scores.values()))
            for row in first.rows
        ]

    before = written(tmp_path / "before", first.record, tied("neutral"))
    Store(tmp_path / "store").add(before, Envelope(epsilon=EPSILON), "first baseline")
    written(tmp_path / "runs" / "run", first.record, tied("sad"))
    done = cli("check", tmp_path / "runs", "--baseline", tmp_path / "store", "--json")
    only(json.loads(done.out), 0, Status.TIES)


def test_an_answer_that_cannot_be_read_any_more_fails(check) -> None:
    def unread(rows: list[Prediction]) -> list[Prediction]:
        return [replace(rows[0], prediction=""), *rows[1:]]

    sentence = only(check(rows=unread), 1, Status.REGRESSION)
    assert "1 answers could not be read, 0 before" in sentence
    assert only(check("--fail-on", "unparsed:+2pt", "--fail-on", "flips:+2pt", rows=unread), 0,
                Status.SAME)  # fmt: skip


def test_drift_beyond_the_envelope_fails_though_nothing_flipped(check) -> None:
    """As a cast to float16 does, or features that moved a little."""

    def moved(rows: list[Prediction]) -> list[Prediction]:
        softer = [score**0.99 for score in rows[0].scores]
        scores = tuple(score / sum(softer) for score in softer)
        return [replace(rows[0], scores=scores), *rows[1:]]

    answer = check(rows=moved)
    assert "log-probabilities moved by up to" in only(answer, 1, Status.CHANGED)
    assert answer["runs"][0]["comparison"]["flips"] == []
    only(check("--fail-on", "drift:1", rows=moved), 0, Status.SAME)


IDS: dict[str, tuple[Change, str]] = {
    "renamed": (
        lambda rows: sorted([replace(rows[0], id="99x99"), *rows[1:]], key=lambda row: row.id),
        "1 clip(s) of the baseline are not in the run ('03a01Fa'); 1 clip(s) of the run are not in "
        "the baseline ('99x99'): as many came as went, so ids may have been renamed; nothing else "
        "was compared",
    ),
    "dropped": (
        lambda rows: rows[1:],
        "1 clip(s) of the baseline are not in the run ('03a01Fa'): nothing else was compared",
    ),
    "added": (
        lambda rows: [*rows, replace(rows[0], id="99x99")],
        "1 clip(s) of the run are not in the baseline ('99x99'): nothing else was compared",
    ),
    "relabelled": (
        lambda rows: [replace(rows[0], label="sad"), *rows[1:]],
        "1 clip(s) have another label now ('03a01Fa'): nothing else was compared",
    ),
}


@pytest.mark.parametrize("name", IDS)
def test_other_clips_are_told_apart(check, name: str) -> None:
    change, sentence = IDS[name]
    assert only(check(rows=change), 1, Status.CLIPS) == sentence


def test_a_nan_is_named_with_its_clip(cli, store: Path, first: Run, tmp_path: Path) -> None:
    folder = written(tmp_path / "runs" / "nan", first.record, first.rows)
    path = folder / runs.PREDICTIONS
    path.write_text(path.read_text().replace("0.999801", "nan", 1))
    value = json.loads((folder / runs.RECORD).read_text())
    value["predictions"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / runs.RECORD).write_text(json.dumps(value))

    answer = json.loads(cli("check", folder, "--baseline", store, "--json").out)
    sentence = only(answer, 3, Status.DATA)
    assert "score_neutral is 'nan', but a finite number was expected" in sentence


def test_a_file_that_was_changed_by_hand_is_no_run(
    cli, store: Path, first: Run, tmp_path: Path
) -> None:
    folder = written(tmp_path / "runs" / "run", first.record, first.rows)
    path = folder / runs.PREDICTIONS
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    answer = json.loads(cli("check", folder, "--baseline", store, "--json").out)
    assert "it was changed later" in only(answer, 3, Status.DATA)


STALE: dict[str, OfRecord] = {
    "the question of the task": lambda record: replace(
        record, task=replace(record.task, question="0" * 64)
    ),
    "the hash of the weights": lambda record: replace(
        record,
        model=replace(record.model, weights=replace(record.model.weights, hash="0" * 64)),  # type: ignore[type-var]
    ),
    "the digest of the audio": lambda record: replace(
        record, corpus=replace(record.corpus, index_digest="0" * 64)
    ),
}


@pytest.mark.parametrize("part", STALE)
def test_a_stale_baseline_says_what_changed(check, part: str) -> None:
    sentence = only(check(record=STALE[part]), 2, Status.STALE)
    assert f"no baseline of this question any more, as other is {part}: " in sentence
    assert "mserbench baseline add RUN --replace" in sentence


def test_another_device_says_which_there_are(check) -> None:
    def on_gpu(record: RunRecord) -> RunRecord:
        return replace(record, machine=replace(MACHINE, gpu="sm90"))

    sentence = only(check(record=on_gpu), 3, Status.DEVICE)
    assert "cuda-sm90" in sentence
    assert "its baselines are of cpu-avx2-torch" in sentence


def test_scores_alone_are_compared_with_another_device(check, store: Path) -> None:
    """Single answers differ there, and no envelope says by how much."""

    def on_gpu(record: RunRecord) -> RunRecord:
        return replace(record, machine=replace(MACHINE, gpu="sm90"))

    def few(rows: list[Prediction]) -> list[Prediction]:
        return flipped(rows, 2, 0.5)

    (key,) = (path.name for path in store.iterdir())
    given = ("--device-key", key)
    assert "give a threshold of scores" in only(check(*given, record=on_gpu), 3, Status.DEVICE)
    only(check(*given, "--fail-on", "ua:-1.0pt", record=on_gpu, rows=few), 0, Status.SAME)

    def wrong(rows: list[Prediction]) -> list[Prediction]:
        return [replace(row, prediction="boredom" if at < 40 else row.prediction)
                for at, row in enumerate(rows)]  # fmt: skip

    answer = check(*given, "--fail-on", "ua:-1.0pt", record=on_gpu, rows=wrong)
    assert "McNemar p = " in only(answer, 1, Status.REGRESSION)


def test_no_baseline_is_never_green(check) -> None:
    def renamed(record: RunRecord) -> RunRecord:
        return replace(record, model=replace(record.model, name="another"))

    sentence = only(check(record=renamed), 2, Status.NO_BASELINE)
    assert "there is no baseline of another" in sentence
    assert "mserbench baseline add RUN" in sentence


def test_an_option_that_came_later_makes_no_other_question(check) -> None:
    """Else each option that somebody adds would cost every baseline."""

    def with_option(record: RunRecord) -> RunRecord:
        options = {**record.model.options, "new_and_not_set": None}
        return replace(record, model=replace(record.model, options=options))

    only(check(record=with_option), 0, Status.SAME)


def test_a_record_of_schema_1_is_still_compared(cli, tmp_path: Path) -> None:
    key = "cpu-avx2-numpy2-float64"
    Store(tmp_path / "store").add(SCHEMA_1, Envelope(epsilon=EPSILON), "first", key=key)
    done = cli("check", SCHEMA_1, "--baseline", tmp_path / "store", "--device-key", key, "--json")
    only(json.loads(done.out), 0, Status.SAME)

    # It does not say where it was made, and nobody said it either.
    done = cli("check", SCHEMA_1, "--baseline", tmp_path / "store", "--json")
    assert "does not say what machine" in only(json.loads(done.out), 3, Status.DATA)


def test_an_unfinished_run_is_a_crash(cli, store: Path, tmp_path: Path) -> None:
    """Left out it would look as if its model had passed."""
    folder = tmp_path / "runs" / "demo-fa" / "killed"
    folder.mkdir(parents=True)
    (folder / runs.JOURNAL).write_text("")
    answer = json.loads(cli("check", tmp_path / "runs", "--baseline", store, "--json").out)
    assert "did not finish" in only(answer, 4, Status.CRASH)


def test_a_check_that_fails_itself_says_so(check, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(conduct, "compare", broken)
    sentence = only(check(), 4, Status.CRASH)
    assert "the check itself failed (ZeroDivisionError: division by zero)" in sentence


def test_a_partial_run_is_no_run_of_the_baseline(check) -> None:
    def partial(record: RunRecord) -> RunRecord:
        return replace(record, counts=replace(record.counts, partial=True))

    sentence = only(check(record=partial, rows=lambda rows: rows[:10]), 3, Status.DATA)
    assert "partial, of 10 clips of 70" in sentence


SLOW: OfRecord = lambda record: replace(record, seconds={"predict": 13.0})  # noqa: E731
LARGE: OfRecord = lambda record: replace(record, machine=replace(MACHINE, memory_mb=650.0))  # noqa: E731
SLOW_MACHINE: OfRecord = lambda record: replace(  # noqa: E731
    record, seconds={"predict": 13.0}, machine=replace(MACHINE, product_seconds=0.0026)
)


def test_time_and_memory_count_where_they_are_asked_for(check) -> None:
    only(check(record=SLOW), 0, Status.SAME)
    rtf, memory = ("--fail-on", "rtf:+15%"), ("--fail-on", "memory:+20%")
    assert "changed by +30.0 %" in only(check(*rtf, record=SLOW), 1, Status.REGRESSION)
    assert "peak memory changed by +30.0 %" in only(
        check(*memory, record=LARGE), 1, Status.REGRESSION
    )

    # A machine on which everything takes longer is no slow program.
    only(check(*rtf, record=SLOW_MACHINE), 0, Status.SAME)


def test_a_threshold_that_cannot_be_judged_is_no_pass(check) -> None:
    sentence = only(
        check("--fail-on", "rtf:+15%", record=lambda record: replace(record, seconds={})),
        2,
        Status.NO_BASELINE,
    )
    assert "add the baseline anew" in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("uaa:-1pt", "did you mean 'ua'?"),
        ("ua:+1.0pt", "ua:-NUMBERpt was expected, such as ua:-1pt"),
        ("ua:-1", "ua:-NUMBERpt was expected"),
        ("rtf:+15pt", "rtf:+NUMBER% was expected"),
        ("drift:x", "drift:NUMBER was expected"),
        ("ua", "ua:-NUMBERpt was expected"),
    ],
)
def test_a_threshold_of_another_form_is_refused(cli, store: Path, text: str, sentence: str) -> None:
    done = cli("check", store.parent / "first", "--baseline", store, "--fail-on", text)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_what_is_missing_is_named(cli, store: Path, tmp_path: Path) -> None:
    assert "holds no run" in cli("check", store / "none", "--baseline", store).err
    assert cli("check", store / "none", "--baseline", store).code == 3
    done = cli("check", store.parent / "first", "--baseline", tmp_path / "none")
    assert (done.code, "mserbench baseline add RUN" in done.err) == (2, True)


# What GitHub is told


def test_github_gets_annotations_and_a_summary(
    cli, store: Path, first: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "runs" / "a", first.record, flipped(list(first.rows), 2, 0.5))
    written(tmp_path / "runs" / "b", first.record, first.rows)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    page = tmp_path / "page.md"
    done = cli("check", tmp_path / "runs", "--baseline", store, "--github", "--report", page)
    assert done.code == 1
    (line,) = (line for line in done.out.splitlines() if line.startswith("::"))
    assert line.startswith(
        "::error title=changed answers%3A whisper-linear%2C whisper-linear-it-en"
    )
    assert "::2 of 70 answers flipped off ties" in line
    summary = (tmp_path / "summary.md").read_text()
    assert summary.strip() == page.read_text().strip()
    assert "| label | clips | flips | at ties | lost | gained |" in summary
    assert "| happy | 10 | " in summary
    assert "1 changed answers" in summary


def test_a_long_report_is_cut_where_it_must_be(store: Path, first: Run, tmp_path: Path) -> None:
    from mserbench.checking.comparing import compare

    rows = [replace(row, id=f"{number:05}-{row.id}") for number in range(40) for row in first.rows]
    comparison = compare(rows, flipped(rows, 2_800, 0.5), first.labels, EPSILON)
    outcome = Outcome("run", "task", "model", "key", Status.REGRESSION, "x", comparison=comparison)
    whole = reporting.step_summary([outcome])
    short = reporting.step_summary([outcome], limit=40_000)
    assert len(whole.encode()) > 100_000
    assert len(short.encode()) <= 40_000
    assert f"{len(comparison.flips)} flips, 100 of them shown" in short

    many = [replace(outcome, sentence="word " * 50)] * 400
    page = reporting.step_summary(many, limit=40_000)
    assert len(page.encode()) <= 40_000
    assert "longer than a step summary may be" in page


def test_names_from_outside_command_no_runner() -> None:
    from mserbench.checking.github import commands

    outcome = Outcome("run", "task", "a,b::c", "key", Status.REGRESSION, "50 %\n::error::x\x1b[31m")
    (line,) = commands([outcome])
    assert "\n" not in line
    assert line == (
        "::error title=regression%3A a%2Cb%3A%3Cc on task::50 %25 ::error::x\\x1b[31m".replace(
            "%3Cc", "%3Ac"
        )
    )
    assert len(commands([outcome] * 25)) == 10


# Run again


@pytest.fixture
def real(tmp_path: Path, no_settings: None) -> Run:
    return evaluate("prior", "emodb-sample", out=tmp_path / "again")


def test_a_failure_that_is_not_seen_again_is_no_regression(cli, real: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    Store(store).add(real.folder, Envelope(epsilon=EPSILON), "first baseline")
    odd = flipped(real.rows, 5, 0.5)
    folder = written(tmp_path / "odd" / "run", real.record, odd)
    assert cli("check", folder, "--baseline", store).code == 1

    done = cli("check", folder, "--baseline", store, "--again", "--json")
    sentence = only(json.loads(done.out), 0, Status.UNCONFIRMED)
    assert "a second run passes (all 70 answers" in sentence


def test_a_failure_that_is_seen_again_is_one(cli, real: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    odd = flipped(real.rows, 5, 0.5)
    before = written(tmp_path / "odd" / "run", real.record, odd)
    Store(store).add(before, Envelope(epsilon=EPSILON), "first baseline")
    done = cli("check", real.folder, "--baseline", store, "--again", "--beside=--x", "--json")
    answer = json.loads(done.out)
    only(answer, 1, Status.CHANGED)
    first, second = answer["runs"][0]["notes"]
    assert first.startswith("run again, it fails again (changed answers): ")
    assert second.endswith("--beside '--x' is no commit: give its hash")


def test_the_code_of_a_commit_runs_beside_a_failure(
    cli, real: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must be that of the commit, which here can only fail in its own way, and leave nothing."""
    repository = tmp_path / "repository"
    package = repository / "mserbench"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys\nsys.exit('the earlier code')\n")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "earlier"]):
        subprocess.run(["git", *words], cwd=repository, check=True)

    store = tmp_path / "store"
    before = written(tmp_path / "odd" / "run", real.record, flipped(real.rows, 5, 0.5))
    Store(store).add(before, Envelope(epsilon=EPSILON), "first baseline")
    monkeypatch.chdir(repository)
    done = cli("check", real.folder, "--baseline", store, "--again", "--beside=HEAD", "--json")
    first, second = json.loads(done.out)["runs"][0]["notes"]
    assert first.startswith("run again, it fails again (changed answers): ")
    assert second == (
        "the code of HEAD could not be run beside it: 'mserbench run' ended with 1 (the earlier "
        "code)"
    )
    kept = subprocess.run(["git", "worktree", "list"], cwd=repository, capture_output=True)
    assert len(kept.stdout.splitlines()) == 1


def test_weights_that_do_not_ship_are_asked_for(first: Run, tmp_path: Path) -> None:
    weights = first.record.model.weights
    assert weights is not None
    own = replace(
        first.record, model=replace(first.record.model, weights=replace(weights, shipped=False))
    )
    with pytest.raises(again.UsageError, match="give their folder by --weights"):
        again.arguments(own, again.Means(), tmp_path)

    means = again.Means(weights={weights.name: tmp_path / weights.name})
    words = again.arguments(own, means, tmp_path)
    assert words[words.index("--weights") + 1] == str(tmp_path / weights.name)
