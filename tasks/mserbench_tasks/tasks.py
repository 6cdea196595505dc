"""The table of tasks: which corpus, which labels, which raw label means what, and the frozen counts."""

from __future__ import annotations

from mserbench.contracts import Task
from mserbench.labels import CANONICAL
from mserbench_tasks.source_tasks import FOUR, SOURCES, restricted

_RAVDESS = {
    "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fear", "07": "disgust",
    "08": "surprise",
}  # fmt: skip
_EMODB = {
    "N": "neutral", "F": "happy", "T": "sad", "W": "angry", "E": "disgust", "A": "fear", "L": "boredom",
}  # fmt: skip
_EMODB_COUNTS = {
    "neutral": 79, "happy": 71, "sad": 62, "angry": 127, "disgust": 46, "fear": 69, "boredom": 81,
}  # fmt: skip
_EMOVO = {
    "neu": "neutral", "gio": "happy", "tri": "sad", "rab": "angry", "sor": "surprise", "dis": "disgust",
    "pau": "fear",
}  # fmt: skip
_AESDD = {"h": "happy", "s": "sad", "a": "angry", "d": "disgust", "f": "fear"}
_DEMO = {label: label for label in CANONICAL}


def _demo(name: str, title: str, corpus: str, languages: tuple[str, ...], each: int, split: str) -> Task:
    return Task(
        name=name,
        title=f"{title} (synthetic, rule-based)",
        corpus=corpus,
        languages=languages,
        labels=CANONICAL,
        label_map=_DEMO,
        counts=dict.fromkeys(CANONICAL, each),
        select={"split": (split,)},
    )


_TASKS = (
    Task(
        "ravdess", "RAVDESS speech, 7 emotions, calm dropped", "ravdess", ("en",), CANONICAL,
        restricted(_RAVDESS, CANONICAL), {**dict.fromkeys(CANONICAL, 192), "neutral": 96},
    ),
    Task(
        "ravdess-8", "RAVDESS speech, 8 emotions with calm", "ravdess", ("en",), (*CANONICAL, "calm"),
        _RAVDESS, {**dict.fromkeys((*CANONICAL, "calm"), 192), "neutral": 96},
    ),
    Task(
        "aesdd", "AESDD, 5 emotions", "aesdd", ("el",), tuple(_AESDD.values()),
        _AESDD, {"happy": 119, "sad": 122, "angry": 121, "disgust": 122, "fear": 120},
    ),
    Task(
        "emodb", "EmoDB, 7 emotions with boredom", "emodb", ("de",), tuple(_EMODB.values()),
        _EMODB, _EMODB_COUNTS,
    ),
    Task(
        "emodb-4", "EmoDB, 4 emotions", "emodb", ("de",), FOUR,
        restricted(_EMODB, FOUR), {label: _EMODB_COUNTS[label] for label in FOUR},
    ),
    Task(
        "emodb-sample", "EmoDB sample of 70 recordings, 7 emotions with boredom", "emodb-sample", ("de",),
        tuple(_EMODB.values()), _EMODB, dict.fromkeys(_EMODB.values(), 10),
    ),
    Task(
        "emovo", "EMOVO, 7 emotions", "emovo", ("it",), tuple(_EMOVO.values()),
        _EMOVO, dict.fromkeys(_EMOVO.values(), 84),
    ),
    _demo("demo-train", "Demo, training languages", "demo", ("en", "fr", "de", "it", "es", "zh"), 192, "train"),
    _demo("demo-val", "Demo, validation speakers", "demo", ("en", "fr", "de", "it", "es", "zh"), 36, "val"),
    _demo("demo-el", "Demo, Greek", "demo-el", ("el",), 80, "test"),
    _demo("demo-fa", "Demo, Persian", "demo-fa", ("fa",), 80, "test"),
    _demo("demo-ru", "Demo, Russian", "demo-ru", ("ru",), 80, "test"),
)  # fmt: skip

TASKS: dict[str, Task] = {task.name: task for task in (*_TASKS, *SOURCES)}


def __getattr__(name: str) -> Task:
    """Give a task by its registered name, which may hold a hyphen."""
    if name not in TASKS:
        raise AttributeError(name)
    return TASKS[name]
