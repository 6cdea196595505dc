"""SpeechBrain's wav2vec 2.0 trained on IEMOCAP; an argument names another source.

It runs the Python file that the source holds: take one that you trust."""

import sys
from pathlib import Path

from speechbrain.inference.interfaces import foreign_class

LABELS = ["neutral", "angry", "happy", "sad"]
NAMES = {"neu": "neutral", "ang": "angry", "hap": "happy", "sad": "sad"}
source = " ".join(sys.argv[1:]) or "speechbrain/emotion-recognition-wav2vec2-IEMOCAP"
NAME = Path(source).name  # by which the registry of exposures is asked
interface = {"pymodule_file": "custom_interface.py", "classname": "CustomEncoderWav2vec2Classifier"}
model = foreign_class(source, **interface)


def predict(path, labels):
    scores, encoder = model.classify_file(path)[0].flatten(), model.hparams.label_encoder
    return {NAMES[name]: scores[index] for index, name in encoder.ind2lab.items()}
