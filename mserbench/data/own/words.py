"""Words by which a proposal knows emotions, in several languages, and usual columns."""

from __future__ import annotations

import re
import unicodedata

from mserbench.labels import CANONICAL, SYNONYMS

_SHORT = {
    "neu": "neutral", "hap": "happy", "sad": "sad", "ang": "angry", "sur": "surprise",
    "dis": "disgust",
    "fea": "fear", "fru": "frustrated", "exc": "excited", "cal": "calm", "bor": "boredom",
}  # fmt: skip
_ABROAD = {
    "neutral": "neutre neutro neutra neutrale neutralità neutraal neutralny нейтрально нейтральный "
    "ουδέτερο nötr "
    "中立 中性 中立的 خنثی طبيعي",
    "happy": "freude fröhlich glücklich joie heureux alegría felicidad feliz gioia felicità "
    "alegria felicidade vreugde contento contenta χαρούμενος χαρούμενη "
    "blij radość радость счастье χαρά mutluluk mutlu 快乐 高兴 开心 شادی خوشحالی فرح سعادة",
    "sad": "trauer traurig tristesse triste tristeza tristezza verdriet smutek грусть печаль "
    "λύπη λυπημένος λυπημένη üzüntü üzgün 悲伤 "
    "伤心 غم حزن",
    "angry": "wut wütend ärger zorn colère enojo ira enfado rabbia raiva woede boos złość gniew "
    "гнев злость θυμός θυμωμένος θυμωμένη ärgerlich verärgert zornig fâché fâchée arrabbiato "
    "arrabbiata raivoso raivosa "
    "öfke kızgın 生气 愤怒 خشم غضب",
    "surprise": "überraschung surpris sorpresa surpresa verrassing zaskoczenie удивление έκπληξη "
    "έκπληκτος έκπληκτη überrascht sorpreso sorprendido sorprendida surpreso şaşkınlık 惊讶 吃惊 "
    "تعجب",
    "disgust": "ekel angeekelt angewidert dégoûté dégoûtée disgustato disgustata asqueado asqueada "
    "dégoût asco disgusto nojo walging wstręt отвращение αηδία tiksinti 厌恶 恶心 "
    "اشمئزاز",
    "fear": "angst ängstlich verängstigt effrayé effrayée apeuré apeurée spaventato spaventata "
    "impaurito impaurita asustado asustada assustado assustada φοβισμένος φοβισμένη "
    "peur miedo paura medo strach страх φόβος korku 害怕 恐惧 ترس خوف",
    "boredom": "langeweile gelangweilt ennui annoiato annoiata aburrido aburrida "
    "aburrimiento noia tédio verveling nuda скука πλήξη",
    "calm": "ruhig calme calma kalm spokój спокойствие ηρεμία",
    "enthusiasm": "begeisterung enthousiasme entusiasmo энтузиазм",
}  # words that are another emotion in another language are left out
_WORDS = {
    **{word.casefold(): label for label, words in _ABROAD.items() for word in words.split()},
    **_SHORT,
    **SYNONYMS,
    **{label: label for label in (*SYNONYMS.values(), *CANONICAL)},
}

COLUMNS = {
    "label": "label emotion emotions emo emotionlabel emotionalstate category class target "
    "annotation emotionname",
    "speaker": "speaker speakerid spkrid spkr spk spkid speakername actor actorid subject "
    "subjectid participant participantid talker who clientid sprecher",
    "split": "split set partition subset usage splitset",
    "session": "session sessionid recordingsession",
    "dialogue": "dialogue dialog dialogueid dialogid conversation conversationid",
    "sentence": "sentenceid sentenceno textid textcode",
    "sex": "sex gender speakersex speakergender",
    "language": "language lang languagecode locale",
    "text": "text transcript transcription sentence utterance",
    "start": "start begin onset starttime starts begintime from t0 tmin xmin tstart",
    "end": "end stop offset endtime ends until to t1 tmax xmax tend",
    "duration": "duration dur length durationtime",
    "id": "id uttid utteranceid clipid segmentid segment uid",
}
_NAMES = {name: key for key, names in COLUMNS.items() for name in names.split()}

TIMES = ("start", "end", "duration")
_UNITS = {
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), 1_000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("sample", "samples"), 0),
}
"""Units a second of a time by the end of its column's name; 0 for samples, as the rate is not in
the name."""
_TIMED = re.compile(rf"(?P<name>.+?)(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})")

MISSING = frozenset(
    [
        "nan",
        "none",
        "null",
        "na",
        "n/a",
        "#n/a",
        "<na>",
        "nat",
        "unknown",
        "undefined",
        "unlabeled",
        "unlabelled",
        "-",
        "?",
        "xxx",
    ]
)
"""What pandas, spreadsheets, databases and people write where there is nothing, small letters."""

SPEAKERS = frozenset({"speaker", "spk", "actor", "subject", "participant"})
"""What stands before the number of a speaker in names of files and folders."""


def emotion(raw: str) -> str | None:
    """Return the label that a word names in one of several languages; None where it is not known.

    >>> emotion("Wut"), emotion("HAPPINESS"), emotion("w3")
    ('angry', 'happy', None)
    """
    word = unicodedata.normalize("NFC", raw.strip().casefold())
    return _WORDS.get(word) or _FOLDED.get(_folded(word))


def _folded(word: str) -> str:
    """Return a word without marks on its letters, as people without such keys write it."""
    apart = unicodedata.normalize("NFKD", word)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


# Words that two emotions would share without their marks are left out; German writes ü as ue too.
_BARE: dict[str, set[str]] = {}
for _word, _label in _WORDS.items():
    for _bare in (_folded(_word), _word.translate({228: "ae", 246: "oe", 252: "ue", 223: "ss"})):
        _BARE.setdefault(_bare, set()).add(_label)

_FOLDED = {bare: min(labels) for bare, labels in _BARE.items() if len(labels) == 1}


def is_missing(raw: str) -> bool:
    """Whether a word is what programs and people write where there is no label or no name.

    >>> is_missing("NaN"), is_missing("neutral")
    (True, False)
    """
    return raw.strip().casefold() in MISSING


def column(name: str) -> str | None:
    """Return what a column of this name usually holds; None where the name tells nothing."""
    return timed(name)[0]


def timed(name: str) -> tuple[str | None, int]:
    """Return the role of a column, and for times how many units a second has (0: samples).

    >>> timed("start_ms"), timed("End"), timed("begin_sample")
    (('start', 1000), ('end', 1), ('start', 0))
    """
    plain = re.sub(r"[\W_]", "", name.casefold())
    role, match = _NAMES.get(plain), _TIMED.fullmatch(plain)
    if role is None and match is not None and _NAMES.get(match["name"]) in TIMES:
        return _NAMES[match["name"]], _UNITS[match["unit"]]

    return role, 1
