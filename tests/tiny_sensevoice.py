"""Writes SenseVoiceSmall with tiny random weights into a folder; runs where FunASR is installed.

The tokens have the published ids as far as FunASR's code states them; those of fear, disgust and
surprise are free ones. The vocabulary has the published size, since the code names ids by number.
"""

import json
import sys
from pathlib import Path

import torch  # noqa: TID253 (a program of its own: tests give its text to another Python)
import yaml
from funasr.models.sense_voice.model import SenseVoiceSmall
from sentencepiece import sentencepiece_model_pb2

folder = Path(sys.argv[1])
SIZE, MELS, FRAMES, UNKNOWN = 25_055, 80, 7, 25_009
EMOTIONS = ["HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED"]
tags = {25_001 + place: name for place, name in enumerate(EMOTIONS)} | {UNKNOWN: "EMO_UNKNOWN"}
tags |= {24_884: "zh", 24_885: "en", 24_992: "nospeech", 24_993: "Speech", 25_017: "woitn"}

tokens = sentencepiece_model_pb2.ModelProto()
kinds = tokens.SentencePiece
for number in range(SIZE):
    piece, kind = f"▁word{number}", kinds.NORMAL
    if number < 3:
        piece, kind = (
            ("<unk>", "<s>", "</s>")[number],
            (kinds.UNKNOWN, *[kinds.CONTROL] * 2)[number],
        )
    elif number in tags:
        piece, kind = f"<|{tags[number]}|>", kinds.USER_DEFINED
    tokens.pieces.add(piece=piece, score=-float(number), type=kind)
(folder / "tiny.bpe.model").write_bytes(tokens.SerializeToString())

# Kaldi's form: what is added to each of the stacked features, and what it is multiplied by.
width = MELS * FRAMES
rows = [f"<{name}> {width} {width}\n<LearnRateCoef> 0 [ {' '.join([value] * width)} ]"
        for name, value in (("AddShift", "-8"), ("Rescale", "0.2"))]  # fmt: skip
(folder / "am.mvn").write_text("\n".join(["<Nnet>", *rows, "</Nnet>"]))

encoder = {"output_size": 16, "attention_heads": 2, "linear_units": 16, "num_blocks": 2,
           "tp_blocks": 1, "dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe",
           "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True,
           "kernel_size": 11, "sanm_shfit": 0, "selfattention_layer_type": "sanm"}  # fmt: skip
frontend = {"fs": 16_000, "window": "hamming", "n_mels": MELS, "frame_length": 25,
            "frame_shift": 10, "lfr_m": FRAMES, "lfr_n": 6, "cmvn_file": None}  # fmt: skip
parts = {"encoder": "SenseVoiceEncoderSmall", "encoder_conf": encoder}
config = {"model": "SenseVoiceSmall", **parts, "frontend": "WavFrontend",
          "frontend_conf": frontend, "tokenizer": "SentencepiecesTokenizer",
          "tokenizer_conf": {"bpemodel": None}}  # fmt: skip
(folder / "config.yaml").write_text(yaml.safe_dump(config))
files = {"init_param": "model.pt", "config": "config.yaml",
         "tokenizer_conf": {"bpemodel": "tiny.bpe.model"},
         "frontend_conf": {"cmvn_file": "am.mvn"}}  # fmt: skip
(folder / "configuration.json").write_text(json.dumps({"file_path_metas": files}))

torch.manual_seed(0)
model = SenseVoiceSmall(**parts, input_size=width, vocab_size=SIZE)
with torch.no_grad():
    # Only emotions are ever written, the unknown one before all, and clips differ in them.
    model.ctc.ctc_lo.weight.mul_(20)
    bias = model.ctc.ctc_lo.bias.fill_(-1e4)
    bias[25_001 : 25_001 + len(EMOTIONS)] = 0.0
    bias[UNKNOWN] = 1e3
torch.save(model.state_dict(), folder / "model.pt")
