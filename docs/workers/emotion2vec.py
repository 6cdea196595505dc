"""emotion2vec+ by FunASR; an argument names a model of its hub, or a folder."""

import sys

from funasr import AutoModel

NAME = "emotion2vec+"
LABELS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
source = sys.argv[1] if len(sys.argv) > 1 else "iic/emotion2vec_plus_base"
model = AutoModel(model=source, disable_update=True, disable_pbar=True)


def predict(path, labels):
    result = model.generate(path, granularity="utterance", extract_embedding=False)[0]
    # Its labels have two names, as in 生气/angry; "other" and "<unk>" are no emotions.
    scores = {name.split("/")[-1]: score for name, score in zip(result["labels"], result["scores"])}
    return {label: scores[label] for label in LABELS}
