"""What models tell of a training before anything is here, and that questions to them open their LLM
once.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
for needed in ("transformers", "whisper", "accelerate", "peft"):
    pytest.importorskip(needed)

from mserbench.experiments import plan, taking, work  # noqa: E402
from mserbench.experiments.definition import Wishes, load  # noqa: E402
from mserbench.experiments.learning import Training  # noqa: E402
from mserbench.experiments.plan import PlannedRun  # noqa: E402
from mserbench.footprint import Footprint  # noqa: E402
from mserbench.model import TrainableModel  # noqa: E402
from mserbench.options import make_options  # noqa: E402
from mserbench.running.lookup import model_class  # noqa: E402
from mserbench.weights.named import weights_named  # noqa: E402
from mserbench_mser_llm import architectures, parts  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.planning import MINI_SECONDS  # noqa: E402
from mserbench_mser_llm.scoring import LABELS  # noqa: E402
from mserbench_training.encoders import whisper_sizes  # noqa: E402
from mserbench_training.resources.saved import count, kept_bytes, without_memory  # noqa: E402


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights are on this machine: that is when a plan is asked for."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))


def footprint(model: str, **options: str) -> Footprint:
    kind = model_class(model)
    assert issubclass(kind, TrainableModel)
    estimate = kind.footprint(make_options(kind, options, model))
    assert estimate is not None

    return estimate


def test_the_full_size_is_counted_to_the_last_number() -> None:
    """Who rents machines by an estimate that is wrong pays twice."""
    full = footprint("mser-llm", preset="paper")
    assert dict(full.trainable) == {"connector": 107_307_008}
    assert dict(full.frozen) == {
        "speech encoder whisper-large-v3": 635_048_960,
        "LLM llama-3-8b": 8_030_261_248,
    }
    assert full.clips == 16
    gigabytes = {name: size / 1e9 for name, size in full.memory.items()}
    assert gigabytes["LLM"] == pytest.approx(16.06, abs=0.01), "bfloat16"
    assert gigabytes["speech encoder"] == pytest.approx(2.54, abs=0.01), "float32"
    assert gigabytes["connector with AdamW"] == pytest.approx(1.72, abs=0.01), "16 bytes a number"
    assert full.memory["activations of the connector"] / 16 / 1e6 == pytest.approx(711, abs=15), (
        "a clip of 30 s"
    )
    positions = 1 + 256 + 23 + 1  # begin, audio, prompt, answer
    a_token = full.memory["activations of the LLM"] / 16 / positions / 1e6
    assert 4.46 <= a_token < 1.12 * 4.46, (
        "measured with the attention that runs; traced, keys of all heads are kept"
    )
    assert sum(gigabytes.values()) == pytest.approx(53, abs=1.5)
    assert full.weights == 4 * 107_307_008
    assert dict(full.cache) == {"whisper-large-v3 padded last /1 +0": 128_000}
    assert full.seconds is None, "nobody has measured it"


def test_small_and_mini_are_counted_too() -> None:
    small, mini = footprint("mser-llm", preset="small"), footprint("mser-llm", preset="mini")
    assert small.frozen["LLM llama-3.2-1b-instruct"] == 1_235_814_400
    assert small.frozen["speech encoder whisper-small"] == 87_002_112
    assert mini.frozen["speech encoder whisper-base"] == 19_822_592
    assert mini.frozen["LLM smollm2-135m-instruct"] == 134_515_008
    assert mini.seconds == MINI_SECONDS
    assert footprint("mser-llm", preset="mini", seed="3").seconds == MINI_SECONDS
    assert footprint("mser-llm", preset="mini", steps="600").seconds is None, (
        "a time is of what was measured alone"
    )


def test_sizes_are_those_of_the_libraries_own_models() -> None:
    """Two tables of sizes that agree with each other and with nothing else would be worth
    nothing.
    """
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    for sizes in whisper_sizes.BY_NAME.values():
        with torch.device("meta"):
            theirs: Any = WhisperEncoder(
                WhisperConfig(
                    num_mel_bins=sizes.bands, d_model=sizes.width,
                        encoder_attention_heads=sizes.heads,
                    encoder_layers=sizes.blocks, encoder_ffn_dim=4 * sizes.width,
                        max_source_positions=sizes.positions,
                )
            )  # fmt: skip

        assert (
            count(theirs.parameters()) - theirs.embed_positions.weight.numel() == sizes.parameters
        )

    for name in (*whisper_sizes.BY_NAME, *architectures.LLAMA):
        record = weights_named(name)
        described = (
            {"n_mels": whisper_sizes.BY_NAME[name].bands,
                "n_audio_state": whisper_sizes.BY_NAME[name].width,
             "n_audio_layer": whisper_sizes.BY_NAME[name].blocks}
            if name in whisper_sizes.BY_NAME else {**architectures.LLAMA[name],
            "model_type": "llama"}
        )  # fmt: skip
        for key, value in record.expected.items():
            assert described.get(key, value) == value, f"{name}: {key}"


def test_an_llm_that_is_not_asked_keeps_nothing_and_one_that_is_asked_less_keeps_less() -> None:
    full = footprint("mser-llm", preset="paper").memory["activations of the LLM"]
    assert footprint("mser-llm", preset="paper", aligned="1").memory["activations of the LLM"] == 0
    decoding_four = footprint("mser-llm", preset="paper", decoded="4").memory[
        "activations of the LLM"
    ]
    assert decoding_four == pytest.approx(full / 4, rel=0.01)


def test_options_that_save_memory_show_in_the_plan() -> None:
    """Whoever has a card of 40 GB looks for exactly these."""
    full = footprint("mser-llm", preset="paper")
    saving = footprint(
        "mser-llm", preset="paper", checkpointing="true", encoder_precision="bfloat16"
    )
    assert saving.memory["speech encoder"] == full.memory["speech encoder"] / 2
    inputs = 32 * 281 * 16 * 4096 * 2  # of 32 blocks, in bfloat16
    assert saving.memory["activations of the LLM"] == pytest.approx(inputs, rel=0.1)
    assert (
        saving.memory["activations of the connector"]
        < full.memory["activations of the connector"] / 10
    )
    assert sum(saving.memory.values()) < 25e9
    assert any("on the way back" in sentence for sentence in saving.basis)
    wave = footprint("supcon-w2v2", preset="paper")
    assert footprint("supcon-w2v2", preset="paper", checkpointing="true").memory["activations"] < (
        wave.memory["activations"] / 2
    )


def test_what_is_kept_is_what_a_processor_keeps() -> None:
    """An estimate without memory must be that of real numbers."""

    def network() -> Any:
        return torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4))

    real = network()
    heard = torch.zeros(5, 8)
    expected = kept_bytes(lambda: real(heard), real.parameters())

    with without_memory():
        module = network()
        assert kept_bytes(lambda: module(torch.zeros(5, 8)), module.parameters()) == expected

    assert expected == 4 * (5 * 8 + 5 * 32), (
        "the input, and what ReLU gives, which both it and the next layer need"
    )


def test_paper_two_is_counted_as_well() -> None:
    full = footprint("supcon-w2v2", preset="paper")
    assert dict(full.frozen) == {"wav2vec2-base": 94_371_712}

    # 12 blocks: LoRA of rank 8 on four projections of 768 and two of 768 and 3072, bottleneck of
    # 48, gate of 768.
    lora = 8 * (4 * 2 * 768 + 2 * (768 + 3072))
    assert full.trainable["in and on the encoder"] == 12 * (lora + 2 * 48 * 768 + 48 + 768 + 768)
    assert full.clips == 36
    assert full.seconds is None
    assert footprint("supcon-w2v2", preset="small").seconds is not None
    assert dict(footprint("supcon-w2v2", preset="small").cache) == {
        "whisper-base 2 /8 +1": 513 * 2 * 50 / 8
    }


def test_what_a_table_needs_is_what_its_models_say() -> None:
    for model, options, expected in (
        ("mser-llm", {"preset": "paper"}, ("whisper-large-v3", "bert-base-uncased", "llama-3-8b")),
        ("mser-llm", {"preset": "mini", "bert": "tiny"}, ("whisper-base", "smollm2-135m-instruct")),
        ("mser-llm", {"preset": "tiny"}, ()),
        ("supcon-w2v2", {"preset": "small"}, ("whisper-base",)),
        ("supcon-w2v2", {"preset": "logmel"}, ()),
        ("whisper-linear", {}, ("whisper-base",)),
        ("prior", {}, ()),
    ):
        kind = model_class(model)
        assert tuple(kind.pretrained(make_options(kind, options, model))) == expected


def test_a_dry_run_of_the_table_tells_all_of_it() -> None:
    table = load("mser-table2", Wishes(settings=("IEMOCAP-7",)))
    groups = taking.trained(plan.cells(table))
    assert sum(group["trainings"] for group in groups) == 6
    assert {group["footprint"]["n_trainable"] for group in groups} == {107_307_008}
    totals = taking.totals(groups, [{"name": "a", "hours": 10.0}, {"name": "b", "hours": None}], [])
    assert totals["hours"] is None
    assert totals["unmeasured"] == {"mser-llm": 6}
    assert totals["weights_gb"] == pytest.approx(6 * 0.429, abs=0.1)
    assert totals["cache_gb"] == pytest.approx(10 * 3600 * 128_000 / 1e9, abs=0.1)
    assert totals["without_hours"] == ["b"]
    assert any("nobody has measured it" in sentence for sentence in totals["basis"])
    assert json.loads(json.dumps(groups)) == groups


# Questions to one trained model


def test_questions_open_the_llm_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of nine tasks and six prompts would read 16 GB fifty-four times."""
    opened: list[Path] = []
    load_it: Callable[..., FrozenLanguageModel] = FrozenLanguageModel.from_folder

    def counted(folder: Path, *arguments: Any) -> FrozenLanguageModel:
        opened.append(folder)
        return load_it(folder, *arguments)

    monkeypatch.setattr(FrozenLanguageModel, "from_folder", counted)
    place = work.Workplace(tmp_path, None)
    options = {"preset": "tiny", "steps": "2", "warmup": "1", "evaluate_every": "2"}
    training = Training("mser-llm", tuple(sorted(options.items())), ("emodb-sample",), ())
    trained = work.do_training(place, training, "", 1, "cpu")
    assert not trained.failure
    opened.clear()
    answered = []

    for more in (
        {},
        {"prompt": f"Emotion, {LABELS}:"},
        {"answer": "generate"},
        {"label_reading": "mean"},
    ):
        asked_options = tuple(sorted({**options, **more}.items()))
        question = PlannedRun("mser-llm", asked_options, training, "emodb-sample")
        answered.append(work.do_question(place, question, trained.folder, "cpu").folder)

    assert len(set(answered)) == 4
    assert len(opened) == 1
    gc.collect()
    assert len(parts._opened) == 1, "the last model holds it"
    work.do_question(place, PlannedRun("random", (), None, "emodb-sample"), "", "cpu")
    gc.collect()
    assert len(parts._opened) == 0, "another model needs the memory"
