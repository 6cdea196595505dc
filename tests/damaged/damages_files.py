"""Damages of the folder: files that nothing sees, that stand twice, or are called otherwise."""

from __future__ import annotations

import os
import shutil
import unicodedata

import numpy as np
import soundfile

from damaged.damages import allowed, damage
from damaged.own_corpus import RATE, OwnCorpus, sound

FORMATS = {
    ".opus": ("OGG", "OPUS"),
    ".oga": ("OGG", "VORBIS"),
    ".w64": ("W64", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".snd": ("AU", "PCM_16"),
    ".caf": ("CAF", "PCM_16"),
    ".wave": ("WAV", "PCM_16"),
    ".aifc": ("AIFF", "PCM_16"),
    ".sph": ("NIST", "PCM_16"),
    ".rf64": ("RF64", "PCM_16"),
}
LEFT_OUT = r"no utterance|left out|without a row|not listed|looks like audio"


def _unlisted(ending: str) -> None:
    @damage(f"{ending} without a row", "files", rf"stray\{ending}", LEFT_OUT)
    def _stray(corpus: OwnCorpus) -> None:
        form, subtype = FORMATS[ending]
        path = corpus.wav / f"stray{ending}"
        with path.open("wb") as file:
            soundfile.write(file, sound(99), RATE, subtype=subtype, format=form)


for _ending in FORMATS:
    _unlisted(_ending)


@damage("half of a folder in endings unseen", "files", r"12|18", r"audio files", proposed=True)
def _half_unseen(corpus: OwnCorpus) -> None:
    for number in range(12, 18):
        samples, rate = soundfile.read(corpus.path(number))
        corpus.path(number).unlink()
        path = corpus.path(number).with_suffix(".opus")
        with path.open("wb") as file:
            soundfile.write(file, samples, rate, subtype="OPUS", format="OGG")

    corpus.rows = corpus.rows[:12]
    corpus.text = corpus.table_text()


@damage("a wav without a row", "files", "stray", LEFT_OUT)
def _stray_wav(corpus: OwnCorpus) -> None:
    soundfile.write(corpus.wav / "stray.wav", sound(99), RATE)


@damage("a row without a wav", "files", "ada_happy_2", r"no audio file|does not exist|missing")
def _absent(corpus: OwnCorpus) -> None:
    corpus.path(3).unlink()


@damage("a folder in the place of a wav", "files", "ada_happy_2", r"no audio file|folder|missing")
def _folder(corpus: OwnCorpus) -> None:
    corpus.path(3).unlink()
    corpus.path(3).mkdir()


@damage("a link that leads nowhere", "files", "ada_happy_2", r"no audio|link|does not exist")
def _dangling(corpus: OwnCorpus) -> None:
    corpus.path(3).unlink()
    corpus.path(3).symlink_to(corpus.folder / "gone.wav")


@damage("a link to another row's file", "files", "ada_happy_2", r"same|equal|copy|link")
def _linked(corpus: OwnCorpus) -> None:
    corpus.path(3).unlink()
    corpus.path(3).symlink_to(corpus.path(4).name)


@damage("names decomposed on disk", "files", r"", r"NFC|NFD|unicode|composed|spelled|0 problem")
def _decomposed(corpus: OwnCorpus) -> None:
    """Either the names are matched, or the difference is said: two equal-looking lists help nobody."""
    for row in corpus.rows:
        name = row["file"].replace("ada", "zoë")
        on_disk = unicodedata.normalize("NFD", name)
        os.rename(corpus.folder / "c" / row["file"], corpus.folder / "c" / on_disk)
        row["file"] = unicodedata.normalize("NFC", name)


@damage("names in another case", "files", r"", r"case|did you mean|spelled|0 problem")
def _upper(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        corpus.path(number).rename(corpus.path(number).with_suffix(".WAV"))
        assert row["file"].endswith(".wav")


@damage("the corpus twice in its folder", "files", r"copy", LEFT_OUT)
def _twice(corpus: OwnCorpus) -> None:
    shutil.copytree(corpus.wav, corpus.folder / "c" / "copy")


@allowed("a flac in place of each wav")
def _flac(corpus: OwnCorpus) -> None:
    for number in range(len(corpus.rows)):
        samples, rate = soundfile.read(corpus.path(number))
        corpus.path(number).unlink()
        path = corpus.path(number).with_suffix(".flac")
        soundfile.write(path, samples, rate)
        corpus.rows[number]["file"] = f"wav/{path.name}"


@allowed("junk of several systems")
def _junk(corpus: OwnCorpus) -> None:
    for name in (".DS_Store", "._ada_happy_2.wav", "Thumbs.db", "desktop.ini"):
        (corpus.wav / name).write_bytes(b"junk")


@allowed("files of a pack written by hand")
def _notes(corpus: OwnCorpus) -> None:
    (corpus.folder / "c" / "README.md").write_text("Recorded in a quiet room.\n")
    np.save(corpus.folder / "c" / "features.npy", np.zeros(3))
