"""The workers of docs/workers: against the real packages with tiny random weights, or stand-ins.

Real: FunASR's emotion2vec and SenseVoice, SpeechBrain, nkululeko, each in an environment of its own
that takes torch from this one, and transformers for audeering's model. `$MSERBENCH_WORKER_ENVS`
names a folder of ready environments; else they are made, which wants a package index. The stand-in
for FunASR is the quick test of SenseVoice.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from tiny_audeering import PROGRAM as AUDEERING
from tiny_audeering import dimensions
from worker_environments import python_of, run

from mserbench import Clip, evaluate
from mserbench.labels import CANONICAL, read_answer
from mserbench_worker.model import Worker
from mserbench_worker.options import Options

TESTS = Path(__file__).parents[1]
WORKERS = TESTS.parent / "docs/workers"


def clips(n: int) -> list[Clip]:
    noise = np.random.default_rng(0).normal(0, 0.1, (n, 16_000)).astype(np.float32)
    return [Clip(f"{i:064x}", f"{i:064x}", 1.0, lambda i=i: noise[i]) for i in range(n)]


def tones(n: int) -> list[Clip]:
    """Clips that sound differently: a tone an octave apart each."""
    times = np.arange(16_000) / 16_000
    waves = [(0.3 * np.sin(2 * np.pi * 25 * 2**i * times)).astype(np.float32) for i in range(n)]
    return [Clip(f"{i:064x}", f"{i:064x}", 1.0, lambda i=i: waves[i]) for i in range(n)]


def answers(worker: str, source: object, python: str = sys.executable, n: int = 3) -> Any:
    command = f"{WORKERS / worker} {source}"
    model = Worker(Options(command=command, python=python, timeout=120.0, start_timeout=300.0))
    return model.predict(clips(n), CANONICAL)


def check_scores(scores: Any, known: Sequence[str]) -> None:
    """Scores differ between clips, and what the model does not know is never its answer."""
    assert scores.shape == (3, 7)
    assert len(np.unique(scores[:, CANONICAL.index(known[0])])) == 3
    assert {CANONICAL[i] for i in scores.argmax(axis=1)} <= set(known)


def test_each_fits_into_twenty_lines_of_a_hundred_columns() -> None:
    lines = {path.name: path.read_text().splitlines() for path in WORKERS.glob("*.py")}
    assert len(lines) == 5
    assert all(len(rows) <= 20 for rows in lines.values())
    assert [row for rows in lines.values() for row in rows if len(row) > 100] == []


EMOTION2VEC = """
import sys, yaml, torch
from pathlib import Path
from funasr.models.emotion2vec.model import Emotion2vec
folder = Path(sys.argv[1])
decoder = dict(decoder_dim=8, decoder_groups=1, decoder_kernel=3, decoder_layers=1, input_dropout=0.0,
    add_positions_masked=False, add_positions_all=False, decoder_residual=True, projection_layers=1, projection_ratio=2.0)
audio = dict(type="AUDIO", prenet_depth=1, prenet_layerdrop=0.0, prenet_dropout=0.0, start_drop_path_rate=0.0,
    end_drop_path_rate=0.0, num_extra_tokens=2, init_extra_token_zero=True, mask_noise_std=0.01, mask_prob=0.5,
    mask_prob_min=None, inverse_mask=False, mask_prob_adjust=0.05, keep_masked_pct=0.0, mask_length=5, add_masks=False,
    remove_masks=False, mask_dropout=0.0, encoder_zero_mask=True, mask_channel_prob=0.0, mask_channel_length=64,
    ema_local_encoder=False, local_grad_mult=1.0, use_alibi_encoder=True, alibi_scale=1.0, learned_alibi=False,
    alibi_max_pos=None, learned_alibi_scale=True, learned_alibi_scale_per_head=True, learned_alibi_scale_per_layer=False,
    num_alibi_heads=2, model_depth=1, decoder=decoder, extractor_mode="layer_norm",
    feature_encoder_spec="[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8, 2, 2)] * 2", conv_pos_width=19, conv_pos_groups=2,
    conv_pos_depth=2, conv_pos_pre_ln=False)
conf = dict(loss_beta=0.0, loss_scale=None, depth=1, start_drop_path_rate=0.0, end_drop_path_rate=0.0, num_heads=2,
    norm_eps=1e-5, norm_affine=True, encoder_dropout=0.0, post_mlp_drop=0.0, attention_dropout=0.0, activation_dropout=0.0,
    dropout_input=0.0, layerdrop=0.0, embed_dim=8, mlp_ratio=2.0, layer_norm_first=False, average_top_k_layers=1,
    end_of_block_targets=False, clone_batch=1, normalize=True, modalities=dict(audio=audio))
