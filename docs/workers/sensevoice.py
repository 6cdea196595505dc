"""SenseVoice by FunASR, which writes an emotion beside the words; an argument names its source."""

import re
import sys

from funasr import AutoModel

NAME = "SenseVoice"
source = sys.argv[1] if len(sys.argv) > 1 else "iic/SenseVoiceSmall"
model = AutoModel(model=source, disable_update=True, disable_pbar=True)


def predict(path, labels):
    # ban_emo_unk: one of its emotions, never "unknown".
    result = model.generate(path, language="auto", use_itn=False, ban_emo_unk=True)[0]
    emotion = re.search(r"<\|(HAPPY|SAD|ANGRY|NEUTRAL|FEARFUL|DISGUSTED|SURPRISED)\|>", result["text"])
    return emotion[1].lower() if emotion else "no emotion in: " + result["text"][:80]
