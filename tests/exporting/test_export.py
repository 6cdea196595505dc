"""Runs in the formats of others, read back by the others' own code where they have any."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mserbench.results import runs

BOARD = Path(__file__).parents[2] / "leaderboard" / "results"
RUN = next(BOARD.glob("emodb-sample/egemaps-*"))


@pytest.fixture(scope="module")
def run() -> runs.Run:
    """Return a committed run of real speech."""
    return runs.read(RUN)


def test_the_hub_reads_eval_results_as_they_were_written(cli, run: runs.Run) -> None:
    import yaml
    from huggingface_hub import parse_eval_result_entries

    done = cli("export", str(RUN), "--format", "eval-results", "--dataset", "owner/emodb")
    (entry,) = parse_eval_result_entries(yaml.safe_load(done.out))

    assert (entry.dataset_id, entry.task_id) == ("owner/emodb", "emodb-sample")
    assert entry.value == pytest.approx(100 * run.metrics["UA"], abs=0.005)
    # A number alone would be taken for more than it is.
    assert all(word in entry.notes for word in (run.verdict, *run.marks, "70 clips"))


def test_the_hub_reads_a_model_index_as_it_was_written(cli, run: runs.Run) -> None:
    import yaml
    from huggingface_hub import ModelCard, ModelCardData
    from huggingface_hub.repocard_data import model_index_to_eval_results

    text = cli("export", str(RUN), "--format", "model-index").out
    name, results = model_index_to_eval_results(yaml.safe_load(text)["model-index"])

    assert name == run.name
    values = {result.metric_name: result.metric_value for result in results}
    assert len(values) == len(run.metrics)
    assert values["Weighted F1"] == pytest.approx(100 * run.metrics["WF1"], abs=0.005)
    assert all(result.metric_args["verdict"] == run.verdict for result in results)

    # As the block of a card, which the hub's class checks when it is made.
    card = ModelCard(f"---\n{text}---\nA model.\n")
    assert isinstance(card.data, ModelCardData)
    assert len(card.data.eval_results or []) == len(run.metrics)


def test_csv_holds_every_number_of_every_run_unrounded(cli, run: runs.Run) -> None:
    folders = sorted(str(path) for path in BOARD.glob("*/*"))
    rows = list(csv.DictReader(io.StringIO(cli("export", *folders, "--format", "csv").out)))
    assert len(rows) == len(folders)

    for row, folder in zip(rows, folders, strict=True):
        record = runs.read(Path(folder))
        for name, value in record.metrics.items():
            assert float(row[name]) == value
            ends = record.intervals[name]
            written = (row[f"{name}_low"], row[f"{name}_high"])
            assert written == (("", "") if ends is None else tuple(map(str, ends)))


def test_json_ld_says_value_interval_licence_and_digest(cli, run: runs.Run) -> None:
    document = json.loads(cli("export", str(RUN), "--format", "jsonld").out)
    (dataset,) = document["@graph"]
    values = {value["name"]: value for value in dataset["variableMeasured"]}
    low, high = run.intervals["UA"] or (0, 0)

    assert values["UA"]["value"] == 100 * run.metrics["UA"]
    assert (values["UA"]["minValue"], values["UA"]["maxValue"]) == (100 * low, 100 * high)
    assert dataset["isBasedOn"]["license"] == "CC0-1.0"
    assert dataset["distribution"]["sha256"] == run.record.predictions.sha256


def test_where_no_interval_can_be_given_none_is_written(run: runs.Run) -> None:
    from mserbench.exporting import hub, jsonld, tables

    record = replace(run.record, intervals=dict.fromkeys(run.record.intervals))
    few = runs.Run(run.folder, record)

    assert "interval" not in hub.model_index([few])
    assert "minValue" not in jsonld.document([few])
    (row,) = csv.DictReader(io.StringIO(tables.table([few])))
    assert (row["UA_low"], row["UA_high"]) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "eval-results"], "wants --dataset OWNER/NAME"),
        (["--format", "eval-results", "--dataset", "emodb"], "the id of a dataset on the hub"),
        (["--format", "csv", "--dataset", "a/b"], "format csv names no dataset"),
        (["--format", "xml"], "xml"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(cli, arguments: list[str], words: str) -> None:
    done = cli("export", str(RUN), *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_model_index_is_of_one_model(cli) -> None:
    others = [str(path) for path in sorted(BOARD.glob("emodb-sample/*"))]
    done = cli("export", *others, "--format", "model-index")
    assert (done.code, done.out) == (2, "")
    assert "a model-index is of one model" in done.err


def test_a_file_is_written_whole(cli, tmp_path: Path) -> None:
    done = cli("export", str(RUN), "--format", "csv", "--out", str(tmp_path / "runs.csv"))
    assert done.code == 0
    assert (tmp_path / "runs.csv").read_text() == cli("export", str(RUN), "--format", "csv").out