tokens = "生气/angry 厌恶/disgusted 恐惧/fearful 开心/happy 中立/neutral 其他/other 难过/sad 吃惊/surprised <unk>".split()
(folder / "tokens.txt").write_text("\\n".join(tokens))
(folder / "config.yaml").write_text(yaml.safe_dump(dict(model="Emotion2vec", model_conf=conf, tokenizer="CharTokenizer",
    tokenizer_conf=dict(unk_symbol="<unk>", split_with_space=True))))
torch.manual_seed(0)
torch.save(Emotion2vec(model_conf=conf, vocab_size=len(tokens)).state_dict(), folder / "model.pt")
"""


@pytest.mark.slow
@pytest.mark.network
def test_emotion2vec_of_funasr(tmp_path: Path) -> None:
    python = python_of("funasr", tmp_path)
    run(python, EMOTION2VEC, tmp_path)
    check_scores(answers("emotion2vec.py", tmp_path, python), CANONICAL)


def test_sensevoice_by_a_stand_in_for_funasr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documented form of its text: tags of language, emotion and event before the words."""
    stand_in = """
    class AutoModel:
        def __init__(self, model, **options):
            assert model == "my-source"
        def generate(self, path, language, use_itn, ban_emo_unk):
            assert (language, use_itn, ban_emo_unk) == ("auto", False, True)
            tag = open(path, "rb").read()[50] % 2
            return [{"key": "0", "text": "<|zh|>" + ("<|FEARFUL|>", "<|ANGRY|>")[tag] + "<|Speech|><|woitn|>happy"}]
    """
    (tmp_path / "funasr.py").write_text(dedent(stand_in))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    texts = answers("sensevoice.py", "my-source")
    assert {read_answer(text, CANONICAL) for text in texts} <= {"fear", "angry"}


SPEECHBRAIN = """
import sys, torch
from pathlib import Path
from transformers import Wav2Vec2Config, Wav2Vec2Model, Wav2Vec2FeatureExtractor
folder = Path(sys.argv[1])
torch.manual_seed(0)
config = Wav2Vec2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
    conv_dim=(8,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2)
Wav2Vec2Model(config).save_pretrained(folder / "w2v2")
Wav2Vec2FeatureExtractor().save_pretrained(folder / "w2v2")
(folder / "label_encoder.txt").write_text("'neu' => 0\\n'ang' => 1\\n'hap' => 2\\n'sad' => 3\\n================\\n'starting_index' => 0\\n")
(folder / "hyperparams.yaml").write_text(f'''
wav2vec2: !new:speechbrain.integrations.huggingface.wav2vec2.Wav2Vec2
    source: {folder / "w2v2"}
    save_path: {folder / "save"}
    freeze: True
avg_pool: !new:speechbrain.nnet.pooling.StatisticsPooling
    return_std: False
output_mlp: !new:speechbrain.nnet.linear.Linear
    input_size: 16
    n_neurons: 4
    bias: False
modules:
    wav2vec2: !ref <wav2vec2>
    output_mlp: !ref <output_mlp>
    avg_pool: !ref <avg_pool>
softmax: !new:speechbrain.nnet.activations.Softmax
label_encoder: !new:speechbrain.dataio.encoder.CategoricalEncoder
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        label_encoder: !ref <label_encoder>
    paths:
        label_encoder: {folder / "label_encoder.txt"}
''')
(folder / "custom_interface.py").write_text('''
import torch
from speechbrain.inference.interfaces import Pretrained
class CustomEncoderWav2vec2Classifier(Pretrained):
    def classify_file(self, path):
        wavs = self.load_audio(path).unsqueeze(0)
        pooled = self.mods.avg_pool(self.mods.wav2vec2(wavs), torch.tensor([1.0]))
        scores = self.hparams.softmax(self.mods.output_mlp(pooled.view(1, -1)))
        score, index = torch.max(scores, dim=-1)
        return scores, score, index, self.hparams.label_encoder.decode_torch(index)
''')
"""


@pytest.mark.slow
@pytest.mark.network
def test_speechbrain(tmp_path: Path) -> None:
    """The package is real; the Python file that the hub's source holds is written after its page."""
    python = python_of("speechbrain", tmp_path)
    run(python, SPEECHBRAIN, tmp_path)
    known = ["neutral", "angry", "happy", "sad"]
    check_scores(answers("speechbrain_iemocap.py", tmp_path, python), known)


