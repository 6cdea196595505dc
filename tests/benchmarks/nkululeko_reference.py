"""Time and score nkululeko 1.14.1 and mserbench on one job: train on EmoDB and EMOVO, test on
RAVDESS.

Both extract eGeMAPSv02 functionals with opensmile from the same files and are scored on the same
seven classes (nkululeko is given neither EmoDB's boredom nor RAVDESS's calm). nkululeko runs with
three models:

- `SVM`: its defaults, which leave the features unscaled;
- `SVM balanced`: standardised features and balanced class weights, as our own classifier has them;
- `XGB`: its defaults.

Its `scale = speaker` is left out: it reads statistics of the test speakers, which our plain
`egemaps` does not. Cold is a whole process with no feature stored; cached is the median of three
with all features stored. Walls mean something on an idle machine only, so the load is printed.
nkululeko wants its own environment:

    python3.11 -m venv nkululeko-venv
    nkululeko-venv/bin/pip install nkululeko==1.14.1 torch==2.13.0 opensmile==2.6.0 xgboost==3.2.0 \
        scikit-learn==1.9.1 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 audformat==1.4.3
        audinterface==1.4.0
    python tests/benchmarks/nkululeko_reference.py --data DATA --python nkululeko-venv/bin/python \
        --ours .venv/bin/mserbench --work WORK

Without `--ours` only nkululeko is measured. Exit codes: 0 all bounds hold; 1 ours is slower cold,
takes 3 s or more cached, or has a lower UA than its best model; 2 usage; 3 data missing; 4 a
program failed.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

LABELS = ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")
CODES = {
    # no surprise
    "emodb": (slice(5, 6), dict(zip("NFTWEA", [*LABELS[:4], *LABELS[5:]], strict=True))),
    "emovo": (
        slice(0, 3),
        dict(zip(("neu", "gio", "tri", "rab", "sor", "dis", "pau"), LABELS, strict=True)),
    ),
    "ravdess": (
        slice(6, 8),
        dict(zip(("01", "03", "04", "05", "08", "07", "06"), LABELS, strict=True)),
    ),
}
"""Corpus -> where in a file's name its emotion code stands, and code -> label; other codes are
dropped.
"""
CLIPS = {"emodb": 454, "emovo": 588, "ravdess": 1248}
"""Published number of clips with one of the seven labels."""
MODELS = {
    "SVM": ("type = svm", ""),
    "SVM balanced": ("type = svm\nclass_weight = True", "scale = standard"),
    "XGB": ("type = xgb", ""),
}
"""Name -> what the [MODEL] and [FEATS] sections say beyond the lines that all share."""
CACHED_RUNS = 3
CACHED_LIMIT_SECONDS = 3.0


class Measured(NamedTuple):
    """Wall times in seconds and UA in [0, 1]."""

    cold: float
    cached: float
    ua: float


def fail(code: int, message: str) -> NoReturn:
    """End the program with an exit code and one sentence that says why."""
    print(message, file=sys.stderr)
    raise SystemExit(code)


def write_databases(data: Path, work: Path) -> None:
    """Write one csv database a corpus, as nkululeko reads it."""
    for corpus, (place, labels) in CODES.items():
        files = sorted(
            p for p in (data / corpus).resolve().rglob("*") if p.suffix in {".wav", ".flac"}
        )
        rows = [(path, labels[path.stem[place]]) for path in files if path.stem[place] in labels]
        if len(rows) != CLIPS[corpus]:
            fail(
                3,
                f"{data / corpus} holds {len(rows)} labelled clips, expected {CLIPS[corpus]}: "
                f"unpack it anew.",
            )

        with (work / f"{corpus}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("file", "emotion"), *rows])


def write_config(work: Path, name: str) -> Path:
    """Write the configuration of one of MODELS; all are one experiment, so they share stored
    features.
    """
    model, features = MODELS[name]
    split = {"emodb": "train", "emovo": "train", "ravdess": "test"}
    lines = [
        "[EXP]",
        f"root = {work}/",
        "name = experiment",
        "[DATA]",
        f"databases = {list(split)}",
    ]

    for corpus, part in split.items():
        lines += [
            f"{corpus} = {work}/{corpus}.csv",
            f"{corpus}.type = csv",
            f"{corpus}.split_strategy = {part}",
        ]

    lines += [
        "target = emotion",
        f"labels = {list(LABELS)}",
        "[FEATS]",
        "type = ['os']",
        "set = eGeMAPSv02",
    ]
    lines += [features, "[MODEL]", model, f"n_jobs = {os.cpu_count()}"]
    path = work / f"{name.replace(' ', '-')}.ini"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return path


def timed(command: list[str | Path], log: Path, **environment: str) -> tuple[float, str]:
    """Run a command; return its wall time in seconds and its standard output; `log` keeps both
    streams.
    """
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, check=False
    )
    wall = time.perf_counter() - start
    log.write_text(done.stdout + done.stderr, encoding="utf-8")

    if done.returncode != 0:
        fail(4, f"{command[0]} ended with code {done.returncode}, expected 0: read {log}.")

    return wall, done.stdout


def unweighted_average_recall(predictions: Path) -> float:
    """Return the mean recall over LABELS, in [0, 1], of a predictions file of nkululeko."""
    with predictions.open(newline="", encoding="utf-8") as file:
        pairs = [(row["truth"], row["predicted"]) for row in csv.DictReader(file)]

    if len(pairs) != CLIPS["ravdess"]:
        fail(
            4,
            f"{predictions} holds {len(pairs)} clips, expected {CLIPS['ravdess']}: use an "
            f"empty --work.",
        )

    total = Counter(truth for truth, _ in pairs)
    right = Counter(truth for truth, predicted in pairs if truth == predicted)
    return statistics.fmean(right[label] / total[label] for label in LABELS)


def run_theirs(python: Path, work: Path, name: str) -> tuple[float, float]:
    """Run one of MODELS in nkululeko; return its wall time in seconds and its UA in [0, 1]."""
    results = work / "experiment" / "results"
    shutil.rmtree(results, ignore_errors=True)  # so that what is read below is of this run
    config = write_config(work, name)
    log = config.with_suffix(".log")
    wall, _ = timed([python, "-m", "nkululeko.nkululeko", "--config", config], log)
    predictions = list(results.glob("run_0/pred_*.csv"))

    if len(predictions) != 1:
        fail(4, f"{results} holds {len(predictions)} predictions files, expected 1: read {log}.")

    return wall, unweighted_average_recall(predictions[0])


def run_ours(program: Path, data: Path, work: Path) -> tuple[float, float]:
    """Train and run our `egemaps`; return the wall time of both in seconds and the UA in [0, 1]."""
    weights, runs, cache = work / "weights", work / "runs", str(work / "cache")
    for folder in (weights, runs):
        shutil.rmtree(folder, ignore_errors=True)

    common: list[str | Path] = ["--model", "egemaps", "--data", data]
    train = [program, "train", *common, "--on", "emodb,emovo", "--out", weights]
    run = [
        program,
        "run",
        *common,
        "--weights",
        weights,
        "--task",
        "ravdess",
        "--out",
        runs,
        "--fresh",
        "--json",
    ]
    train_wall, _ = timed(train, work / "train.log", MSERBENCH_CACHE=cache)
    run_wall, output = timed(run, work / "run.log", MSERBENCH_CACHE=cache)
    result = json.loads(output)[0]

    if result["n"] != CLIPS["ravdess"]:
        fail(
            4,
            f"{program} scored {result['n']} clips, expected {CLIPS['ravdess']}: read "
            f"{work / 'run.log'}.",
        )

    return train_wall + run_wall, float(result["metrics"]["UA"])


def measure(program: str, models: dict[str, Callable[[], tuple[float, float]]]) -> Measured:
    """Run each model of a program; return the cold wall of the first, the least cached one and the
    best UA.
    """
    cold, _ = next(iter(models.values()))()
    print(f"{program:<24}{cold:8.2f} s cold")
    medians, scores = [], []

    for name, run in models.items():
        walls, uas = zip(*(run() for _ in range(CACHED_RUNS)), strict=True)
        medians.append(statistics.median(walls))
        scores.append(uas[0])
        spread = f"({min(walls):.2f} to {max(walls):.2f})"
        print(
            f"{program + ' ' + name:<24}{medians[-1]:8.2f} s cached {spread}  UA {100 * uas[0]:.2f}"
        )

    return Measured(cold, min(medians), max(scores))


def verdict(theirs: Measured, ours: Measured) -> int:
    """Print the ratios and each bound that does not hold; return 1 if there is one, else 0."""
    ratios = f"cold {ours.cold / theirs.cold:.2f}, cached {ours.cached / theirs.cached:.2f}"
    print(f"ours / theirs: {ratios}; UA {100 * (ours.ua - theirs.ua):+.2f} points")
    bounds = {
        "ours is slower cold": ours.cold > theirs.cold,
        f"ours takes {CACHED_LIMIT_SECONDS} s or more cached": ours.cached >= CACHED_LIMIT_SECONDS,
        "ours has a lower UA than the best of theirs": ours.ua < theirs.ua,
    }
    print("".join(f"FAILED: {sentence}\n" for sentence, broken in bounds.items() if broken), end="")

    return int(any(bounds.values()))


def main() -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(
        description="mserbench against nkululeko 1.14.1: same files, same classes"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds emodb, emovo and ravdess"
    )
    parser.add_argument(
        "--python", type=Path, required=True, help="interpreter of nkululeko's environment"
    )
    parser.add_argument(
        "--ours", type=Path, help="the mserbench program; without it only nkululeko runs"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for configurations, features, logs"
    )
    options = parser.parse_args()
    work: Path = options.work.resolve()

    # the features of an earlier measurement: the first run is cold
    for stored in ("experiment", "cache"):
        shutil.rmtree(work / stored, ignore_errors=True)

    work.mkdir(parents=True, exist_ok=True)
    write_databases(options.data, work)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start", flush=True)
    theirs = measure(
        "nkululeko", {name: partial(run_theirs, options.python, work, name) for name in MODELS}
    )

    if options.ours is None:
        return 0

    ours = measure("mserbench", {"egemaps": partial(run_ours, options.ours, options.data, work)})
    return verdict(theirs, ours)


if __name__ == "__main__":
    sys.exit(main())
