"""audeering's wav2vec 2.0 of arousal, dominance and valence, read as the nearest of seven points."""
import sys, torch
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model, Wav2Vec2PreTrainedModel
NAME, WANTS = "audeering wav2vec2 dimensional, nearest point (ours)", "samples"
POINTS = {"angry": (0.8, 0.75, 0.25), "happy": (0.7, 0.6, 0.8), "sad": (0.3, 0.35, 0.25), "neutral": (0.4, 0.5, 0.5),
          "fear": (0.7, 0.3, 0.3), "surprise": (0.7, 0.5, 0.6), "disgust": (0.5, 0.6, 0.25)}  # assumed, not audeering's
LABELS = list(POINTS)
class EmotionModel(Wav2Vec2PreTrainedModel):  # the layers and names of the published checkpoint
    def __init__(self, config):
        super().__init__(config)
        self.wav2vec2, n = Wav2Vec2Model(config), config.hidden_size
        self.classifier = torch.nn.ModuleDict({"dense": torch.nn.Linear(n, n), "out_proj": torch.nn.Linear(n, 3)})
        self.post_init()
source = sys.argv[1] if len(sys.argv) > 1 else "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim"
extract, model = Wav2Vec2FeatureExtractor.from_pretrained(source), EmotionModel.from_pretrained(source).eval()
@torch.no_grad()
def predict(samples, labels):
    mean = model.wav2vec2(extract(samples, sampling_rate=16_000, return_tensors="pt").input_values).last_hidden_state.mean(1)
    place = model.classifier["out_proj"](torch.tanh(model.classifier["dense"](mean)))[0]
    return {label: -float(torch.dist(place, torch.tensor(point))) for label, point in POINTS.items()}
