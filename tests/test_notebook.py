"""The notebook that people start from runs from top to bottom, and shows what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"

nbformat = pytest.importorskip("nbformat", reason="nbformat is of the extra dev")
nbclient = pytest.importorskip("nbclient", reason="nbclient is of the extra dev")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What each code cell displayed, by the code; run by a kernel in a folder of its own."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "jupyter"))
        patch.delenv("MSERBENCH_DATA", raising=False)
        resources = {"metadata": {"path": str(folder)}}
        # An error of a cell is raised here with the cell.
        nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()

    return {cell.source: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def shown(executed: dict[str, list[Any]], end: str, kind: str = "text/html") -> str:
    """Return what a cell that ends so displayed last."""
    outputs = next(outputs for source, outputs in executed.items() if source.endswith(end))
    text: str = outputs[-1]["data"][kind]
    return text


def test_each_cell_runs_and_complains_of_nothing(executed: dict[str, list[Any]]) -> None:
    """A warning in the first notebook that somebody opens is a bug report."""
    noise = [
        output.get("text") or output.get("evalue")
        for outputs in executed.values()
        for output in outputs
        if output["output_type"] in ("stream", "error")
    ]
    assert noise == []


def test_a_run_shows_its_confusion_matrix(executed: dict[str, list[Any]]) -> None:
    html = shown(executed, "\nlogmel")
    assert "<th>true label</th><th>neutral</th>" in html
    assert html.count("<tr>") == 2 + 1 + 7


def test_runs_are_a_table_and_two_are_compared(executed: dict[str, list[Any]]) -> None:
    assert shown(executed, "\nruns").count("<tr>") == 1 + 3
    assert "paired t test over 10 speakers" in shown(executed, "(runs[1], runs[2])")


def test_a_function_of_the_notebook_is_scored(executed: dict[str, list[Any]]) -> None:
    """Its text is in no file: the kernel alone holds it."""
    assert "<td>by_loudness</td>" in shown(executed, 'evaluate(own, "emodb-sample", out="runs")')


def test_a_file_is_predicted_and_embeddings_are_drawn(executed: dict[str, list[Any]]) -> None:
    assert "<td>runs/tone.wav</td>" in shown(executed, '"logmel")')
    assert len(shown(executed, '"speaker"])', "image/png")) > 10_000


def test_long_work_has_a_bar_that_is_gone_at_the_end(executed: dict[str, list[Any]]) -> None:
    outputs = next(o for source, o in executed.items() if source.startswith("runs ="))
    bars = [output for output in outputs if output["output_type"] == "display_data"]
    assert bars
    assert {bar["data"]["text/plain"] for bar in bars} == {""}


def test_the_committed_notebook_holds_no_output() -> None:
    """Outputs would be figures typed by hand, and a difference each time that somebody runs it."""
    notebook = nbformat.read(NOTEBOOK, 4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
