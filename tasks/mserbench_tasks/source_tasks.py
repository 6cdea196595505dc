"""The tasks on corpora that the two papers train on, and on their four-emotion parts."""

from __future__ import annotations

import itertools

from mserbench.contracts import Task
from mserbench.labels import CANONICAL, DROP

FOUR = ("neutral", "happy", "sad", "angry")


def restricted(label_map: dict[str, str], labels: tuple[str, ...]) -> dict[str, str]:
    """Return a closed map in which every label outside `labels` is dropped."""
    return {raw: label if label in labels else DROP for raw, label in label_map.items()}


_MEAD = {
    "neutral": "neutral", "happy": "happy", "sad": "sad", "angry": "angry", "surprised": "surprise",
    "disgusted": "disgust", "fear": "fear", "contempt": DROP,
}  # fmt: skip
_MOSEI = {
    "neutral": "neutral", "happy": "happy", "sad": "sad", "anger": "angry", "surprise": "surprise",
    "disgust": "disgust", "fear": "fear", "tie": DROP,
}  # fmt: skip
_MSP = {
    "N": "neutral", "H": "happy", "S": "sad", "A": "angry", "U": "surprise", "D": "disgust",
    "F": "fear",
    "C": DROP, "O": DROP, "X": DROP, "withheld": DROP,
}  # fmt: skip
_ESD = {
    "Neutral": "neutral",
    "Happy": "happy",
    "Sad": "sad",
    "Angry": "angry",
    "Surprise": "surprise",
}
_CAFE = {
    "N": "neutral", "J": "happy", "T": "sad", "C": "angry", "S": "surprise", "D": "disgust",
    "P": "fear",
}  # fmt: skip
_URDU = {"N": "neutral", "H": "happy", "S": "sad", "A": "angry"}
_CREMA = {
    "NEU": "neutral",
    "HAP": "happy",
    "SAD": "sad",
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fear",
}
_VOTES = {"N": "neutral", "H": "happy", "S": "sad", "A": "angry", "D": "disgust", "F": "fear"}
# The publisher joins the emotions of equal votes in this order: `A:D`, `A:D:N`.
_TIES = {
    ":".join(tied): DROP for size in range(2, 7) for tied in itertools.combinations("ADFHNS", size)
}
# Used by the tasks on all of EmoDB too, which stand in `tasks.py`.
EMODB = {
    "N": "neutral", "F": "happy", "T": "sad", "W": "angry", "E": "disgust", "A": "fear",
    "L": "boredom",
}  # fmt: skip
_MANDARIN = {"language": ("zh",)}
_TEST = "paper2.test"


SOURCES: tuple[Task, ...] = (
    Task(
        "mead", "MEAD, 7 emotions, contempt dropped", "mead", ("en",), CANONICAL, _MEAD,
        {
            "neutral": 1916, "happy": 4294, "sad": 4306, "angry": 4193, "surprise": 4270,
            "disgust": 4284,
            "fear": 4251,
        },
    ),
    Task("mosei", "CMU-MOSEI, 7 emotions, one a segment by rule", "mosei", ("en",), CANONICAL,
    _MOSEI),
    Task("msp-podcast", "MSP-Podcast, 7 emotions", "msp-podcast", ("en",), CANONICAL, _MSP),
    Task(
        "esd", "ESD, Mandarin and English, 5 emotions", "esd", ("zh", "en"), tuple(_ESD.values()),
        _ESD,
        dict.fromkeys(_ESD.values(), 7000),
    ),
    Task(
        "esd-zh", "ESD, Mandarin, 5 emotions", "esd", ("zh",), tuple(_ESD.values()), _ESD,
        dict.fromkeys(_ESD.values(), 3500), _MANDARIN,
    ),
    Task(
        "esd-zh-4", "ESD, Mandarin, 4 emotions", "esd", ("zh",), FOUR, restricted(_ESD, FOUR),
        dict.fromkeys(FOUR, 3500), _MANDARIN,
    ),
    Task(
        "cafe", "CaFE, 7 emotions", "cafe", ("fr",), CANONICAL, _CAFE,
        {**dict.fromkeys(CANONICAL, 144), "neutral": 72},
    ),
    Task(
        "cafe-4", "CaFE, 4 emotions", "cafe", ("fr",), FOUR, restricted(_CAFE, FOUR),
        {**dict.fromkeys(FOUR, 144), "neutral": 72},
    ),
    Task("urdu-4", "URDU, 4 emotions", "urdu", ("ur",), FOUR, _URDU, dict.fromkeys(FOUR, 100)),
    Task(
        "crema-d", "CREMA-D, 6 emotions as intended", "crema-d", ("en",), tuple(_CREMA.values()),
        _CREMA,
        {**dict.fromkeys(_CREMA.values(), 1271), "neutral": 1087},
    ),
    Task(
        "crema-d-4", "CREMA-D, 4 emotions as intended", "crema-d", ("en",), FOUR, restricted(_CREMA,
        FOUR),
        {**dict.fromkeys(FOUR, 1271), "neutral": 1087},
    ),
    Task(
        "crema-d-perceived", "CREMA-D, 6 emotions as heard by most listeners", "crema-d", ("en",),
        tuple(_VOTES.values()), _VOTES | _TIES,
        {"neutral": 3897, "happy": 353, "sad": 370, "angry": 986, "disgust": 547, "fear": 645},
        label_field="perceived",
    ),
    Task(
        "emodb-4-paper2", "EmoDB, 4 emotions, 38 recordings as in paper 2", "emodb", ("de",), FOUR,
        restricted(EMODB, FOUR),
        {"neutral": 9, "happy": 8, "sad": 7, "angry": 14}, part=_TEST,
    ),
    Task(
        "cafe-4-paper2", "CaFE, 4 emotions, 42 recordings as in paper 2", "cafe", ("fr",), FOUR,
        restricted(_CAFE, FOUR), {"neutral": 6, "happy": 12, "sad": 12, "angry": 12}, part=_TEST,
    ),
    Task(
        "esd-zh-4-paper2", "ESD, Mandarin, 4 emotions, 1,400 recordings as in paper 2", "esd",
        ("zh",), FOUR,
        restricted(_ESD, FOUR), dict.fromkeys(FOUR, 350), _MANDARIN, part=_TEST,
    ),
    Task(
        "urdu-4-paper2", "URDU, 4 emotions, 80 recordings as in paper 2", "urdu", ("ur",), FOUR,
        _URDU,
        dict.fromkeys(FOUR, 20), part=_TEST,
    ),
)  # fmt: skip
