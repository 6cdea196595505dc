"""Time and score nkululeko 1.14.1 and mserbench on the same job: train on EmoDB and EMOVO, test on RAVDESS.

Both extract eGeMAPSv02 functionals with opensmile from the same files and are scored on the same seven classes
(EmoDB's boredom and RAVDESS's calm are dropped for nkululeko). nkululeko runs with three models:

- `SVM`: its defaults, which leave the features unscaled;
- `SVM balanced`: standardised features and balanced class weights, as our own classifier has them;
- `XGB`: its defaults.

Its `scale = speaker` is left out: it reads statistics of the test speakers, so its rival is our `normalise=speaker`.

Cold is a whole process with no feature stored, cached the median of three with all features stored. Walls mean
something on an idle machine only; the load is printed with them. nkululeko wants an environment of its own:

    python3.11 -m venv nkululeko-venv
    nkululeko-venv/bin/pip install nkululeko==1.14.1 torch==2.13.0 opensmile==2.6.0 xgboost==3.2.0 \
        scikit-learn==1.9.1 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 audformat==1.4.3 audinterface==1.4.0
    python tests/benchmarks/nkululeko_reference.py --data DATA --python nkululeko-venv/bin/python \
        --ours .venv/bin/mserbench --work WORK

Without `--ours` only nkululeko is measured. Exit codes: 0 all bounds hold; 1 ours is slower cold, takes 3 s or more
cached, or has a lower UA than the best of its models; 2 usage; 3 data missing; 4 a program failed.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

LABELS = ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")
EMODB = {"N": "neutral", "F": "happy", "T": "sad", "W": "angry", "E": "disgust", "A": "fear"}
EMOVO = {
    "neu": "neutral", "gio": "happy", "tri": "sad", "rab": "angry", "sor": "surprise", "dis": "disgust", "pau": "fear",
}  # fmt: skip
RAVDESS = {
    "01": "neutral", "03": "happy", "04": "sad", "05": "angry", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
CLIPS = {"emodb": 454, "emovo": 588, "ravdess": 1248}
"""The number of clips with one of the seven labels, as published."""
MODELS = {
    "SVM": ("type = svm", ""),
    "SVM balanced": ("type = svm\nclass_weight = True", "scale = standard"),
    "XGB": ("type = xgb", ""),
}
"""Name -> what the [MODEL] and [FEATS] sections say beyond the common lines."""
CACHED_RUNS = 3
CACHED_LIMIT_SECONDS = 3.0


def fail(code: int, message: str) -> NoReturn:
    """End the program with an exit code and one sentence."""
    print(message, file=sys.stderr)
    raise SystemExit(code)


def parse(corpus: str, stem: str) -> tuple[str | None, str]:
    """Return the label (None where the clip is dropped) and the speaker that a file name states."""
    if corpus == "emodb":
        return EMODB.get(stem[5]), stem[:2]
    fields = stem.split("-")
    if corpus == "emovo":
        return EMOVO.get(fields[0]), fields[1]
    return RAVDESS.get(fields[2]), fields[6]


def labelled_files(data: Path, corpus: str) -> Iterator[tuple[Path, str, str]]:
    """Yield path, label and speaker of each clip that has one of the seven labels, sorted by path."""
    for path in sorted((data / corpus).rglob("*")):
        if path.suffix in {".wav", ".flac"}:
            label, speaker = parse(corpus, path.stem)
            if label is not None:
                yield path, label, f"{corpus}-{speaker}"


def write_databases(data: Path, work: Path) -> None:
    """Write one csv database a corpus, as nkululeko reads it."""
    for corpus, expected in CLIPS.items():
        rows = list(labelled_files(data.resolve(), corpus))
        if len(rows) != expected:
            fail(
                3,
                f"{data / corpus} holds {len(rows)} labelled clips, expected {expected}: unpack the corpus anew.",
            )
        with (work / f"{corpus}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("file", "emotion", "speaker"), *rows])


def write_config(work: Path, name: str) -> Path:
    """Write the nkululeko configuration of one of MODELS; all share one experiment, so one feature store."""
    model, features = MODELS[name]
    split = {"emodb": "train", "emovo": "train", "ravdess": "test"}
    lines = ["[EXP]", f"root = {work}/", "name = experiment", "[DATA]", f"databases = {list(split)}"]
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
        features,
    ]
    lines += ["[MODEL]", model, f"n_jobs = {os.cpu_count()}"]
    path = work / f"{name.replace(' ', '-')}.ini"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def timed(command: list[str | Path], log: Path, **environment: str) -> tuple[float, str]:
    """Run a command; return its wall time in seconds and its standard output, both streams kept beside `log`."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    wall = time.perf_counter() - start
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode != 0:
        fail(4, f"{command[0]} ended with code {done.returncode}, expected 0: read {log}.")
    return wall, done.stdout


