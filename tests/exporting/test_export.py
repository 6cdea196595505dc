"""Runs in the formats of others, read back by the others' own code where they have any."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mserbench.report import foreign
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
    assert dataset["isBasedOn"]["license"] == "https://spdx.org/licenses/CC0-1.0"
    # A text that is no known licence is that of a work, as schema.org wants an address or a work.
    assert dataset["about"]["license"] == {
        "@type": "CreativeWork",
        "name": run.record.model.licence,
    }
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
        (["--format", "eval-results", "--dataset", "emodb"], "it has no owner"),
        (["--format", "eval-results", "--dataset", "../.."], "Repo id must use alphanumeric"),
        (["--format", "model-index", "--dataset", "a/b'c"], "the id of a dataset on the hub"),
        (["--format", "model-index", "--dataset", "a/b/c"], "the id of a dataset on the hub"),
        (["--format", "csv", "--dataset", "a/b"], "format csv names no dataset"),
        (["--format", "xml"], "xml"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(cli, arguments: list[str], words: str) -> None:
    done = cli("export", str(RUN), *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("model-index",), "a model-index is of one model"),
        (("eval-results", "--dataset", "a/b"), "an .eval_results file is of one model"),
    ],
)
def test_what_the_hub_keeps_with_a_model_is_of_one_model(
    cli, arguments: tuple[str, ...], words: str
) -> None:
    """Else results of another model would stand on this one's page."""
    folders = [str(path) for path in sorted(BOARD.glob("emodb-sample/*"))]
    done = cli("export", *folders, "--format", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_two_results_of_one_task_are_not_one_result(cli) -> None:
    done = cli("export", str(RUN), str(RUN), "--format", "eval-results", "--dataset", "a/b")
    assert (done.code, done.out) == (2, "")
    assert "are both of task 'emodb-sample': leave one of them away" in done.err


HOSTILE = (
    "\x1b[31mred",
    "a\u202eb",
    "a: b #c",
    "two\nlines",
    "- x",
    "<script>",
    "\x9b2J",
    "数",
    "'",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_read_back_and_commands_no_terminal(
    cli, run: runs.Run, name: str, tmp_path: Path
) -> None:
    """stdout and --out are the same bytes, which the formats' own readers turn back."""
    import yaml
    from huggingface_hub import ModelCard

    folder = tmp_path / "run"
    shutil.copytree(RUN, folder)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["model"] |= {"name": name, "weights": None}
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    name_on_the_board = runs.read(folder).name

    texts = {}
    for form in ("model-index", "jsonld", "csv"):
        texts[form] = cli("export", folder, "--format", form).out
        cli("export", folder, "--format", form, "--out", tmp_path / form)
        assert (tmp_path / form).read_text("utf-8") == texts[form]
        assert not set(texts[form]) & {"\x1b", "\u202e", "\x9b"}

    card = ModelCard(f"---\n{texts['model-index']}---\nA model.\n")
    assert card.data.model_name == name_on_the_board
    (dataset,) = json.loads(texts["jsonld"])["@graph"]
    assert dataset["about"]["name"] == name_on_the_board
    assert yaml.safe_load(texts["model-index"])["model-index"][0]["name"] == name_on_the_board
    (row,) = csv.DictReader(io.StringIO(texts["csv"]))
    assert row["model"] == foreign.cell(name_on_the_board)


def test_a_name_is_no_formula_of_a_spreadsheet(run: runs.Run) -> None:
    from mserbench.exporting import tables

    model = replace(run.record.model, name="=1+1", weights=None)
    (row,) = csv.DictReader(
        io.StringIO(tables.table([runs.Run(run.folder, replace(run.record, model=model))]))
    )
    assert row["model"].startswith("'=")


def test_a_long_line_is_written_in_full(cli, run: runs.Run, tmp_path: Path) -> None:
    """What people see is cut after some thousand signs; what programs read is not."""
    folder = tmp_path / "run"
    shutil.copytree(RUN, folder)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["model"]["citation"] = "word " * 2_000
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    (dataset,) = json.loads(cli("export", folder, "--format", "jsonld").out)["@graph"]
    assert dataset["about"]["citation"] == "word " * 2_000


def test_a_folder_of_runs_names_one_of_them(cli) -> None:
    """`run` tells the folder of a task, which is the first that one tries."""
    done = cli("export", RUN.parent, "--format", "csv")
    assert done.code == 3
    assert "runs lie below it, such as" in done.err
    assert cli("export", Path(__file__), "--format", "csv").err.startswith("error: ")
    assert "is no finished run" in cli("export", Path(__file__), "--format", "csv").err


def test_a_file_is_written_whole(cli, tmp_path: Path) -> None:
    done = cli("export", str(RUN), "--format", "csv", "--out", str(tmp_path / "runs.csv"))
    assert done.code == 0
    assert (tmp_path / "runs.csv").read_text() == cli("export", str(RUN), "--format", "csv").out
