"""No stale number: the key of a run holds the code of its model and the files behind its options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mserbench import evaluate
from mserbench.data import dataset, lookup
from mserbench.model import Model
from mserbench.plugins import registry
from mserbench.running import source
from mserbench.running.earlier import passed_over
from mserbench.running.lookup import described_class, model_class
from mserbench.running.spec import Spec

TASK = "emodb-sample"

MODEL = """
    from dataclasses import dataclass


    class Chosen(Model):
        @dataclass(frozen=True)
        class Options:
            table: str = "none"

        @property
        def card(self):
            return _card("chosen")

        def predict(self, clips, labels):
            path = Path(self.options.table)
            shift = len(path.read_bytes()) if path.exists() else 0
            return np.roll(_scores(clips, labels), shift, axis=1)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a package of a model and one beside it, and return the digest of its class."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def digest(**changed: str) -> str:
        files = {
            "own_model/__init__.py": "",
            "own_model/model.py": "import own_helper\nfrom mserbench import Model\nclass M(Model): pass\n",
            "own_model/table.json": "{}",
            "own_helper/__init__.py": "WORD = 1\n",
            "unrelated/__init__.py": "",
            **changed,
        }
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)

        for name in [name for name in sys.modules if name.startswith("own_")]:
            monkeypatch.delitem(sys.modules, name)

        source._of_places.cache_clear()
        module = __import__("own_model.model", fromlist=["M"])
        return source.source_of(module.M)

    return digest


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("own_model/model.py", "import own_helper\nfrom mserbench import Model\nclass M(Model): x = 1\n", True),
        ("own_model/other.py", "", True),
        ("own_model/table.json", "{1}", True),
        ("own_helper/__init__.py", "WORD = 2\n", True),
        ("unrelated/__init__.py", "x = 1\n", False),
        ("own_model/README.md", "words", False),
    ],
)  # fmt: skip
def test_what_the_code_of_a_model_is(
    package: Callable[..., str], name: str, text: str, counts: bool
) -> None:
    """If a file that decides scores were left out, its change would show the old result."""
    before = package()
    assert package() == before
    assert (package(**{name: text}) != before) is counts


@pytest.mark.parametrize("name", ["logmel", "prior"])
def test_our_own_models_count_their_package_and_what_they_share(name: str) -> None:
    """If the whole distribution counted, a new corpus would make every number anew."""
    places = (source.place_of(described_class(name)),)
    names = {path.partition("/")[0] for path in source._of_places(places)}
    assert names == {"mserbench_baselines", "mserbench_training"}
    assert source.source_of(described_class(name)) == source.source_of(model_class(name))


def test_trained_weights_and_experiments_are_no_code() -> None:
    """If they were, new weights would hide every run of those that were there."""
    places = (source.place_of(described_class("mser-llm")),)
    names = source._of_places(places)
    assert not [name for name in names if "/weights/" in name or name.endswith(".toml")]


def test_a_replaced_file_behind_an_option_is_another_run(
    plugin: Callable[..., Path], tmp_path: Path
) -> None:
    """If the path alone counted, the numbers of the old checkpoint would stand for the new one."""
    plugin(MODEL, models=["Chosen"])
    table = tmp_path / "table.bin"
    table.write_bytes(b"1")
    ask = {"options": {"table": str(table)}, "out": tmp_path / "runs", "limit": 20}

    first = evaluate("chosen", TASK, **ask)
    assert not first.shown_again
    assert evaluate("chosen", TASK, **ask).shown_again

    table.write_bytes(b"22")
    second = evaluate("chosen", TASK, **ask)
    assert not second.shown_again
    assert second.rows != first.rows
    assert set(second.record.model.files or {}) == {"table"}


def test_a_folder_behind_an_option_counts_by_all_its_files(tmp_path: Path) -> None:
    """If only its name counted, a checkpoint could be replaced in it unseen."""
    folder = tmp_path / "checkpoint" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"1")
    options = type(Spec.of("whisper-linear", None, None, {}).settings)(encoder=str(folder.parent))

    before = source.files_of(options)
    (folder / "a.bin").write_bytes(b"2")
    assert set(before) == {"encoder"}
    assert source.files_of(options) != before


class Typed(Model):
    """Stands in a file here; a class without one is made below."""

    def predict(self, clips: Sequence[object], labels: Sequence[str]) -> list[str]:  # type: ignore[override]
        """Say one label."""
        return [labels[0]] * len(clips)


@pytest.mark.parametrize("way", ["file", "typed in"])
def test_an_object_counts_by_the_source_of_its_class(way: str) -> None:
    """If it did not, a class that was changed in a notebook would show its old numbers."""
    texts = ("return [labels[0]]", "return [labels[1]]")
    digests = set()
    for text in texts:
        space: dict[str, object] = {"Model": Model, "__name__": "typed_in_nowhere"}
        exec(f"class T(Model):\n  card = None\n  def predict(self, clips, labels): {text}", space)
        digests.add(source.source_of(space["T"]))  # type: ignore[arg-type]

    assert len(digests) == 2
    assert source.source_of(Typed) not in digests


def test_a_run_with_other_code_says_why_it_is_run_anew(
    plugin: Callable[..., Path], tmp_path: Path
) -> None:
    """If nothing were said, a user would wonder where the finished run has gone."""
    plugin()
    target = dataset.load(lookup.task(TASK), None, limit=9)
    evaluate("steady", TASK, out=tmp_path, limit=9)
    spec = Spec.of("steady", target)
    assert passed_over(spec.identity, target, tmp_path) == ""

    import dataclasses

    changed = dataclasses.replace(spec.identity, source="0" * 64)
    sentence = passed_over(changed, target, tmp_path)
    assert "the code of the model has changed since: it is run anew" in sentence

    # A run of a version of mserbench that kept no source in keys.
    (record,) = tmp_path.rglob("run.json")
    record.write_text(record.read_text().replace('"source"', '"unknown_part"'))
    assert "from before the code of the model was part of it" in passed_over(
        changed, target, tmp_path
    )


def test_all_packages_of_an_installed_distribution_are_known_by_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If all that stands beside a package counted, torch would be hashed with it."""
    folder = tmp_path / "site-packages"
    (folder / "own_model").mkdir(parents=True)
    (folder / "own_model" / "__init__.py").write_text("import own_helper, numpy\n")
    for name in ("own_helper", "numpy"):
        (folder / f"{name}.py").write_text("")

    info = folder / "own-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
    (info / "RECORD").write_text("own_model/__init__.py,,\nown_helper.py,,\n")
    monkeypatch.syspath_prepend(str(folder))
    plugin = type("P", (), {"module": "own_model", "distribution": "own"})
    monkeypatch.setattr(registry, "installed", lambda: (plugin,))
    monkeypatch.setattr(source, "_definitions", frozenset)
    source._of_places.cache_clear()

    names = set(source._of_places((folder / "own_model",)))
    source._of_places.cache_clear()
    assert names == {"own_model/__init__.py", "own_helper.py"}
