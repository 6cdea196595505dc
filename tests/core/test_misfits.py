"""Packages that do not fit one another are named, with what to install; no file or plugin is blamed
for them.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mserbench import evaluate
from mserbench.data import audio
from mserbench.engine.base import Shard, carried_out
from mserbench.errors import DataError, MissingExtra, PackageMisfit
from mserbench.experiments.work import in_a_worker
from mserbench.plugins import misfits
from mserbench.testing import findings
from mserbench.weights import lookup

SYMBOL = "undefined symbol: torch_exception_get_what_without_backtrace"
SENTENCE = (
    "package 'torchaudio' 2.11.1 does not fit 'torch' 2.11.0 and cannot be loaded beside it "
    f"(_torchaudio.so: {SYMBOL}): run pip install 'torch==2.14.1' 'torchaudio==2.11.1', a pair "
    "that was tried"
)
BROKEN = f"""
    from pathlib import Path

    raise OSError(f"{{Path(__file__).parent}}/lib/_torchaudio.so: {SYMBOL}")
"""

Fake = Callable[[str, str, str], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Install a package that stands before the real one: its name, version, and code; without code
    only the version.
    """
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", f"{site}:{':'.join(sys.path[1:])}")

    def install(name: str, version: str, code: str = "") -> None:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        if code:
            (info / "RECORD").write_text(f"{name}/__init__.py,,\n")
            (site / name).mkdir()
            (site / name / "__init__.py").write_text(dedent(code))
            monkeypatch.delitem(sys.modules, name, raising=False)

        importlib.invalidate_caches()

    return install


@pytest.fixture
def torchaudio(fake: Fake) -> None:
    """Install a torchaudio that was built for another torch than the one here."""
    fake("torch", "2.11.0")
    fake("torchaudio", "2.11.1", BROKEN)


def caught(name: str) -> Exception:
    with pytest.raises((ImportError, OSError, RuntimeError, ValueError)) as error:
        importlib.import_module(name)
    return error.value


def test_the_two_packages_their_versions_and_what_to_install_are_named(torchaudio: None) -> None:
    """An undefined symbol says nothing to who only wants to score a model."""
    assert str(misfits.told(caught("torchaudio"))) == SENTENCE


@pytest.mark.parametrize(
    ("package", "code", "words"),
    [
        (  # as transformers does: the error that a user sees says nothing, its cause does
            "peft",
            "try:\n import torchaudio\nexcept OSError as error:\n raise "
            "ModuleNotFoundError('PreTrained') from error",
            r"package 'torchaudio' 2\.11\.1 does not fit 'torch' 2\.11\.0",
        ),
        (
            "toyarrays",
            "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility. "
            "Expected 96, got 88')",
            r"package 'toyarrays' 1\.0 does not fit 'numpy' [\d.]+ .*--force-reinstall toyarrays",
        ),
        (
            "torchvision",
            "raise RuntimeError('operator torchvision::nms does not exist')",
            r"package 'torchvision' 1\.0 does not fit 'torch' 2\.11\.0 .*pip uninstall torchvision, without which",
        ),
        (
            "toysound",
            "raise ImportError('/a/b/toysound/_c.so: libgone.so.2: cannot open shared object file: "
            "No such file')",
            r"package 'toysound' 1\.0 cannot be loaded \(_c\.so: libgone\.so\.2: cannot open .*reinstall toysound",
        ),
    ],
)
def test_whatever_way_it_shows_it_is_told(
    torchaudio: None, fake: Fake, package: str, code: str, words: str
) -> None:
    """Each package raises an error of its own kind, and some hide the one that tells."""
    fake(package, "1.0", code)
    misfit = misfits.told(caught(package))
    assert misfit is not None
    assert re.search(words, str(misfit))
    assert str(misfit).count("\n") == 0
    assert "/" not in str(misfit).replace("requirements/", ""), (
        "a folder of this machine says nothing"
    )


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        FileNotFoundError(2, "No such file or directory", "model.gguf"),
        ImportError("cannot import name 'Gone' from 'transformers'"),
        RuntimeError("CUDA out of memory"),
        KeyError("undefined symbol"),
    ],
)
def test_another_fault_stays_what_it_is(error: Exception) -> None:
    """Blaming a full disk on packages would send its user the wrong way."""
    assert misfits.told(error) is None
    misfits.refuse(error)


def test_an_absent_package_and_one_that_does_not_load_are_two_things(torchaudio: None) -> None:
    """Telling who has it to install it is the advice that helps least."""
    with (
        pytest.raises(PackageMisfit, match="does not fit"),
        misfits.optional("this", "torchaudio", "train"),
    ):
        importlib.import_module("torchaudio")

    with (
        pytest.raises(MissingExtra, match=r"mserbench\[train\]"),
        misfits.optional("this", "nosuchthing", "train"),
    ):
        importlib.import_module("nosuchthing")


