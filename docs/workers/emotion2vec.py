"""emotion2vec+ by FunASR; an argument names a model of its hub, or a folder."""

import sys
from pathlib import Path

from funasr import AutoModel

LABELS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
source = " ".join(sys.argv[1:]) or "iic/emotion2vec_plus_base"
NAME = Path(source).name  # by which the registry of exposures is asked
model = AutoModel(model=source, disable_update=True, disable_pbar=True)


def predict(path, labels):
    result = model.generate(path, granularity="utterance", extract_embedding=False)[0]
    # Its labels have two names, as in 生气/angry; "other" and "<unk>" are no emotions.
    scores = {name.split("/")[-1]: score for name, score in zip(result["labels"], result["scores"])}
    return {label: scores[label] for label in LABELS}
