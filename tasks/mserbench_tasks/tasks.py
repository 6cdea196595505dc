"""The tasks: which corpus, which labels, which raw label means what, the frozen counts."""

from __future__ import annotations

import dataclasses

from mserbench.contracts import Task
from mserbench.labels import CANONICAL, DROP
from mserbench_tasks.source_tasks import EMODB, FOUR, SOURCES, restricted

_RAVDESS = {
    "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fear",
    "07": "disgust",
    "08": "surprise",
}  # fmt: skip
_EMODB_COUNTS = {
    "neutral": 79, "happy": 71, "sad": 62, "angry": 127, "disgust": 46, "fear": 69, "boredom": 81,
}  # fmt: skip
_EMOVO = {
    "neu": "neutral", "gio": "happy", "tri": "sad", "rab": "angry", "sor": "surprise",
    "dis": "disgust",
    "pau": "fear",
}  # fmt: skip
_AESDD = {"h": "happy", "s": "sad", "a": "angry", "d": "disgust", "f": "fear"}
_FIVE = tuple(_AESDD.values())
_RESD = {
    "neutral": "neutral", "happiness": "happy", "sadness": "sad", "anger": "angry",
    "disgust": "disgust",
    "fear": "fear", "enthusiasm": "enthusiasm",
}  # fmt: skip
_RESD_COUNTS = {
    "neutral": 191, "happy": 218, "sad": 162, "angry": 219, "disgust": 185, "fear": 223,
    "enthusiasm": 198,
}  # fmt: skip
_SHEMO = {"N": "neutral", "H": "happy", "S": "sad", "A": "angry", "W": "surprise", "F": "fear"}
_SHEMO_WORDS = {
    "neutral": "neutral", "happiness": "happy", "sadness": "sad", "anger": "angry",
    "surprise": "surprise",
    "fear": "fear",
}  # fmt: skip
_IEMOCAP = {
    "neu": "neutral", "hap": "happy", "exc": "happy", "sad": "sad", "ang": "angry",
    "sur": "surprise",
    "dis": "disgust", "fea": "fear", "fru": DROP, "oth": DROP, "xxx": DROP,
}  # fmt: skip
_IEMOCAP_ERC = restricted(
    _IEMOCAP | {"exc": "excited", "fru": "frustrated"},
    ("neutral", "happy", "sad", "angry", "excited", "frustrated"),
)
_MELD = {
    "neutral": "neutral", "joy": "happy", "sadness": "sad", "anger": "angry",
    "surprise": "surprise",
    "disgust": "disgust", "fear": "fear",
}  # fmt: skip
_MELD_TEST = {
    "neutral": 1256, "happy": 402, "sad": 208, "angry": 345, "surprise": 281, "disgust": 68,
    "fear": 50,
}  # fmt: skip
_DEMO = {label: label for label in CANONICAL}