def unweighted_average_recall(path: Path) -> float:
    """Return the mean recall over LABELS, in [0, 1], of a predictions file of nkululeko; never its printed score."""
    with path.open(newline="", encoding="utf-8") as file:
        pairs = [(row["truth"], row["predicted"]) for row in csv.DictReader(file)]
    if len(pairs) != CLIPS["ravdess"]:
        fail(
            4,
            f"{path} holds {len(pairs)} predictions, expected {CLIPS['ravdess']}: run again in an empty --work.",
        )
    total = Counter(truth for truth, _ in pairs)
    right = Counter(truth for truth, predicted in pairs if truth == predicted)
    return statistics.fmean(right[label] / total[label] for label in LABELS)


def run_theirs(python: Path, work: Path, name: str) -> tuple[float, float]:
    """Run one of MODELS in nkululeko; return wall time in seconds and UA in [0, 1]."""
    results = work / "experiment" / "results"
    shutil.rmtree(results, ignore_errors=True)  # what is read below can only be of this run
    config = write_config(work, name)
    wall, _ = timed([python, "-m", "nkululeko.nkululeko", "--config", config], config.with_suffix(".log"))
    predictions = list(results.glob("run_0/pred_*.csv"))
    if len(predictions) != 1:
        fail(
            4,
            f"{results} holds {len(predictions)} predictions files, expected 1: read {config.with_suffix('.log')}.",
        )
    return wall, unweighted_average_recall(predictions[0])


def run_ours(program: Path, data: Path, work: Path) -> tuple[float, float]:
    """Train and run our `egemaps`; return the wall time of both commands in seconds and the UA in [0, 1]."""
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
    result: dict[str, Any] = json.loads(output)[0]
    if result["n"] != CLIPS["ravdess"]:
        fail(
            4, f"{program} scored {result['n']} clips, expected {CLIPS['ravdess']}: read {work / 'run.log'}."
        )
    return train_wall + run_wall, float(result["metrics"]["UA"])


def median_wall(walls: list[float]) -> str:
    """Show the median of walls in seconds, with their range."""
    return f"{statistics.median(walls):7.2f} s cached ({min(walls):.2f} to {max(walls):.2f})"


def measure_theirs(python: Path, work: Path) -> tuple[float, float, float]:
    """Measure nkululeko; return its cold wall and least cached median in seconds, and its best UA in [0, 1]."""
    shutil.rmtree(work / "experiment", ignore_errors=True)
    cold, _ = run_theirs(python, work, next(iter(MODELS)))
    print(f"nkululeko               {cold:7.2f} s cold")
    cached, scores = [], []
    for name in MODELS:
        runs = [run_theirs(python, work, name) for _ in range(CACHED_RUNS)]
        walls = [wall for wall, _ in runs]
        print(f"nkululeko {name:<13} {median_wall(walls)}  UA {100 * runs[0][1]:.2f}")
        cached.append(statistics.median(walls))
        scores.append(runs[0][1])
    return cold, min(cached), max(scores)


def measure_ours(program: Path, data: Path, work: Path) -> tuple[float, float, float]:
    """Measure mserbench; return its cold wall and cached median in seconds, and its UA in [0, 1]."""
    work.mkdir(exist_ok=True)
    shutil.rmtree(work / "cache", ignore_errors=True)
    cold, _ = run_ours(program, data, work)
    print(f"mserbench               {cold:7.2f} s cold")
    runs = [run_ours(program, data, work) for _ in range(CACHED_RUNS)]
    walls = [wall for wall, _ in runs]
    print(f"mserbench egemaps       {median_wall(walls)}  UA {100 * runs[0][1]:.2f}")
    return cold, statistics.median(walls), runs[0][1]


def verdict(theirs: tuple[float, float, float], ours: tuple[float, float, float]) -> int:
    """Print the ratios and the bounds that do not hold; return 1 if there is one, else 0."""
    print(f"ours / theirs: cold {ours[0] / theirs[0]:.2f}, cached {ours[1] / theirs[1]:.2f}", end=", ")
    print(f"UA {100 * (ours[2] - theirs[2]):+.2f} points")
    bounds = {
        "cold is slower than nkululeko": ours[0] > theirs[0],
        f"cached takes {CACHED_LIMIT_SECONDS} s or more": ours[1] >= CACHED_LIMIT_SECONDS,
        "UA is lower than nkululeko's best": ours[2] < theirs[2],
    }
    for sentence in (sentence for sentence, broken in bounds.items() if broken):
        print(f"FAILED: {sentence}")
    return int(any(bounds.values()))


def main() -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(
        description="mserbench against nkululeko 1.14.1, same files, same classes"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds emodb, emovo and ravdess")
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the nkululeko environment")
    parser.add_argument(
        "--ours", type=Path, help="the mserbench program; without it only nkululeko is measured"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for configurations, features and logs"
    )
    options = parser.parse_args()
    work: Path = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    write_databases(options.data, work)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start")
    theirs = measure_theirs(options.python, work)
    return verdict(theirs, measure_ours(options.ours, options.data, work / "ours")) if options.ours else 0


if __name__ == "__main__":
    sys.exit(main())
