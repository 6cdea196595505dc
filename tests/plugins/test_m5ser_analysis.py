"""The analysis of a built set: what was planted is what its numbers and sentences say."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from made_m5ser import Made, make, tone_of_noise, write
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench_m5ser import layout
from mserbench_m5ser.analysing.clusters import ACROSS
from mserbench_m5ser.analysing.command import command
from mserbench_m5ser.analysing.spaces import BY_CORPUS, BY_LANGUAGE, RAW

EMOTIONS = ("neutral", "happy", "sad")
PITCH = {"neutral": 400.0, "happy": 1200.0, "sad": 3000.0}  # Hz, far apart
VOICE = {"en": 400.0, "de": 1200.0, "fr": 3000.0}


def by_emotion(language: str, emotion: str, number: int) -> NDArray[np.float32]:
    """Sound that tells the emotion and nothing of the language."""
    return tone_of_noise(PITCH[emotion], number + 1000 * sorted(VOICE).index(language))


def by_language(language: str, emotion: str, number: int) -> NDArray[np.float32]:
    """Sound that tells the language and nothing of the emotion."""
    return tone_of_noise(VOICE[language], number + 1000 * sorted(VOICE).index(language))


@pytest.fixture(scope="module")
def emotional(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("emotional"), by_emotion, EMOTIONS)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("foreign"), by_language, EMOTIONS)


@dataclass(frozen=True)
class Run:
    """What one call of the command printed, and the folder of its report."""

    result: Result
    out: Path

    @property
    def record(self) -> dict:
        return json.loads((self.out / "numbers.json").read_text())


@pytest.fixture(scope="module")
def run(emotional: Made, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("report")
    return Run(analyse(emotional, out, "--json"), out)


def analyse(built: Made, out: Path, *more: str) -> Result:
    arguments = [str(built.folder), "--sources", str(built.source), "--out", str(out), *more]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def numbers(built: Made, out: Path, *more: str) -> dict:
    analyse(built, out, *more)
    return json.loads((out / "numbers.json").read_text())


def test_planted_emotions_are_found(run: Run) -> None:
    """Speech that keeps its emotion in every language is told from speech that does not."""
    record = run.record
    fields = record["clusters"][BY_CORPUS]
    assert fields["emotion"]["purity"]["value"] > 0.99
    assert fields[ACROSS]["purity"]["value"] > 0.99
    assert fields["emotion"]["silhouette"]["value"] > 0.3
    assert abs(fields["language"]["purity"]["value"] - fields["language"]["purity"]["chance"]) < 0.1

    for language in ("de", "fr"):
        distance = record["distances"][BY_CORPUS][language]
        assert distance["ratio"] < 0.3 < distance["chance"][0]
        assert distance["own"] == distance["emotions"] == 3
        ua = record["preservation"]["ua"]["spectrum, as measured"]
        assert ua[language]["value"] > 0.99


def test_planted_languages_are_found(foreign: Made, tmp_path: Path) -> None:
    """Speech that lost its emotion must not be called emotional, however tidy its picture is."""
    result = analyse(foreign, tmp_path)
    record = json.loads((tmp_path / "numbers.json").read_text())
    fields = record["clusters"][RAW]
    assert fields["language"]["purity"]["value"] > 0.99
    lower, upper = fields["emotion"]["purity"]["interval"]
    assert lower <= fields["emotion"]["purity"]["chance"] + 0.05
    assert upper < 0.6

    # What a voice adds to all clips alike goes, where each language is standardised by itself.
    apart = record["clusters"][BY_LANGUAGE]["language"]["purity"]
    assert apart["value"] < 0.6
    for language in ("de", "fr"):
        ua = record["preservation"]["ua"]["spectrum, as measured"][language]
        assert ua["interval"][0] <= ua["chance"] <= ua["interval"][1] + 1e-9

    assert "by language more than by emotion" in result.output


def test_labels_without_meaning_give_chance(tmp_path: Path) -> None:
    """Labels in any order: each number has to lie about where it says that chance lies."""
    order = np.random.default_rng(5).permutation(54)

    def shuffled(language: str, _: str, number: int) -> NDArray[np.float32]:
        return by_emotion(language, EMOTIONS[order[number] % 3], number)

    record = numbers(make(tmp_path / "made", shuffled, EMOTIONS), tmp_path / "out")
    purity = record["clusters"][BY_CORPUS]["emotion"]["purity"]
    assert purity["value"] == pytest.approx(purity["chance"], abs=0.08)
    assert record["clusters"][BY_CORPUS]["emotion"]["silhouette"]["value"] < 0.05

    # An original and its translations sound alike here: were they compared with one another, their
    # centroids would be near whatever the labels, and this would be called kept emotion.
    for distance in record["distances"][BY_CORPUS].values():
        assert distance["chance"][0] <= distance["ratio"] <= distance["chance"][1]

    for answers in record["preservation"]["ua"].values():
        for estimate in answers.values():
            assert estimate["interval"][0] <= estimate["chance"] <= estimate["interval"][1]


def test_the_report_is_whole_and_the_same_each_time(
    emotional: Made, run: Run, tmp_path: Path
) -> None:
    """A report is compared with an older one: nothing in it may change by itself."""
    analyse(emotional, tmp_path / "second")
    files = {path.name: path.read_bytes() for path in run.out.iterdir()}
    assert set(files) == {
        "README.md", "numbers.json", "figure-1.png", "figure-2.png", "figure-2-fields.png",
    }  # fmt: skip
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}

    text = files["README.md"].decode()
    assert str(run.out.parent) not in text + files["numbers.json"].decode()
    for picture in ("figure-1.png", "figure-2.png", "figure-2-fields.png"):
        assert f"({picture})" in text
        assert files[picture].startswith(b"\x89PNG")

    # No sentence is cut, as long texts of strangers are.
    assert "…" not in text
    assert "&#8230;" not in text


def test_json_goes_to_stdout_alone(run: Run) -> None:
    assert json.loads(run.result.stdout) == run.record


def test_missing_sources_are_said(emotional: Made, tmp_path: Path) -> None:
    """Without the originals half of the report cannot be: a reader must not think it was done."""
    out = tmp_path / "out"
    result = CliRunner().invoke(command, [str(emotional.folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert f"warning: {emotional.corpus} is not at hand" in result.stderr
    record, text = json.loads((out / "numbers.json").read_text()), (out / "README.md").read_text()
    assert record["sources_not_at_hand"] == [emotional.corpus]
    assert record["originals"] is record["preservation"] is None
    assert record["distances"] == {}
    assert record["clusters"][RAW]["emotion"]["purity"]["value"] > 0.99
    assert "are not at hand: nothing is said of the English originals" in text
    assert text.count("Not computed") == 2


def test_human_speech_is_a_control(emotional: Made, foreign: Made, tmp_path: Path) -> None:
    """Speech of people is put to the same classifier; one that is not here is said."""
    definition = tmp_path / "people.toml"
    shutil.copytree(emotional.source.parent / "english", tmp_path / "people")
    text = emotional.source.read_text().replace(emotional.corpus, "people")
    definition.write_text(text.replace('audio = "english"', 'audio = "people"'))

    record = numbers(emotional, tmp_path / "out", "--control", f"{definition},emovo")
    assert record["preservation"]["controls"] == ["people (en)"]
    assert record["preservation"]["ua"]["spectrum, as measured"]["people (en)"]["value"] > 0.99
    assert record["controls_not_at_hand"] == ["emovo"]
    assert "emovo" in (tmp_path / "out" / "README.md").read_text()


def test_other_audio_than_was_translated_is_said(run: Run) -> None:
    """The made set tells keys of no real audio, as a set of another edition of a corpus would."""
    assert "54 source clip(s) here sound other" in (run.out / "README.md").read_text()


def test_a_sample_is_said_and_keeps_pairs(emotional: Made, tmp_path: Path) -> None:
    """Of a huge set a share is looked at, and counts are still of all."""
    record = numbers(emotional, tmp_path, "--sample", "81")
    assert record["looked_at"] == {"limit": 81, "originals": 27, "generated": 54}
    assert record["generated"]["clips"] == 108
    text = (tmp_path / "README.md").read_text()
    assert "about 81 were asked for" in text
    assert "108 generated clips" in text


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("no manifest", "no finished set"),
        ("no shards", "holds no shard"),
        ("torn shard", "cannot be read"),
        ("no sources", "names no 'sources'"),
        ("rate", "8000 Hz"),
        ("sound", "cannot be decoded"),
    ],
)
def test_damaged_sets_are_one_sentence(
    emotional: Made, tmp_path: Path, damage: str, expected: str
) -> None:
    """What is wrong, where, and what to do: never a traceback of a library."""
    folder = tmp_path / "set"
    shutil.copytree(emotional.folder, folder)
    shard = folder / layout.SHARDS / "de-00000.parquet"
    spoil(damage, folder, shard)
    with pytest.raises(DataError, match=expected) as caught:
        CliRunner().invoke(
            command, [str(folder), "--out", str(tmp_path / "out")], catch_exceptions=False
        )

    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


def spoil(damage: str, folder: Path, shard: Path) -> None:
    import io

    import pyarrow.parquet
    import soundfile

    if damage == "no manifest":
        (folder / layout.MANIFEST).unlink()
    elif damage == "no shards":
        shutil.rmtree(folder / layout.SHARDS)
    elif damage == "torn shard":
        shard.write_bytes(shard.read_bytes()[:1000])
    elif damage == "no sources":
        (folder / layout.MANIFEST).write_text("{}")
    else:
        rows = pyarrow.parquet.read_table(shard).to_pylist()
        low = io.BytesIO()
        soundfile.write(low, np.zeros(8000), 8000, format="FLAC")
        rows[3]["key"] = damage  # no other test has computed its features
        rows[3]["audio"]["bytes"] = low.getvalue() if damage == "rate" else b"no sound"

        shutil.rmtree(folder)
        write(folder, {"de": rows}, ["nothing"])
