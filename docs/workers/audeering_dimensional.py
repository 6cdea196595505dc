"""audeering's wav2vec 2.0 of arousal, dominance and valence. The nearest of PLACES is its answer:
means of Russell and Mehrabian (1977), doi:10.1016/0092-6566(77)90037-X; neutral's is assumed."""
import sys

import torch
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification as Net

PLACES = {"angry": (0.59, 0.25, -0.51), "disgust": (0.35, 0.11, -0.60), "neutral": (0, 0, 0),
          "fear": (0.60, -0.43, -0.64), "happy": (0.51, 0.46, 0.81), "sad": (-0.27, -0.33, -0.63),
          "surprise": (0.67, -0.13, 0.40)}  # arousal, dominance, valence, from -1 to 1
source = " ".join(sys.argv[1:]) or "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim"
NAME, WANTS, LABELS = source.split("/")[-1], "samples", list(PLACES)
layers = {"key_mapping": {"^classifier.dense": "projector", "^classifier.out_proj": "classifier"}}
extract = Wav2Vec2FeatureExtractor.from_pretrained(source)
model = Net.from_pretrained(source, classifier_proj_size=1024, **layers)

def predict(samples, labels):
    mean = model.wav2vec2(**extract(samples, sampling_rate=16_000, return_tensors="pt"))[0].mean(1)
    place = 2 * model.classifier(model.projector(mean).tanh())[0].detach() - 1
    return {label: -torch.dist(place, torch.tensor(PLACES[label])) for label in LABELS}
