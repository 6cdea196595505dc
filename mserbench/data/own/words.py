"""Words by which a proposal knows emotions, in several languages, and usual columns."""

from __future__ import annotations

import re

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
    "alegria felicidade vreugde "
    "blij radość радость счастье χαρά mutluluk mutlu 快乐 高兴 开心 شادی خوشحالی فرح سعادة",
    "sad": "trauer traurig tristesse triste tristeza tristezza verdriet smutek грусть печаль "
    "λύπη üzüntü üzgün 悲伤 "
    "伤心 غم حزن",
    "angry": "wut wütend ärger zorn colère enojo ira enfado rabbia raiva woede boos złość gniew "
    "гнев злость θυμός "
    "öfke kızgın 生气 愤怒 خشم غضب",
    "surprise": "überraschung surpris sorpresa surpresa verrassing zaskoczenie удивление έκπληξη "
    "şaşkınlık 惊讶 吃惊 "
    "تعجب",
    "disgust": "ekel dégoût asco disgusto nojo walging wstręt отвращение αηδία tiksinti 厌恶 恶心 "
    "اشمئزاز",
    "fear": "angst ängstlich peur miedo paura medo strach страх φόβος korku 害怕 恐惧 ترس خوف",
    "boredom": "langeweile gelangweilt ennui aburrimiento noia tédio verveling nuda скука πλήξη",
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
    "speaker": "speaker speakerid spk spkid speakername actor actorid subject subjectid "
    "participant "
    "participantid "
    "talker who clientid sprecher",
    "split": "split set partition subset usage splitset",
    "session": "session sessionid recordingsession",
    "dialogue": "dialogue dialog dialogueid dialogid conversation conversationid",
    "sentence": "sentenceid sentenceno textid textcode",
    "sex": "sex gender speakersex speakergender",
    "language": "language lang languagecode locale",
    "text": "text transcript transcription sentence utterance",
    "start": "start begin onset starttime startsec starts begintime from",
    "end": "end stop offset endtime endsec ends until to",
    "id": "id uttid utteranceid clipid segmentid segment uid",
}
_NAMES = {name: key for key, names in COLUMNS.items() for name in names.split()}

SPEAKERS = frozenset({"speaker", "spk", "actor", "subject", "participant"})
"""What stands before the number of a speaker in names of files and folders."""


def emotion(raw: str) -> str | None:
    """Return the label that a word names in one of several languages; None where it is not known.

    >>> emotion("Wut"), emotion("HAPPINESS"), emotion("w3")
    ('angry', 'happy', None)
    """
    return _WORDS.get(raw.strip().casefold())


def column(name: str) -> str | None:
    """Return what a column of this name usually holds; None where the name tells nothing."""
    return _NAMES.get(re.sub(r"[\W_]", "", name.casefold()))
