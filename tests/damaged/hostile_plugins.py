"""Plugins that end, hang, print or fail in ways that no exception handler expects."""

from __future__ import annotations

from textwrap import indent

from damaged.hostile import DONE, FAILED, RUN, Place, hostile

RUN_BAD = ("run", "--model", "bad", "--task", "./t.toml", "--json")
LIST = ("plugins", "--json")
MODELS = ("models", "--json")
NAMED = "hostile|bad"
# What plugin code may do, each as statements.
DEEDS = {
    "sys.exit(0)": "raise SystemExit(0)",
    "sys.exit('text')": "raise SystemExit('gone')",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "a BaseException": "class Odd(BaseException): pass\nraise Odd('odd')",
    "an exception whose text raises": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError('no text')\nraise Mute"
    ),
    "an exception of escapes": "raise ValueError('\\x1b[31m\\u202e' + 'red')",
    "an exception of 5 MB": "raise ValueError('x' * 5_000_000)",
    "an exception of a surrogate": "raise ValueError('\\ud800')",
    "StopIteration": "raise StopIteration",
    "a recursion without end": "def f(): return f()\nf()",
    "MemoryError": "raise MemoryError",
    "click.Abort": "import click\nraise click.Abort",
    "click.exceptions.Exit(0)": "import click\nraise click.exceptions.Exit(0)",
}
ENDS = {
    "os._exit(0)": "import os\nos._exit(0)",
    "a segfault": "import ctypes\nctypes.string_at(0)",
    "os.abort": "import os\nos.abort()",
    "a sleep without end": "import time\ntime.sleep(1_000_000)",
    "SIGKILL to itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}
PLACES = {
    "predict": "    def predict(self, clips, labels):\n{}\n",
    "prepare": "    def prepare(self, clips):\n{}\n",
    "card": "    @property\n    def card(self):\n{}\n",
    "facts": "    def facts(self, labels):\n{}\n",
    "__init__": "    def __init__(self, *a, **k):\n{}\n",
}


def _in_a_model(deed: str, step: str) -> None:
    @hostile(f"{deed} in {step}", RUN_BAD, codes=FAILED, says=NAMED)
    def _make(place: Place) -> None:
        place.model(PLACES[step].format(indent(DEEDS[deed], " " * 8)))


for _deed in DEEDS:
    _in_a_model(_deed, "predict")
for _step in ("prepare", "card", "facts", "__init__"):
    for _deed in ("sys.exit(0)", "KeyboardInterrupt", "an exception whose text raises"):
        _in_a_model(_deed, _step)


def _at_import(deed: str, statements: str, hook: bool) -> None:
    @hostile(f"{deed} {'in a hook' if hook else 'at import'}", LIST, codes=(0, 1), says="hostile")
    def _make(place: Place) -> None:
        body = indent(statements, "    ") if hook else ""
        place.plugin(f"@hookimpl\ndef register_models():\n{body}\n" if hook else statements)


for _deed, _statements in {**DEEDS, **ENDS}.items():
    _at_import(_deed, _statements, hook=False)
for _deed in ("sys.exit(0)", "KeyboardInterrupt", "an exception whose text raises"):
    _at_import(_deed, DEEDS[_deed], hook=True)
for _deed, _statements in ENDS.items():
    _at_import(_deed, _statements, hook=True)


def _in_a_corpus(deed: str) -> None:
    commands = (
        ("data", "verify", "bad", "--data", "data"),
        ("run", "--model", "prior", "--task", "bad", "--data", "data"),
    )

    @hostile(f"{deed} in a parser", *commands, codes=FAILED, says="bad")
    def _make(place: Place) -> None:
        (place.folder / "data" / "bad").mkdir(parents=True)
        place.plugin(
            f"def parse(tree):\n{indent(DEEDS[deed], '    ')}\n"
            "CARD = CorpusCard('bad', 'bad', ('de',), None, 'MIT', 'open', '', '', '', '', {})\n"
            "CORPUS = Corpus(CARD, parse)\n"
            "TASK = Task('bad', 'bad', 'bad', ('de',), ('sad', 'happy'), {'s': 'sad', 'h': 'happy'})\n"
            "@hookimpl\ndef register_corpora():\n"
            "    return [CorpusEntry('bad', 'hostile_plugin:CORPUS', 'bad')]\n"
            "@hookimpl\ndef register_tasks():\n"
            "    return [TaskEntry('bad', 'hostile_plugin:TASK', 'bad')]\n"
        )


for _deed in ("sys.exit(0)", "KeyboardInterrupt", "GeneratorExit", "an exception whose text raises",
              "an exception of escapes"):  # fmt: skip
    _in_a_corpus(_deed)


def _in_a_command(deed: str, codes: tuple[int, ...]) -> None:
    @hostile(f"{deed} in a command", ("bad",), codes=codes, says=NAMED)
    def _make(place: Place) -> None:
        place.plugin(
            "import click\n@click.command()\ndef command():\n"
            f"{indent(DEEDS[deed], '    ')}\n"
            "@hookimpl\ndef register_commands():\n"
            "    return [CommandEntry('bad', 'hostile_plugin:command', 'bad')]\n"
        )


for _deed in ("GeneratorExit", "a BaseException", "an exception whose text raises",
              "an exception of escapes", "a recursion without end"):  # fmt: skip
    _in_a_command(_deed, FAILED)


def _printing(where: str, body: str, top: str, command: tuple[str, ...]) -> None:
    @hostile(f"a plugin prints {where}", command, codes=DONE, says=r"\A\s*[\[{]")
    def _make(place: Place) -> None:
        place.model(body)
        path = place.folder / "site" / "hostile_plugin.py"
        path.write_text(path.read_text() + top)


_printing("at import", "    pass", "print('hello')\n", MODELS)
_printing("by os.write", "    pass", "os.write(1, b'hello')\n", MODELS)
_printing("in predict", PLACES["predict"].format(
    "        print('hello')\n        return good_scores(clips, labels)"), "", RUN_BAD)  # fmt: skip
_printing("at exit", "    pass", "import atexit\natexit.register(print, 'bye')\n", MODELS)


def _titled(name: str, entry: str, command: tuple[str, ...], codes: tuple[int, ...]) -> None:
    @hostile(f"a plugin's title: {name}", command, codes=codes)
    def _make(place: Place) -> None:
        place.model("    pass")
        path = place.folder / "site" / "hostile_plugin.py"
        path.write_text(path.read_text().replace("'bad')]", entry))


_titled("escapes", "'\\x1b[31m\\u202e')]", ("models",), DONE)
_titled("escapes in JSON", "'\\x1b[31m\\u202e')]", MODELS, DONE)
_titled("a surrogate", "'\\ud800')]", ("models",), DONE)
_titled("5 MB", "'x' * 5_000_000)]", ("models",), DONE)
_titled("a number", "5)]", ("models",), (0, 4))


def _model_card(name: str, card: str) -> None:
    @hostile(f"a model's card: {name}", RUN_BAD, codes=FAILED, says="bad")
    def _make(place: Place) -> None:
        place.model(PLACES["card"].format(f"        return {card}"))


_CARD = "ModelCard('bad', 'bad', '1', 'MIT', '', ({},), True)"
_model_card("a malformed language", _CARD.format("Exposure('x', ('de-',), 'speech', 'e')"))
_model_card("a language of None", _CARD.format("Exposure('x', (None,), 'speech', 'e')"))
_model_card("no exposure", _CARD.format("5"))
_model_card("None", "None")
_model_card("a surrogate in its name", "ModelCard('bad', '\\ud800', '1', 'MIT', '', (), True)")


def _giving(name: str, value: str) -> None:
    @hostile(f"predict gives {name}", RUN_BAD, codes=FAILED, says=NAMED)
    def _make(place: Place) -> None:
        place.model(PLACES["predict"].format(f"        return {value}"))


_giving("None", "None")
_giving("an endless list", "__import__('itertools').count()")
_giving("an object that raises", "type('X', (), {'__array__': lambda *a, **k: 1 / 0})()")
_giving("texts of 10 MB each", "['x' * 10_000_000 for clip in clips]")


@hostile("a journal row too short", RUN, codes=(0, 3), says="journal|metrics")
def _journal(place: Place) -> None:
    """The row is whole JSON, but has two scores of three."""
    import json
    import os
    import subprocess
    import sys

    from damaged.child import environment

    command = [sys.executable, "-m", "mserbench", *RUN]
    subprocess.run(
        command, cwd=place.folder, env=environment(place), check=True, capture_output=True
    )
    (record,) = (place.folder / "runs").rglob("run.json")
    key = json.loads(record.read_text())["key"]
    rows = [[row["file"].removesuffix(".wav"), [0.5, 0.5], ""] for row in place.corpus.rows]
    lines = [{"schema": 1, "key": key}, {"rows": rows}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (record.parent / "journal.jsonl").write_text(text)
    os.unlink(record)
    os.unlink(record.parent / "predictions.csv")


def _record(name: str, change: str) -> None:
    compare = ("compare", "runs/x", "runs/x")
    board = ("leaderboard", "--dir", "board", "--no-pictures", "--add", "runs/x")

    @hostile(f"a record: {name}", compare, board, codes=(2, 3), says="run.json|runs/x|accept")
    def _make(place: Place) -> None:
        import json
        import subprocess
        import sys

        from damaged.child import environment

        command = [sys.executable, "-m", "mserbench", *RUN]
        subprocess.run(
            command, cwd=place.folder, env=environment(place), check=True, capture_output=True
        )
        (path,) = (place.folder / "runs").rglob("run.json")
        path.parent.rename(place.folder / "runs" / "x")
        path = place.folder / "runs" / "x" / "run.json"
        record = json.loads(path.read_text())
        exec(change, {"record": record})
        text = json.dumps(record).replace('"DEEP"', "[" * 100_000 + "]" * 100_000)
        path.write_text(text)
        (place.folder / "board" / "results").mkdir(parents=True)


_record("nested 100,000 deep", "record['facts'] = 'DEEP'")
_record("a malformed language", "record['task']['languages'] = ['de-']")
_record("a surrogate", "record['model']['title'] = '\\ud800'")
_record("its name leads out", "record['model']['name'] = '../../x'; record['task']['name'] = '..'")
_record("a label of 5 MB", "record['task']['labels'][0] = 'x' * 5_000_000")