def test_the_check_of_packages_stops_with_the_sentence(torchaudio: None, program) -> None:
    """`make` runs it after the installation: else the fault shows after minutes of other work."""
    done = program("packages")
    assert (done.code, done.out, done.err) == (4, "", f"error: {SENTENCE}\n")


def test_the_check_of_packages_tells_what_it_loaded(fake: Fake, cli) -> None:
    """A person who reports a fault needs the versions."""
    done = cli("packages")
    assert done.code == 0
    assert re.search(r"^\d+ packages load: numpy [\d.]+, .*soundfile ", done.out)


MODEL = """
    class Deaf(Model):
        card = property(lambda self: _card("deaf"))

        def predict(self, clips, labels):
            import torchaudio
"""


def test_a_model_is_not_blamed(torchaudio: None, plugin) -> None:
    """Its author would get a report of a fault that is not theirs."""
    plugin(MODEL, models=["Deaf"])
    with pytest.raises(PackageMisfit, match="does not fit 'torch'"):
        evaluate("deaf", "emodb-sample", limit=2)


def test_a_plugin_that_fails_at_import_says_why(torchaudio: None, plugin, cli) -> None:
    """'mserbench plugins' is where a user looks who misses a model."""
    plugin("import torchaudio")
    assert SENTENCE in re.sub(r"\s+", " ", cli("plugins", "--json").out)
    assert "does not fit 'torch' 2.11.0" in cli("plugins").err + cli("plugins").out


WEIGHTS = """
    from mserbench.plugins.hookspecs import WeightsEntry
    from mserbench.weights.record import Hub, Weights

    TOY = Weights(
        "toy", "a toy", "MIT", "https://example.org/toy", 2_000_000, (), True, __name__ + ":assemble", "config.json",
        {}, Hub("toys/toy", ("*",)), needs={"torchaudio": "train"}
    )

    def assemble(found, out):
        raise AssertionError("gigabytes came before")

    @hookimpl
    def register_weights():
        return [WeightsEntry("toy", __name__ + ":TOY", "a toy")]
"""


def test_no_source_is_asked_for_weights_that_could_not_be_made_ready(
    torchaudio: None, plugin, tmp_path: Path
) -> None:
    """Six minutes of downloads ended with a sentence on a file that was whole."""
    plugin(WEIGHTS)
    heard: list[str] = []
    with pytest.raises(PackageMisfit, match="does not fit 'torch'"):
        lookup.get("toy", progress=heard.append)

    assert heard == []


def test_a_gguf_file_is_not_blamed(
    torchaudio: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That was the fault: a whole file 'cannot be read as GGUF (undefined symbol)'."""
    assemble_llama = pytest.importorskip("mserbench_training.pretrained.assemble_llama")
    (tmp_path / "model.gguf").write_bytes(b"GGUF and more")
    monkeypatch.setattr(
        assemble_llama, "_convert", lambda *_: importlib.import_module("torchaudio")
    )

    with pytest.raises(PackageMisfit, match="does not fit 'torch'"):
        assemble_llama.assemble(tmp_path, tmp_path / "out")


def test_a_recording_is_not_blamed(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A corpus of 10,000 files 'cannot be decoded' where one library is missing."""
    fake(
        "soundfile",
        "0.1",
        "raise OSError(\"cannot load library 'libsndfile.so': libsndfile.so: not there\")",
    )
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(PackageMisfit, match=r"package 'soundfile' 0\.1 cannot be loaded"):
        audio.read(tmp_path / "a.wav")

    with pytest.raises(PackageMisfit, match=r"package 'soundfile' 0\.1 cannot be loaded"):
        list(audio.blocks(tmp_path / "a.wav", 1.0))


def test_a_damaged_recording_is_still_blamed(tmp_path: Path) -> None:
    """Both must be told apart, not one kind turned into the other."""
    (tmp_path / "a.wav").write_bytes(b"RIFF and nothing that is audio")
    with pytest.raises(DataError, match="cannot be decoded"):
        audio.read(tmp_path / "a.wav")


def test_a_cell_of_a_table_and_a_finding_of_the_kit_say_it_too(torchaudio: None) -> None:
    """A table of forty cells without numbers should say once what to install."""
    error = caught("torchaudio")

    @in_a_worker()
    def train() -> None:
        raise error

    assert carried_out(Shard("cell", train), "cpu").failure == SENTENCE

    def check(subject: object) -> str:
        raise error

    (finding,) = [findings._run("scores", check, None)]
    assert finding.sentence == SENTENCE
