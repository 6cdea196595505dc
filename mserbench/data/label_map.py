"""What the label of a model or of a table means: a closed table of words, and a user's TOML map."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from mserbench.data.own.words import emotion
from mserbench.disk import outside
from mserbench.errors import DataError, plain, why

NONE = "none"  # of a label that stands for no emotion: what it gets is lost
MEANINGS = "meanings"  # under this name the facts of a run tell what a model's labels were read as

# What public checkpoints write beside the words of `mserbench.data.own.words`, folded.
_ALIASES = {
    "neutral": "neut neutrality netural normal нейтр нейтральность нейтральная 平静 中立 平常 "
    "ニュートラル 普通 중립 trung_tính neutr neutraal",
    "happy": "hap happ joyful joyfully joy happily happyness felice allegro glück erfreut "
    "fröhlichkeit 愉快 快樂 高興 開心 嬉しい веселье радостный радостная счастливый счастливая 喜 "
    "喜悦 喜び 幸せ 행복 기쁨 vui gembira senang mutlu mutluluk glad glädje ευτυχία",
    "sad": "sadly sadnes unhappy traurigkeit betrübt niedergeschlagen 难过 難過 悲傷 傷心 грустный "
    "грустная печальный 悲しみ 悲しい 悲 슬픔 buồn sedih üzgün ledsen θλίψη",
    "angry": "angr angrily furious rage zorn zornig verärgert ärgerlich enojado enfadado "
    "arrabbiato 生氣 憤怒 злой злая сердитый гневный 怒 怒り 분노 화남 giận marah arg ilska zlost",
    "surprise": "surp suprised überrascht sorprendido sorpreso 驚訝 suprise surprised "
    "pleasant_surprise pleasantsurprise ps pleasant_surprised удивлённый удивленный "
    "удивление 惊 惊喜 驚き 놀람 ngạc_nhiên terkejut",
    "disgust": "disg disgusted disgusting angeekelt angewidert abscheu 厭惡 брезгливость омерзение "
    "嫌悪 厌 혐오 jijik äckel",
    "fear": "fearf scared furcht furchtsam verängstigt asustado 恐懼 恐慌 terrified испуг "
    "испуганный 恐れ 恐怖 恐 두려움 공포 sợ takut rädsla",
    "calm": "calmness calmly spokojny 冷静",
    "boredom": "bored boring bore",
    "enthusiasm": "enthusiastic воодушевление",
    "excited": "exci excitement excite",
    "frustrated": "frus frustration frustrate",
    "contempt": "contemptuous",
    "sarcasm": "sarcastic",
    NONE: "other others unknown unk oth noise none undefined other_emotion xxx others_emotion "
    "<unk> 其他 другое",
}
_TABLE = {word: label for label, words in _ALIASES.items() for word in words.split()}
# What sorts speakers, not emotions: `female_angry`, `angry-male`.
_SEX = re.compile(r"^(?:fe)?male[_\s-]+|[_\s-]+(?:fe)?male$")


def meaning(raw: str) -> str | None:
    """Return what a label means: a label of ours, `none`, or None where no table
    knows it.

    Of several words, as `生气/angry`, all that are known must mean the same.

    >>> meaning("ang"), meaning("Wut"), meaning("生气/angry"), meaning("LABEL_0")
    ('angry', 'angry', 'angry', None)
    """
    word = _SEX.sub("", raw.strip().casefold())
    parts = [word] if _word(word) else re.split(r"[/|()\[\],]+", word)
    named = {label for part in parts if (label := _word(part))}

    return named.pop() if len(named) == 1 else None


def _word(word: str) -> str | None:
    folded = re.sub(r"[\s-]+", "_", word.strip())
    return _TABLE.get(folded) or emotion(word)


def line(label: str) -> str:
    """Return the line of a map that says what a label means, with the meaning left open."""
    return '"' + plain(label, 60).replace("\\", "\\\\").replace('"', '\\"') + '" = "..."'


def read(path: Path) -> dict[str, str]:
    """Read a user's map: a table [labels] of TOML, each key a label as it is written, each value
    what it means. Raises DataError where it is not one.
    """
    place = f"label map {str(path)!r}"
    try:
        top = tomllib.loads(outside.read(path, outside.SETTINGS).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{place} cannot be read as TOML: {why(error)}") from error

    table = top.get("labels", top)
    if not isinstance(table, Mapping) or not all(
        isinstance(value, str) and value.strip() for value in table.values()
    ):
        raise DataError(
            f'{place}: lines such as "ang" = "angry" were expected, in a table [labels]'
        )

    return {label: value.strip() for label, value in table.items()}
