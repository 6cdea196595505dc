"""A system that refuses: full and read-only discs, closed streams, few files, an odd locale."""

from __future__ import annotations

import os

from damaged.hostile import DONE, PROPOSE, RUN, STATUS, VERIFY, Place, hostile

LISTINGS = (("tasks",), ("models", "--json"), ("--help",), ("--version",))
ANY = (2, 3, 4)


def _nothing(place: Place) -> None:
    """Change nothing: the system is what is broken."""
    (place.folder / "data").mkdir()


for _stream, _codes in (("closed", (0, 2, 3, 4)), ("full", ANY)):
    hostile(f"stdout is {_stream}", *LISTINGS, VERIFY, RUN, codes=_codes, stdout=_stream)(_nothing)
hostile("stderr is closed", *LISTINGS, VERIFY, RUN, codes=DONE, stderr="closed")(_nothing)
hostile(
    "files may not grow", PROPOSE, RUN, codes=ANY, says="new.toml|runs|write|room|large",
    limits=(("RLIMIT_FSIZE", 0),),
)(_nothing)  # fmt: skip
hostile("16 open files", VERIFY, RUN, codes=(0, *ANY), limits=(("RLIMIT_NOFILE", 16),))(_nothing)
hostile("9 open files", VERIFY, RUN, codes=(0, *ANY), limits=(("RLIMIT_NOFILE", 9),))(_nothing)
hostile("500 MB of memory", VERIFY, RUN, codes=(0, *ANY), memory=500 << 20)(_nothing)
hostile("250 MB of memory", VERIFY, RUN, codes=(0, *ANY), memory=250 << 20)(_nothing)


def _environment(
    name: str, *commands: tuple[str, ...], codes: tuple[int, ...], **more: str
) -> None:
    @hostile(name, *commands, codes=codes)
    def _make(place: Place) -> None:
        _nothing(place)
        place.environment |= more


_environment("cache is a file", VERIFY, RUN, codes=(0, *ANY), MSERBENCH_CACHE="t.toml")
_environment("cache is read-only", VERIFY, RUN, STATUS, codes=(0, *ANY), MSERBENCH_CACHE="/proc/x")
_environment("cache is /dev/null", VERIFY, RUN, codes=(0, *ANY), MSERBENCH_CACHE="/dev/null/x")
_environment(
    "weights into a read-only cache", ("weights", "get", "whisper-base"), codes=ANY,
    MSERBENCH_CACHE="/proc/x", MSERBENCH_OFFLINE="1",
)  # fmt: skip
_environment("no folder for temporary files", VERIFY, RUN, codes=DONE, TMPDIR="/nowhere")
_environment(
    "a locale of ASCII", VERIFY, RUN, codes=DONE,
    LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii",
)  # fmt: skip
_environment("a data folder that is a file", STATUS, codes=(0, 2, 3), MSERBENCH_DATA="t.toml")
_environment("a setting of bytes", ("plugins",), codes=DONE, MSERBENCH_PLUGINS="\udcff\x1b[31m")


@hostile("a locale of ASCII and names that are not", VERIFY, PROPOSE, RUN, codes=(0, 1))
def _ascii(place: Place) -> None:
    place.environment |= {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
    }
    path = place.corpus.path(3)
    path.rename(path.with_name("zoë_χαρά.wav"))
    place.corpus.rows[3]["file"] = "wav/zoë_χαρά.wav"
    place.corpus.write()


def _out(name: str, out: str) -> None:
    @hostile(f"a proposal {name}", ("init-task", "c", "--out", out), codes=(2, 3, 4), says="x.toml")
    def _make(place: Place) -> None:
        _nothing(place)
        (place.folder / "file").touch()


_out("into a read-only folder", "/proc/x.toml")
_out("into a read-only folder of the system", "/sys/x.toml")
_out("below a file", "file/x.toml")
_out("onto a full device", "/dev/full/x.toml")
_out("with a name of 300 characters", "n" * 300 + "x.toml")


@hostile("runs into a read-only folder", (*RUN, "--out", "/proc/runs"), codes=ANY, says="runs")
def _runs(place: Place) -> None:
    _nothing(place)


@hostile("runs below a file", (*RUN, "--out", "t.toml/runs"), codes=ANY, says="runs")
def _runs_below(place: Place) -> None:
    _nothing(place)


@hostile(
    "a model's name of 100,000 characters",
    ("run", "--model", "m" * 100_000, "--task", "x"),
    codes=(2,),
)
def _long_name(place: Place) -> None:
    _nothing(place)


@hostile("a name of escapes typed", ("run", "--model", "\x1b[31m", "--task", "\u202e"), codes=(2,))
def _typed(place: Place) -> None:
    _nothing(place)


@hostile("a name of bytes typed", ("data", "verify", "\udcff"), codes=(2, 3))
def _bytes(place: Place) -> None:
    _nothing(place)


@hostile("an option of escapes typed", ("run", "--\x1b[31m"), codes=(2,))
def _option(place: Place) -> None:
    _nothing(place)


@hostile("a name of a model of escapes scored", (
    "score", "p.csv", "--task", "./t.toml", "--name", "\x1b[31mred\u202e"), codes=(0, 2))  # fmt: skip
def _scored(place: Place) -> None:
    (place.folder / "p.csv").write_text("\n".join(place.predictions()) + "\n")


@hostile("a name of bytes scored", (
    "score", "p.csv", "--task", "./t.toml", "--name", "\udcff"), codes=(0, 2))  # fmt: skip
def _scored_bytes(place: Place) -> None:
    (place.folder / "p.csv").write_text("\n".join(place.predictions()) + "\n")


@hostile("the working folder is gone", VERIFY, PROPOSE, ("tasks",), codes=(0, 2, 3))
def _gone(place: Place) -> None:
    (place.folder / "site").mkdir()
    (place.folder / "site" / "sitecustomize.py").write_text(
        "import os\nos.makedirs('/tmp/%d-gone' % os.getpid())\n"
        "os.chdir('/tmp/%d-gone' % os.getpid())\nos.rmdir('/tmp/%d-gone' % os.getpid())\n"
    )


assert os.name == "posix", "these cases are made of what POSIX has"