@pytest.mark.slow
@pytest.mark.network
def test_sensevoice_of_funasr(tmp_path: Path) -> None:
    """The package's own class: some emotion for every clip, and not always the same one.

    Without `ban_emo_unk` these weights would say that the emotion is unknown.
    """
    python = python_of("funasr", tmp_path)
    folder = tmp_path / "SenseVoiceSmall"
    folder.mkdir()
    run(python, (TESTS / "tiny_sensevoice.py").read_text(), folder)

    command = f"{WORKERS / 'sensevoice.py'} {folder}"
    model = Worker(Options(command=command, python=python, timeout=120.0, start_timeout=300.0))
    texts = model.predict(tones(8), CANONICAL)
    emotions = {read_answer(text, CANONICAL) for text in texts}
    assert None not in emotions
    assert len(emotions) > 1

    # Its name is that of the folder, by which the registry knows it.
    assert "sensevoice-small" in model.card.basis


@pytest.mark.slow
def test_audeering_by_transformers(tmp_path: Path) -> None:
    """Its numbers are those of the published head, computed here without the worker's classes."""
    pytest.importorskip("transformers")
    run(sys.executable, AUDEERING, tmp_path)
    scores = answers("audeering_dimensional.py", tmp_path)
    check_scores(scores, ["sad"])

    waves = [clip.waveform for clip in clips(3)]
    places = np.array([dimensions(tmp_path, wave) for wave in waves])
    # Mean ratings of words, pleasure last; 0 to 1 in place of -1 to 1.
    sad, neutral = (np.array([-0.27, -0.33, -0.63]) + 1) / 2, np.array([0.5, 0.5, 0.5])
    for label, place in (("sad", sad), ("neutral", neutral)):
        distances = 2 * np.linalg.norm(places - place, axis=1)
        np.testing.assert_allclose(-scores[:, CANONICAL.index(label)], distances, atol=1e-4)


NKULULEKO = """
import configparser, json, pickle, sys
from pathlib import Path
import numpy as np, opensmile
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.svm import SVC
folder = Path(sys.argv[1])
columns = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals).feature_names
random = np.random.default_rng(0)
features = random.normal(size=(60, len(columns))) * 1_000  # as wide as what will come
labels = ["anger", "happiness", "sadness"]
encoder = LabelEncoder().fit(labels)
parts = {"scaler": StandardScaler().fit(features), "label_encoder": encoder,
    "model": SVC(probability=True, random_state=0).fit(features, encoder.transform(labels * 20))}
for name, part in parts.items():
    (folder / f"{name}.pkl").write_bytes(pickle.dumps(part))
artifacts = {name: f"{name}.pkl" for name in parts} | {"inference_config": "inference.ini", "feature_schema": "schema.json"}
(folder / "schema.json").write_text(json.dumps({"columns": columns, "num_features": len(columns)}))
(folder / "manifest.json").write_text(json.dumps({"bundle_version": "1.0", "task": "classification", "target": "emotion",
    "model_type": "svm", "labels": labels, "features": {"type": ["os"]}, "artifacts": artifacts}))
config = configparser.ConfigParser()
config.read_dict({"EXP": {}, "DATA": {"target": "emotion", "labels": str(labels)},
    "FEATS": {"type": "['os']", "os.set": "eGeMAPSv02"}, "MODEL": {"type": "svm"}})
with open(folder / "inference.ini", "w") as file:
    config.write(file)
"""


@pytest.mark.slow
@pytest.mark.network
def test_nkululeko(tmp_path: Path) -> None:
    python = python_of("nkululeko", tmp_path)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    run(python, NKULULEKO, bundle)
    check_scores(answers("nkululeko_bundle.py", bundle, python), ["angry", "happy", "sad"])


@pytest.mark.slow
def test_a_run_of_one(tmp_path: Path) -> None:
    """The command of the page, whole: real recordings, a program in between, a record."""
    pytest.importorskip("transformers")
    source = tmp_path / "source"
    source.mkdir()
    run(sys.executable, AUDEERING, source)
    command = f"{WORKERS / 'audeering_dimensional.py'} {source}"
    record = evaluate(
        Worker(Options(command=command)), "emodb-sample", out=tmp_path, limit=8
    ).record
    assert record.counts.scored == 8
    assert record.facts is not None
    assert "transformers" in record.facts["packages"]
