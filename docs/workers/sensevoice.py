"""SenseVoice by FunASR, which writes an emotion beside the words; an argument names its source."""

import re
import sys
from pathlib import Path

from funasr import AutoModel

source = " ".join(sys.argv[1:]) or "iic/SenseVoiceSmall"
NAME = Path(source).name  # by which the registry of exposures is asked
model = AutoModel(model=source, disable_update=True, disable_pbar=True)


def predict(path, labels):
    # ban_emo_unk: one of its emotions, never "unknown".
    text = model.generate(path, language="auto", use_itn=False, ban_emo_unk=True)[0]["text"]
    emotion = re.search(r"<\|(HAPPY|SAD|ANGRY|NEUTRAL|FEARFUL|DISGUSTED|SURPRISED)\|>", text)
    return emotion[1].lower() if emotion else "no emotion in: " + text[:80]