def _demo(
    name: str, title: str, corpus: str, languages: tuple[str, ...], each: int, split: str
) -> Task:
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
        "ravdess-8", "RAVDESS speech, 8 emotions with calm", "ravdess", ("en",), (*CANONICAL,
        "calm"),
        _RAVDESS, {**dict.fromkeys((*CANONICAL, "calm"), 192), "neutral": 96},
    ),
    Task(
        "ravdess-5", "RAVDESS speech, 5 emotions", "ravdess", ("en",), _FIVE, restricted(_RAVDESS,
        _FIVE),
        dict.fromkeys(_FIVE, 192),
    ),
    Task(
        "aesdd", "AESDD, 5 emotions", "aesdd", ("el",), tuple(_AESDD.values()),
        _AESDD, {"happy": 119, "sad": 122, "angry": 121, "disgust": 122, "fear": 120},
    ),
    Task(
        "emodb", "EmoDB, 7 emotions with boredom", "emodb", ("de",), tuple(EMODB.values()),
        EMODB, _EMODB_COUNTS,
    ),
    Task(
        "emodb-4", "EmoDB, 4 emotions", "emodb", ("de",), FOUR,
        restricted(EMODB, FOUR), {label: _EMODB_COUNTS[label] for label in FOUR},
    ),
    Task(
        "emodb-5", "EmoDB, 5 emotions", "emodb", ("de",), _FIVE, restricted(EMODB, _FIVE),
        {label: _EMODB_COUNTS[label] for label in _FIVE},
    ),
    Task(
        "emodb-sample", "EmoDB sample of 70 recordings, 7 emotions with boredom", "emodb-sample",
        ("de",),
        tuple(EMODB.values()), EMODB, dict.fromkeys(EMODB.values(), 10),
    ),
    Task(
        "emovo", "EMOVO, 7 emotions", "emovo", ("it",), tuple(_EMOVO.values()),
        _EMOVO, dict.fromkeys(_EMOVO.values(), 84),
    ),
    Task(
        "emovo-5", "EMOVO, 5 emotions", "emovo", ("it",), _FIVE, restricted(_EMOVO, _FIVE),
        dict.fromkeys(_FIVE, 84),
    ),
    Task(
        "resd", "RESD, 7 emotions with enthusiasm", "resd", ("ru",), tuple(_RESD.values()),
        _RESD, _RESD_COUNTS,
    ),
    Task(
        "resd-6", "RESD, 6 emotions, enthusiasm dropped", "resd", ("ru",),
        tuple(_RESD.values())[:6],
        restricted(_RESD, CANONICAL), {label: n for label,
        n in _RESD_COUNTS.items() if label != "enthusiasm"},
    ),
    Task(
        "shemo", "ShEMO, 6 emotions, labels as published", "shemo", ("fa",), tuple(_SHEMO.values()),
        _SHEMO, {"neutral": 1028, "happy": 201, "sad": 449, "angry": 1059, "surprise": 225,
        "fear": 38},
    ),
    Task(
        "shemo-corrected", "ShEMO, 6 emotions, labels corrected by the transcripts", "shemo", ("fa",
        ),
        tuple(_SHEMO.values()), _SHEMO_WORDS,
        {"neutral": 1160, "happy": 203, "sad": 361, "angry": 1042, "surprise": 202, "fear": 32},
        label_field="corrected",
    ),
    Task(
        "shemo-emobox", "ShEMO, 6 emotions, the 2,838 recordings of EmoBox", "shemo", ("fa",),
        tuple(_SHEMO.values()), _SHEMO,
        {"neutral": 1018, "happy": 198, "sad": 360, "angry": 1034, "surprise": 199, "fear": 29},
        part="emobox.not-unpaired",
    ),
    Task(
        "iemocap-4", "IEMOCAP, 4 emotions, excited counted as happy", "iemocap", ("en",), FOUR,
        restricted(_IEMOCAP, FOUR), {"neutral": 1708, "happy": 1636, "sad": 1084, "angry": 1103},
    ),
    Task(
        "iemocap-6", "IEMOCAP, 6 emotions with excited and frustrated", "iemocap", ("en",),
        ("neutral", "happy", "sad", "angry", "excited", "frustrated"), _IEMOCAP_ERC,
        {"neutral": 1708, "happy": 595, "sad": 1084, "angry": 1103, "excited": 1041,
        "frustrated": 1849},
    ),
    Task(
        "iemocap-7", "IEMOCAP, 7 emotions, excited counted as happy", "iemocap", ("en",), CANONICAL,
        _IEMOCAP,
        {"neutral": 1708, "happy": 1636, "sad": 1084, "angry": 1103, "surprise": 107, "disgust": 2,
        "fear": 40},
    ),
    Task(
        "meld", "MELD test split, 7 emotions", "meld", ("en",), CANONICAL, _MELD, _MELD_TEST,
        part="official.test",
    ),
    Task(
        "meld-4", "MELD test split, 4 emotions", "meld", ("en",), FOUR, restricted(_MELD, FOUR),
        {label: _MELD_TEST[label] for label in FOUR}, part="official.test",
    ),
    Task(
        "meld-all", "MELD, all splits, 7 emotions", "meld", ("en",), CANONICAL, _MELD,
        {"neutral": 6434, "happy": 2308, "sad": 1002, "angry": 1607, "surprise": 1636,
        "disgust": 361, "fear": 358},
    ),
    _demo("demo-train", "Demo, training languages", "demo", ("en", "fr", "de", "it", "es", "zh"),
    192, "train"),
    _demo("demo-val", "Demo, validation speakers", "demo", ("en", "fr", "de", "it", "es", "zh"), 36,
    "val"),
    _demo("demo-el", "Demo, Greek", "demo-el", ("el",), 80, "test"),
    _demo("demo-fa", "Demo, Persian", "demo-fa", ("fa",), 80, "test"),
    _demo("demo-ru", "Demo, Russian", "demo-ru", ("ru",), 80, "test"),
)  # fmt: skip

FROZEN = (
    "ravdess", "aesdd", "emodb", "emovo", "resd", "shemo", "demo-el", "demo-fa", "demo-ru",
)  # fmt: skip
"""The tasks whose frozen subsets are listed in `frozen/`; of others the rule is computed."""


def _with_subset(task: Task) -> Task:
    if task.name not in FROZEN:
        return task
    return dataclasses.replace(task, frozen=f"mserbench_tasks:frozen/{task.name}.csv")


TASKS: dict[str, Task] = {task.name: _with_subset(task) for task in (*_TASKS, *SOURCES)}
